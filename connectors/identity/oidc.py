"""Sign-in by OpenID Connect: the code flow with PKCE, and nothing else (OpenID Connect Core 1.0 section 3.1, RFC 7636).

Addresses, keys and endpoints are the provider's own (OpenID Connect Discovery 1.0); all that is configured is where it is.

Told by `tests/connectors/test_oidc.py`.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from connectors.errors import Forbidden, Transient, Unreadable
from connectors.http import Http, Response

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by keys that the provider publishes: never ``none``, and none by a shared secret."""
_LEEWAY = 60
"""Seconds that the clocks of both sides may differ."""
_KNOWN_FOR = 600.0
"""Seconds for which the provider's own description is not read again."""
_LARGEST = 1 << 20
_BASIC = "client_secret_basic"
_SCOPE = "openid email profile"


@dataclass(frozen=True, slots=True)
class Begun:
    """What belongs to one try, and has to come back with it."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """Who signed in: ``subject`` is the provider's name for them, for ever; ``email`` is empty unless it is verified."""

    issuer: str
    subject: str
    email: str = ""
    name: str = ""


def _opened() -> Http:
    """A client for one try: sign-ins are rare, and a connection that is kept would be cut meanwhile."""
    return Http(timeout=10.0, deadline=20.0, max_bytes=_LARGEST)


@dataclass
class Provider:
    """One provider, by the address of its ``issuer``; ``client`` and ``secret`` are what it calls this deployment."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    opened: Callable[[], Http] = _opened
    clock: Callable[[], float] = time.time
    _read: tuple[float, dict[str, Any]] = field(default=(float("-inf"), {}), repr=False)

    def begin(self, redirect: str) -> tuple[str, Begun]:
        """The address at which somebody signs in, and what is to be kept until they are back at ``redirect``. Raises
        `Transient`, `Unreadable`."""
        begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": redirect,
            "scope": _SCOPE,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": create_s256_code_challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        with self.opened() as http:
            there = self._endpoint(http, "authorization_endpoint")
        return str(add_params_to_uri(there, list(asked.items()))), begun

    def finish(self, begun: Begun, redirect: str, answer: Mapping[str, str]) -> Known:
        """Who came back with that ``answer``. Raises `Forbidden` for whoever did not sign in, or whose answer is not
        to this try, `Transient` and `Unreadable` where the provider cannot be asked."""
        if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise Forbidden("the answer is to another try; begin again")
        if "iss" in answer and answer["iss"] != self.issuer:  # RFC 9207 section 2.4
            raise Forbidden("the answer is another provider's; begin again")
        if "error" in answer:
            raise Forbidden("the provider did not sign you in; begin again")
        if not answer.get("code"):
            raise Forbidden("the answer holds no code; begin again")
        with self.opened() as http:
            token = self._token(http, begun, redirect, answer["code"])
            claims = self._claims(http, begun, token)
            told = dict(claims)
            if "email" not in told and self._metadata(http).get("userinfo_endpoint"):
                told |= self._more(http, str(claims["sub"]), token)
        verified = told.get("email_verified") in (True, "true") or told.get("xms_edov") in (
            True,
            1,
            "1",
            "true",
        )
        email = str(told.get("email", "")) if verified else ""
        return Known(self.issuer, str(claims["sub"]), email, str(told.get("name", "")))

    def _token(self, http: Http, begun: Begun, redirect: str, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": self.client,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        ways = self._metadata(http).get("token_endpoint_auth_methods_supported", [_BASIC])
        if self.secret and _BASIC in ways:  # RFC 6749 section 2.3.1
            pair = f"{quote(self.client, safe='')}:{quote(self.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self.secret:
            form["client_secret"] = self.secret
        answer = http.request(
            "POST",
            self._endpoint(http, "token_endpoint"),
            headers=headers,
            content=urlencode(form),
        )
        if 400 <= answer.status < 500:
            raise Forbidden("the provider does not take the code (or the client's secret); begin again")
        return _object(answer)

    def _claims(self, http: Http, begun: Begun, token: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the ID token says, its signature, issuer, audience, times and nonce checked."""
        offered = self._metadata(http).get("id_token_signing_alg_values_supported", ["RS256"])
        keys = _object(http.request("GET", self._endpoint(http, "jwks_uri")))
        try:
            read = jwt.decode(
                str(token.get("id_token", "")),
                _known(keys),
                algorithms=[name for name in _ALGORITHMS if name in offered],
            )
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"value": self.issuer},
                    "aud": {"value": self.client},
                    "nonce": {"value": begun.nonce},
                },
                {
                    "nonce": begun.nonce,
                    "client_id": self.client,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(self.clock()), leeway=_LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Forbidden(
                f"the provider's token is not good ({type(error).__name__}); begin again"
            ) from None
        if claims["iss"] != self.issuer or claims.get("nonce") != begun.nonce:
            raise Forbidden("the provider's token is for another try; begin again")
        return dict(claims)

    def _more(self, http: Http, subject: str, token: Mapping[str, Any]) -> dict[str, Any]:
        """What the provider says beside the token, where that holds no address (Core section 5.3)."""
        bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
        found = _object(http.request("GET", self._endpoint(http, "userinfo_endpoint"), headers=bearer))
        if found.get("sub") != subject:
            raise Forbidden("the provider tells of somebody else; begin again")
        return {
            name: found[name] for name in ("email", "email_verified", "xms_edov", "name") if name in found
        }

    def _metadata(self, http: Http) -> dict[str, Any]:
        read_at, known = self._read
        if self.clock() - read_at >= _KNOWN_FOR:
            address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            known = _object(http.request("GET", address))
            if known.get("issuer") != self.issuer:
                raise Unreadable(
                    f"{address} is of another issuer; write LOOPWRIGHT_OIDC_ISSUER as it says there"
                )
            self._read = (self.clock(), known)
        return known

    def _endpoint(self, http: Http, name: str) -> str:
        found = self._metadata(http).get(name)
        safe = isinstance(found, str) and (found.startswith("https://") or self.issuer.startswith("http://"))
        if not safe:
            raise Unreadable(f"the provider names no {name} over https")
        return str(found)


def _object(answer: Response) -> dict[str, Any]:
    if answer.status != 200:
        raise Transient(f"the provider answers {answer.status}; try again in a moment")
    found = answer.json()
    if not isinstance(found, dict):
        raise Unreadable("the provider's answer is no JSON object")
    return found


def _known(found: Mapping[str, Any]) -> KeySet:
    """The keys of a set that can be used; others in it are passed over (RFC 7517 section 5)."""
    keys: list[Any] = []
    for one in found.get("keys", ()):
        with contextlib.suppress(JoseError, ValueError, KeyError, TypeError):
            keys += KeySet.import_key_set({"keys": [one]}).keys
    return KeySet(keys)
