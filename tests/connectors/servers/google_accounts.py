"""Who may sign in to the stand-in, and what their tokens are good for."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SERVICE_ACCOUNT = "loopwright@project.iam.gserviceaccount.com"
_AUDIENCE = "https://oauth2.googleapis.com/token"


_NAMED = {"email": "https://www.googleapis.com/auth/userinfo.email"}
"""Scopes that Google calls by another name in its answer."""


@lru_cache(maxsize=1)
def _key() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, pem.decode()


def key_file() -> bytes:
    """A service account key as Google hands it out."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1f0e",
            "private_key": _key()[1],
            "client_email": SERVICE_ACCOUNT,
            "client_id": "1234567890",
            "token_uri": "https://evil.invalid/token",  # never followed: tokens come from Google
            "universe_domain": "googleapis.com",
        }
    ).encode()


def consent(refresh_token: str = "1//refresh-secret", **more: Any) -> bytes:
    """One person's OAuth grant as Google's tools write it."""
    info = {
        "type": "authorized_user",
        "client_id": "client.apps.googleusercontent.com",
        "client_secret": "GOCSPX-client-secret",
        "refresh_token": refresh_token,
    }
    return json.dumps(info | more).encode()


@dataclass
class Token:
    subject: str
    scopes: frozenset[str]


@dataclass
class Code:
    """An authorization code that somebody's browser carries back."""

    subject: str
    scopes: frozenset[str]
    redirect: str
    challenge: str


@dataclass
class Accounts:
    """``delegated`` are the scopes granted to the service account for the whole domain."""

    people: set[str] = field(default_factory=set)
    delegated: set[str] = field(default_factory=set)
    consents: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)  # refresh token → who
    admins: set[str] = field(default_factory=set)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    asked: int = 0
    """Requests to the token endpoint."""
    rotates: bool = False
    """Whether a refresh replaces the refresh token."""

    def token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The token endpoint: status and JSON (RFC 6749 5.2, RFC 7523)."""
        self.asked += 1
        if form.get("grant_type") == "authorization_code":
            return self._trade(form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form)
        try:
            claims = jwt.decode(
                form["assertion"], _key()[0].public_key(), algorithms=["RS256"], audience=_AUDIENCE
            )
        except (jwt.InvalidTokenError, KeyError):
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        scopes = frozenset(str(claims["scope"]).split())
        subject = claims.get("sub")
        if subject is None:
            return 200, self._issue(claims["iss"], scopes)
        if subject not in self.people:
            return 400, {"error": "invalid_grant", "error_description": "Invalid email or User ID"}
        if not scopes <= self.delegated:
            return 401, {"error": "unauthorized_client", "error_description": "Client is unauthorized"}
        return 200, self._issue(subject, scopes)

    def _trade(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """A code is good once, for the redirect and the verifier it was asked with."""
        code = self.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if code is None or (code.redirect, code.challenge) != (form.get("redirect_uri"), challenge):
            return 400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
        if form.get("client_secret") != "GOCSPX-client-secret":
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        refresh_token = f"1//refresh-secret-{self.asked}"
        self.consents[refresh_token] = (code.subject, code.scopes)
        claims = {"email": code.subject, "email_verified": True}
        return 200, self._issue(code.subject, code.scopes) | {
            "refresh_token": refresh_token,
            "id_token": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        }

    def _refresh(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("client_secret") != "GOCSPX-client-secret":
            return 401, {"error": "invalid_client", "error_description": "Unauthorized"}
        found = self.consents.get(form.get("refresh_token", ""))
        if found is None:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        answer = self._issue(*found)
        if self.rotates:
            fresh = f"{form['refresh_token']}-{self.asked}"
            self.consents[fresh] = self.consents.pop(form["refresh_token"])
            answer["refresh_token"] = fresh
        return 200, answer

    def _issue(self, subject: str, scopes: frozenset[str]) -> dict[str, Any]:
        text = f"ya29.secret-{len(self.tokens)}-{self.asked}"
        self.tokens[text] = Token(subject, scopes)
        return {
            "access_token": text,
            "expires_in": 3599,
            "token_type": "Bearer",
            "scope": " ".join(sorted(_NAMED.get(scope, scope) for scope in scopes)),
        }

    def who(self, authorization: str, accepted: Sequence[str]) -> str | int:
        """The subject of a request, or the status that refuses it."""
        token = self.tokens.get(authorization.removeprefix("Bearer "))
        if token is None:
            return 401
        return token.subject if token.scopes & set(accepted) else 403
