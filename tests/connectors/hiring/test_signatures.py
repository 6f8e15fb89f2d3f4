"""Webhooks of hiring systems: genuine ones are read, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from connectors.ashby import push as ashby
from connectors.greenhouse import push as greenhouse
from connectors.hiring import generic, smartrecruiters
from connectors.hiring.signatures import Forged, NotAMessage, macs
from connectors.hiring.types import Kind, Message
from tests.connectors.hiring.vectors import NOW, OTHER, SECRET, VECTORS, Vector

ALL = pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.name)


def read(vector: Vector, *secrets: str, **changes: object) -> Message:
    now = 1614265330.0 if vector.name == "generic" else NOW
    given = replace(vector, **changes)  # type: ignore[arg-type]
    found: Message = given.read(given.body, given.headers, secrets or (vector.secret,), now)
    return found


@ALL
def test_a_genuine_one_is_read_with_either_of_two_secrets(vector: Vector) -> None:
    message = read(vector)
    assert (message.kind, message.application) == (vector.kind, vector.about)
    assert message.key
    assert read(vector, OTHER, vector.secret) == read(vector, vector.secret, OTHER) == message


@ALL
@pytest.mark.parametrize("secrets", [(OTHER,), ("",), ("", OTHER)])
def test_another_secret_or_none_signs_nothing(vector: Vector, secrets: tuple[str, ...]) -> None:
    with pytest.raises(Forged):
        read(vector, *secrets)
    with pytest.raises(Forged):
        vector.read(vector.body, vector.headers, (), NOW)


@ALL
def test_a_signature_that_is_cut_or_changed_or_missing_is_none(vector: Vector) -> None:
    if not vector.header:
        for body in (
            vector.body.replace(b'"signature":"5', b'"signature":"6'),
            vector.body.replace(b'"triggeredAt":17', b'"triggeredAt":18'),
            vector.body.replace(b'"token":"e', b'"token":"f'),
            vector.body.replace(b"signature", b"signatur"),
            b"not JSON",
        ):
            with pytest.raises(Forged):
                read(vector, body=body)
        return
    for signature in (
        "",
        vector.signature[:-2],
        vector.signature[:-1] + "\N{LATIN SMALL LETTER E WITH ACUTE}",
    ):
        with pytest.raises(Forged):
            read(vector, signature=signature)
    with pytest.raises(Forged):
        read(vector, header="another-header")


@given(at=st.integers(0, 200), flip=st.integers(1, 255))
@pytest.mark.parametrize("vector", [v for v in VECTORS if v.signs_body], ids=lambda v: v.name)
def test_no_byte_of_a_signed_body_may_change(vector: Vector, at: int, flip: int) -> None:
    body = bytearray(vector.body)
    body[at % len(body)] ^= flip
    with pytest.raises(Forged):
        read(vector, body=bytes(body))


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4))
@ALL
def test_whatever_is_sent_is_read_or_refused(vector: Vector, body: bytes, more: dict[str, str]) -> None:
    headers = {**vector.headers, **{name.lower(): value for name, value in more.items()}}
    try:
        message = vector.read(body, headers, (SECRET,), NOW)
    except (Forged, NotAMessage):
        return
    assert message.kind is Kind.HANDSHAKE


def signed(told: object) -> tuple[bytes, dict[str, str]]:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    mac = macs([SECRET], body)[0].hex()
    return body, {"signature": f"sha256 {mac}", "ashby-signature": f"sha256={mac}"}


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"\xff", b"[" * 100_000, b'"x"'])
def test_a_signed_body_that_is_no_object_is_no_message(body: bytes) -> None:
    for reader in (greenhouse.read, ashby.read):
        sent, headers = signed(body)
        with pytest.raises(NotAMessage):
            reader(sent, headers, (SECRET,), NOW)


def test_pings_ask_for_an_answer_alone() -> None:
    for reader in (greenhouse.read, ashby.read):
        body, headers = signed({"action": "ping"})
        assert reader(body, headers, (SECRET,), NOW).kind is Kind.PING


def test_every_hook_of_one_move_at_ashby_has_a_key_that_stays_when_it_is_sent_again() -> None:
    def key(action: str, id: str = "one", **more: object) -> str:
        told = {"action": action, "webhookActionId": id, "data": {"application": {"id": "x"}, **more}}
        body, headers = signed(told)
        return ashby.read(body, headers, (SECRET,), NOW).key

    assert key("candidateStageChange") == key("candidateStageChange", later=True)
    assert key("candidateStageChange") != key("applicationUpdate")
    assert key("candidateStageChange") != key("candidateStageChange", "two")


def test_an_id_that_is_not_signed_cannot_take_the_place_of_a_message_to_come() -> None:
    """Greenhouse's event id is a header: an old body under the next id must not hide the next body."""
    one, first = signed({"action": "candidate_stage_change", "payload": {"application": {"id": 1}}})
    two, second = signed({"action": "candidate_stage_change", "payload": {"application": {"id": 2}}})
    stolen = greenhouse.read(one, {**first, "greenhouse-event-id": "8"}, (SECRET,), NOW)
    genuine = greenhouse.read(two, {**second, "greenhouse-event-id": "8"}, (SECRET,), NOW)
    assert stolen.key != genuine.key


@pytest.mark.parametrize(
    ("action", "about"),
    [
        ("candidate_stage_change", {"application": {"id": 5}}),
        ("reject_candidate", {"application": {"id": 5}}),
        ("application_updated", {"id": 5}),
        ("delete_application", {"application_id": 5}),
        ("interview_deleted", {"application_id": 5}),
    ],
)
def test_the_application_is_found_in_greenhouses_several_events(action: str, about: object) -> None:
    body, headers = signed({"action": action, "payload": about})
    assert greenhouse.read(body, headers, (SECRET,), NOW).application == "5"


@pytest.mark.parametrize("id", ["x" * 101, "a b", "a\u0000", "\ud800", "", None, True, ["a"], 1.5])
def test_an_id_that_could_not_be_kept_is_none(id: object) -> None:
    body, headers = signed({"action": "candidateStageChange", "data": {"application": {"id": id}}})
    assert ashby.read(body, headers, (SECRET,), NOW).application == ""


def test_smartrecruiters_shakes_hands_before_it_signs() -> None:
    message = smartrecruiters.read(b"", {"x-hook-secret": "abc-123"}, (SECRET,), NOW)
    assert (message.kind, message.echo) == (Kind.HANDSHAKE, {"x-hook-secret": "abc-123"})
    for hostile in ("a\r\nset-cookie: x", "<script>", "x" * 501, ""):
        with pytest.raises(Forged):
            smartrecruiters.read(b"", {"x-hook-secret": hostile}, (SECRET,), NOW)


def test_at_most_sixteen_signatures_are_tried() -> None:
    vector = next(v for v in VECTORS if v.name == "smartrecruiters")
    good = vector.signature.split(";")[1]
    wrong = "v1=" + "0" * 64
    assert read(vector, signature=";".join([wrong] * 15 + [good])).application == "c-4"
    with pytest.raises(Forged):
        read(vector, signature=";".join([wrong] * 16 + [good]))


def test_what_the_reference_library_signs_is_genuine() -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    body = '{"type": "application.closed", "data": {"application": {"id": "app-1"}}}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": Webhook(secret).sign("m1", at, body),
    }
    message = generic.read(body.encode(), headers, (OTHER, secret), NOW + 299)
    assert (message.key, message.application) == ("m1", "app-1")
    with pytest.raises(Forged):
        generic.read(body.encode(), headers, (secret,), NOW + 301)
