"""Webhook signatures after Standard Webhooks: the published vector, and everything that is not one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.signatures import TOLERANCE, key, sign, verify

# the example of the specification's own libraries
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID, VECTOR_AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

SECRET, NOW, BODY = "any other text of some length", 1_760_000_000, b'{"a": 1}'
GOOD = sign(SECRET, "m", NOW, BODY)


def test_the_published_vector() -> None:
    assert sign(VECTOR_SECRET, VECTOR_ID, VECTOR_AT, VECTOR_BODY) == VECTOR
    assert verify(VECTOR_SECRET, VECTOR_ID, str(VECTOR_AT), VECTOR_BODY, VECTOR, VECTOR_AT)


@pytest.mark.parametrize("late", [-TOLERANCE - 1, -TOLERANCE, 0, TOLERANCE, TOLERANCE + 1])
def test_the_timestamp_counts_within_five_minutes(late: int) -> None:
    assert verify(SECRET, "m", str(NOW), BODY, GOOD, NOW + late) is (abs(late) <= TOLERANCE)


def test_one_good_signature_among_several_is_enough() -> None:
    old = sign("the secret before this one", "m", NOW, BODY)
    assert verify(SECRET, "m", str(NOW), BODY, f"{old} v1a,abc {GOOD}", NOW)
    assert not verify(SECRET, "m", str(NOW), BODY, old, NOW)


@pytest.mark.parametrize(
    ("secret", "id", "timestamp", "body", "signatures"),
    [
        ("", "m", str(NOW), BODY, GOOD),
        ("whsec_", "m", str(NOW), BODY, GOOD),
        ("whsec_not base64", "m", str(NOW), BODY, GOOD),
        (SECRET, "", str(NOW), BODY, sign(SECRET, "", NOW, BODY)),
        (SECRET, "n", str(NOW), BODY, GOOD),
        (SECRET, "m", str(NOW + 1), BODY, GOOD),
        (SECRET, "m", f"+{NOW}", BODY, GOOD),
        (SECRET, "m", f" {NOW}", BODY, GOOD),
        (SECRET, "m", "٣", BODY, GOOD),
        (SECRET, "m", "", BODY, GOOD),
        (SECRET, "m", "9" * 5000, BODY, GOOD),
        (SECRET, "m", str(NOW), BODY + b" ", GOOD),
        (SECRET, "m", str(NOW), BODY[:-1], GOOD),
        (SECRET, "m", str(NOW), BODY, ""),
        (SECRET, "m", str(NOW), BODY, GOOD.lower()),
        (SECRET, "m", str(NOW), BODY, GOOD.replace("v1,", "v2,")),
        (SECRET, "m", str(NOW), BODY, GOOD[:-1]),
        (SECRET, "m", str(NOW), BODY, "v1,é"),
    ],
)
def test_nothing_else_counts(secret: str, id: str, timestamp: str, body: bytes, signatures: str) -> None:
    assert not verify(secret, id, timestamp, body, signatures, NOW)


def test_with_an_empty_key_nobody_can_sign() -> None:
    for secret in ("", "whsec_", "whsec_###"):
        with pytest.raises(ValueError, match=r"secret|base64"):
            sign(secret, "m", NOW, BODY)


def test_a_secret_with_the_prefix_is_base64() -> None:
    raw = bytes(range(32))
    assert key("whsec_" + base64.b64encode(raw).decode()) == raw


@given(st.text(), st.text(), st.binary(max_size=50), st.text())
def test_strange_headers_are_no_signature_and_raise_nothing(
    id: str, timestamp: str, body: bytes, said: str
) -> None:
    try:
        id.encode()
    except UnicodeEncodeError:
        return  # header values hold no surrogates
    assert not verify(SECRET, id, timestamp, body, said.encode("utf-8", "ignore").decode(), NOW)
