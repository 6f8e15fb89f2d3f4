"""Sign-in by OpenID Connect, against a real provider: who they are, and nobody else."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from connectors.errors import Forbidden, Transient, Unreadable
from connectors.http import Http, Response
from connectors.identity import oidc
from connectors.identity.oidc import Provider
from tests.oidc_provider import CLIENT, SECRET, OidcProvider, running

REDIRECT = "http://127.0.0.1:8080/sign-in/back"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    with running(tmp_path_factory.mktemp("idp"), {"rolf-1": "rolf@example.com"}) as provider:
        yield provider


Change = Callable[[str, Any], Any]
POSTED: list[str] = []
"""What was posted to the provider."""


class Changing(Http):
    """Answers as they are, but for what ``change`` makes of some."""

    def __init__(self, change: Change) -> None:
        super().__init__(timeout=5.0)
        self.change = change

    def request(self, method: str, url: str, **more: Any) -> Response:
        answer = super().request(method, url, **more)
        POSTED.append(str(more.get("content")))
        if answer.status != 200:
            return answer
        body = json.dumps(self.change(url, json.loads(answer.body))).encode()
        return replace(answer, body=body)


def of(there: OidcProvider, change: Change = lambda _url, found: found, **more: Any) -> Provider:
    return Provider(there.issuer, CLIENT, SECRET, lambda: Changing(change), **more)


def come_back(provider: Provider, there: OidcProvider, subject: str = "rolf-1") -> Any:
    address, begun = provider.begin(REDIRECT)
    return provider.finish(begun, REDIRECT, there.signs_in(subject, address))


def test_who_signed_in_is_known_with_a_verified_address(there: OidcProvider) -> None:
    provider = of(there)
    address, begun = provider.begin(REDIRECT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    digest = hashlib.sha256(begun.verifier.encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert (asked["state"], asked["nonce"]) == (begun.state, begun.nonce)
    known = provider.finish(begun, REDIRECT, there.signs_in("rolf-1", address))
    assert (known.issuer, known.subject, known.email) == (there.issuer, "rolf-1", "rolf@example.com")
    assert any(f"code_verifier={begun.verifier}" in posted for posted in POSTED)
    assert SECRET not in repr(provider) and begun.verifier not in repr(begun)


def userinfo(**changes: Any) -> Change:
    """What the provider tells of somebody beside the token, changed."""
    return lambda url, found: {**found, **changes} if url.endswith("/userinfo") else found


@pytest.mark.parametrize(
    ("changes", "email"),
    [
        ({}, "rolf@example.com"),
        ({"email_verified": False}, ""),
        ({"email_verified": None}, ""),
        ({"email_verified": "false"}, ""),
        ({"email_verified": None, "xms_edov": "1"}, "rolf@example.com"),
        ({"email_verified": None, "xms_edov": False}, ""),
    ],
)
def test_only_a_verified_address_counts(there: OidcProvider, changes: dict[str, Any], email: str) -> None:
    assert come_back(of(there, userinfo(**changes)), there).email == email


def test_what_is_told_of_somebody_else_is_refused(there: OidcProvider) -> None:
    with pytest.raises(Forbidden, match="somebody else"):
        come_back(of(there, userinfo(sub="somebody")), there)


def test_the_provider_wants_the_proof_of_who_began(there: OidcProvider) -> None:
    provider = of(there)
    address, begun = provider.begin(REDIRECT)
    answer = there.signs_in("rolf-1", address)
    with pytest.raises(Forbidden, match="does not take the code"):
        provider.finish(replace(begun, verifier=begun.nonce), REDIRECT, answer)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "x"}, "another try"),
        ({"iss": "https://evil.example"}, "another provider's"),
        ({"error": "access_denied"}, "did not sign you in"),
        ({"code": ""}, "no code"),
        ({"code": "guessed"}, "does not take the code"),
    ],
)
def test_an_answer_to_something_else_is_refused(
    there: OidcProvider, change: dict[str, str], said: str
) -> None:
    provider = of(there)
    address, begun = provider.begin(REDIRECT)
    answer = there.signs_in("rolf-1", address)
    with pytest.raises(Forbidden, match=said):
        provider.finish(begun, REDIRECT, answer | change)


def test_a_code_counts_once(there: OidcProvider) -> None:
    provider = of(there)
    address, begun = provider.begin(REDIRECT)
    answer = there.signs_in("rolf-1", address)
    provider.finish(begun, REDIRECT, answer)
    with pytest.raises(Forbidden, match="does not take the code"):
        provider.finish(begun, REDIRECT, answer)


def unsigned(url: str, found: Any) -> Any:
    if "id_token" not in found:
        return found
    _, claims, _ = found["id_token"].split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return {**found, "id_token": f"{head}.{claims}."}


def signed_by_the_secret(url: str, found: Any) -> Any:
    if "id_token_signing_alg_values_supported" in found:
        return {**found, "id_token_signing_alg_values_supported": ["HS256", "none", "RS256"]}
    return unsigned(url, found)


def another_key(url: str, found: Any) -> Any:
    if "keys" not in found:
        return found
    from joserfc.jwk import RSAKey

    kid = found["keys"][0].get("kid")
    return {"keys": [{**RSAKey.generate_key(2048).as_dict(private=False), **({"kid": kid} if kid else {})}]}


@pytest.mark.parametrize("change", [unsigned, signed_by_the_secret, another_key])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    there: OidcProvider, change: Callable[[str, Any], Any]
) -> None:
    with pytest.raises(Forbidden, match="is not good"):
        come_back(of(there, change), there)


def test_a_token_for_another_try_client_or_time_is_refused(there: OidcProvider) -> None:
    provider = of(there)
    address, begun = provider.begin(REDIRECT)
    answer = there.signs_in("rolf-1", address)
    with pytest.raises(Forbidden, match=r"is not good|another try"):
        provider.finish(replace(begun, nonce="of-another-try"), REDIRECT, answer)
    other = Provider(there.issuer, "other", SECRET)
    address, begun = other.begin(REDIRECT)
    answer = there.signs_in("rolf-1", address)
    stolen = other._token(Changing(lambda _url, found: found), begun, REDIRECT, answer["code"])
    mine = of(there, lambda url, found: stolen if url.endswith("/token") else found)
    address, begun = mine.begin(REDIRECT)
    with pytest.raises(Forbidden, match="is not good"):
        mine.finish(begun, REDIRECT, there.signs_in("rolf-1", address))
    late = of(there, clock=lambda: time.time() + 7200)
    with pytest.raises(Forbidden, match="ExpiredTokenError"):
        come_back(late, there)


def test_a_provider_that_is_another_one_or_away_is_told(there: OidcProvider) -> None:
    renamed = of(there, lambda url, f: {**f, "issuer": "https://x.example"} if "issuer" in f else f)
    with pytest.raises(Unreadable, match="another issuer"):
        renamed.begin(REDIRECT)
    without = of(there, lambda url, f: {"issuer": there.issuer} if "issuer" in f else f)
    with pytest.raises(Unreadable, match="authorization_endpoint"):
        without.begin(REDIRECT)
    with pytest.raises(Transient):
        Provider("http://127.0.0.1:9", "c", "s").begin(REDIRECT)
    with pytest.raises(Transient, match="404"):
        Provider(f"{there.issuer}/nowhere", "c", "s").begin(REDIRECT)


def test_a_key_that_nobody_here_knows_locks_nobody_out() -> None:
    good = RSAKey.generate_key(2048).as_dict(private=False)
    odd = {"kty": "EC", "crv": "P-192", "x": "AA", "y": "AA"}, {"kty": "OKP", "crv": "X9", "x": "AA"}, "none"
    assert len(oidc._known({"keys": [odd[0], good, *odd[1:]]}).keys) == 1
