"""How one person lets the app use their calendar: OAuth's authorization code flow with PKCE (RFC 7636).

Before it the token source holds the client file of the Google Cloud project (``"installed"`` or
``"web"``), afterwards the grant that `connectors.google.auth` reads. `begin` gives the address to send
the browser to, `finish` takes what comes back to the redirect address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors.errors import AuthRevoked, ConnectorError, Forbidden, Invalid, Unreadable
from connectors.google.auth import READ_ROOMS, TOKEN_URI, scopes_for
from connectors.google.failures import refused_sign_in
from connectors.google.transport import Answer, Transport
from connectors.tokens import TokenSource

AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
_WHO = ("openid", "email")
"""Asked for as well, so that the grant says whose calendar it opens."""


def begin(
    tokens: TokenSource, account: str, redirect: str, *, mode: str = "typed", rooms: bool = False
) -> tuple[str, dict[str, str]]:
    """The consent page's address, and what the app must keep for that browser session until `finish`.

    It holds the state and the PKCE verifier: keep it on the server, never in a link.
    """
    client_id, _ = _client(account, tokens.get(account))
    flow = {
        "state": secrets.token_urlsafe(32),
        "verifier": secrets.token_urlsafe(48),
        "redirect": redirect,
        "scopes": " ".join([*_WHO, *scopes_for(mode), *((READ_ROOMS,) if rooms else ())]),
    }
    challenge = base64.urlsafe_b64encode(hashlib.sha256(flow["verifier"].encode()).digest()).decode()
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": flow["scopes"],
        "state": flow["state"],
        "code_challenge": challenge.rstrip("="),
        "code_challenge_method": "S256",
        "access_type": "offline",  # a refresh token is wanted
        "prompt": "consent",  # … and given again where there was one before
    }
    if "@" in account:
        asked["login_hint"] = account
    return f"{AUTHORIZE}?{urlencode(asked)}", flow


def finish(
    tokens: TokenSource,
    account: str,
    transport: Transport,
    flow: Mapping[str, str],
    answer: Mapping[str, str],
    *,
    token_uri: str = TOKEN_URI,
) -> str:
    """Trade the code for a grant and keep it: whose it is, where Google says. ``answer`` holds the
    parameters of the redirect.

    Raises `Invalid` where the answer does not belong to that flow, `AuthRevoked` where the person
    refused or the code is of no use any more, `Forbidden` where they left out a permission.
    """
    client_id, client_secret = _client(account, tokens.get(account))
    state = answer.get("state", "")
    if not hmac.compare_digest(state.encode("utf-8", "replace"), flow["state"].encode()):
        raise Invalid(f"Google account {account!r}: this consent was not begun here; begin again")
    if not answer.get("code"):
        raise AuthRevoked(f"Google account {account!r}: consent was refused; begin again to ask once more")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uri": flow["redirect"],
        "code_verifier": flow["verifier"],
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    got = transport.request("POST", token_uri, headers, urlencode(form))
    if got.status != 200:
        raise _refused(account, got, flow["scopes"])
    grant = _grant(account, got.body, flow["scopes"])
    kept = {"type": "authorized_user", "client_id": client_id, "client_secret": client_secret}
    tokens.put(account, json.dumps(kept | grant).encode())
    return grant["account"]


def _refused(account: str, got: Answer, scopes: str) -> ConnectorError:
    """A code that Google does not take (RFC 6749 5.2) is not a grant that was revoked."""
    error = refused_sign_in(got.status, got.headers, got.body, account, scopes)
    if isinstance(error, AuthRevoked) and "(invalid_grant)" in str(error):
        return AuthRevoked(
            f"Google account {account!r}: the code of this consent has expired or was used already; begin again"
        )
    return error


def _grant(account: str, body: bytes, asked: str) -> dict[str, str]:
    try:
        info = json.loads(body)
        refresh_token, scope = info["refresh_token"], str(info["scope"]).split()
        if not isinstance(refresh_token, str):
            raise TypeError
        who = _email(info.get("id_token"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Unreadable(f"Google account {account!r}: Google's answer holds no refresh token") from None
    missing = [s for s in asked.split() if s not in _WHO and s not in scope]
    if missing:
        raise Forbidden(f"Google account {account!r}: these permissions were left out: {' '.join(missing)}")
    return {"refresh_token": refresh_token, "account": who, "obtained": datetime.now(UTC).isoformat()}


def _email(id_token: object) -> str:
    """Whose consent it is. The token comes from Google's own address over TLS, so that its signature
    need not be checked (OpenID Connect Core 3.1.3.7, point 6)."""
    if not isinstance(id_token, str):
        return ""
    part = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return str(claims.get("email", "")) if claims.get("email_verified") else ""


def _client(account: str, data: bytes | None) -> tuple[str, str]:
    """Id and secret, from the project's client file or from an earlier grant. Raises `Invalid`."""
    try:
        info: Any = json.loads(data or b"null")
        client = info.get("web") or info.get("installed") or info
        return str(client["client_id"]), str(client["client_secret"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Invalid(
            f"Google account {account!r}: the project's OAuth client file is needed first"
        ) from None
