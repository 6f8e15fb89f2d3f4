"""Signing in to Google: a service account that acts for people, or one person's own consent.

The app's token source holds, per account, one of the two JSON files that Google hands out:

- a service account key (``"type": "service_account"``); with domain-wide delegation it acts for
  ``subject``, without one it acts for itself and can invite nobody;
- an OAuth grant (``"type": "authorized_user"`` with ``client_id``, ``client_secret`` and
  ``refresh_token``), which acts for the person who consented. ``"obtained"``, an ISO date, may say
  when that was.

Access tokens live in memory only. A file never says where tokens come from: that is Google.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import credentials as oauth
from google.oauth2 import service_account

from connectors.errors import AuthRevoked, ConnectorError, Forbidden, Invalid, Unreadable
from connectors.google.failures import refused_sign_in
from connectors.google.transport import Transport
from connectors.tokens import TokenSource

_BASE = "https://www.googleapis.com/auth/"
READ_BUSY = _BASE + "calendar.events.freebusy"
"""Busy times of calendars shared with the account."""
READ_EVENTS = _BASE + "calendar.events.readonly"
"""Kinds of events and own answers, where the calendar's owner lets them be seen."""
WRITE_OWN = _BASE + "calendar.events.owned"
"""Interviews in the calendar that the acting account owns; nobody else's events."""
READ_ROOMS = _BASE + "admin.directory.resource.calendar.readonly"
"""The directory of rooms."""
FULL_CALENDAR = _BASE + "calendar"
"""Everything in every calendar: more than is ever needed, looked for by `check`."""

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

_log = logging.getLogger(__name__)

_REVOKED = 1800.0
"""Seconds before a refused sign-in is tried again with the same file: twice an hour at most."""
_NOT_GRANTED = 60.0
"""The same for scopes an administrator has yet to grant."""


def scopes_for(mode: str) -> tuple[str, ...]:
    """The least scopes of a mode: ``typed`` reads kinds of events, ``free_busy`` only busy times."""
    return (READ_BUSY, WRITE_OWN) if mode == "free_busy" else (READ_BUSY, READ_EVENTS, WRITE_OWN)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token source holds for an account, read and understood."""

    digest: bytes
    base: Any = field(repr=False)
    """Credentials of google-auth, without scopes and subject."""
    delegates: bool
    """A service account, which may act for others."""
    who: str
    """The service account's address, or the account's name in the app."""
    info: Mapping[str, Any] = field(repr=False)
    obtained: datetime | None = None


def read_grant(account: str, data: bytes | None, token_uri: str) -> Grant:
    """Understand what the app keeps for that account.

    Raises `AuthRevoked` where there is nothing yet, `Invalid` naming what is wrong with the file.
    """
    if data is None:
        raise AuthRevoked(f"Google account {account!r} is not connected: add its key file or consent")
    info = _file(account, data)
    kind = info["type"]
    try:
        base = _READERS[kind](info, token_uri)
    except (ValueError, TypeError, KeyError, GoogleAuthError, UnsupportedAlgorithm):
        raise Invalid(
            f"Google account {account!r}: private_key cannot be read; download the file again"
        ) from None
    delegates = kind == "service_account"
    who = info["client_email"] if delegates else account
    return Grant(hashlib.sha256(data).digest(), base, delegates, who, info, _moment(info.get("obtained")))


def _file(account: str, data: bytes) -> dict[str, Any]:
    """The JSON of one of the two kinds of file, with the fields it needs. Raises `Invalid`."""
    try:
        info = json.loads(data)
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        raise Invalid(f"Google account {account!r}: not a key file; the JSON that Google hands out is needed")
    if "type" not in info and ("installed" in info or "web" in info):
        raise Invalid(f"Google account {account!r}: this is an OAuth client file, the consent is missing")
    needed = _NEEDED.get(str(info.get("type")))
    if needed is None:
        raise Invalid(f"Google account {account!r}: type must be service_account or authorized_user")
    for name in needed:
        if not isinstance(info.get(name), str) or not info[name].strip():
            raise Invalid(f"Google account {account!r}: the file has no {name}; download it again")
    return info


def _read_key(info: dict[str, Any], token_uri: str) -> Any:
    kind: Any = service_account.Credentials  # google-auth has no types here
    return kind.from_service_account_info({**info, "token_uri": token_uri})


def _read_consent(info: dict[str, Any], token_uri: str) -> Any:
    """Only what renews: an access token or scopes that a tool left in the file are not used."""
    kind: Any = oauth.Credentials
    wanted = {name: info[name] for name in _NEEDED["authorized_user"]}
    return kind(token=None, token_uri=token_uri, **wanted)


_NEEDED = {
    "service_account": ("client_email", "private_key"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
_READERS = {"service_account": _read_key, "authorized_user": _read_consent}


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None


class Keyring:
    """The account's file, read from the token source when asked and parsed once per content."""

    def __init__(self, tokens: TokenSource, account: str, token_uri: str = TOKEN_URI) -> None:
        self._tokens = tokens
        self.account = account
        self._token_uri = token_uri
        self._lock = threading.Lock()
        self._grant: Grant | None = None

    def digest(self) -> bytes:
        """Tells whether the file is another one than before; empty where there is none."""
        data = self._tokens.get(self.account)
        return hashlib.sha256(data).digest() if data is not None else b""

    def grant(self) -> Grant:
        data = self._tokens.get(self.account)
        with self._lock:
            if self._grant is None or data is None or self._grant.digest != hashlib.sha256(data).digest():
                self._grant = read_grant(self.account, data, self._token_uri)
            return self._grant

    def keep(self, grant: Grant, refresh_token: str) -> None:
        """Google replaced the refresh token: hand the new one to the app."""
        info = {**grant.info, "refresh_token": refresh_token}
        try:
            self._tokens.put(self.account, json.dumps(info).encode())
        except ConnectorError as error:  # it is in memory: what was kept before may do after a restart
            _log.warning("the renewed sign-in of Google account %r is not kept: %s", self.account, error)


@dataclass(slots=True)
class _Refused:
    """A sign-in that was refused for good: not tried again with the same file until ``until``."""

    digest: bytes
    error: ConnectorError
    until: float


class SignIn:
    """Access tokens of one account acting for one subject. Safe to use from several threads.

    However many threads need a token at once, one of them asks for it; a refusal is remembered, so
    that a revoked grant costs two requests an hour and not one per call.
    """

    def __init__(
        self,
        keyring: Keyring,
        scopes: Sequence[str],
        transport: Transport,
        subject: str | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keyring = keyring
        self._scopes = tuple(scopes)
        self._transport = transport
        self._subject = subject
        self._now = now
        self._lock = threading.Lock()
        self._credentials: Any = None
        self._attempt = 0
        self._last_error: ConnectorError | None = None
        self._refused: _Refused | None = None
        self.granted: frozenset[str] = frozenset()
        """Scopes of the last access token, as Google named them; empty before the first one."""

    @property
    def name(self) -> str:
        """Whom the service counts requests for and the breaker watches."""
        return f"google:{self._keyring.account}:{self._subject or ''}"

    def ready(self) -> bool:
        """Whether a token is at hand without asking for one."""
        credentials = self._credentials
        return credentials is not None and bool(credentials.valid)

    def token(self) -> str:
        """A valid access token. Raises `AuthRevoked`, `Forbidden`, `Invalid`, `Transient`,
        `RateLimited`, `Unreadable`."""
        credentials, attempt = self._credentials, self._attempt
        if credentials is not None and credentials.valid:
            return str(credentials.token)
        with self._lock:
            if self._credentials is not None and self._credentials.valid:
                return str(self._credentials.token)
            if self._attempt != attempt and self._last_error is not None:
                raise _again(self._last_error)  # another thread just tried for all of us
            self._last_error = None
            try:
                return self._renew()
            except ConnectorError as error:
                self._last_error = error
                raise
            finally:
                self._attempt += 1

    def expire(self, token: str) -> None:
        """Google did not accept that token: ask for a new one next time."""
        with self._lock:
            if self._credentials is not None and self._credentials.token == token:
                self._credentials = None

    def refuse(self, error: ConnectorError) -> None:
        """The account itself is refused: remember it until another file is there."""
        with self._lock:
            self._credentials = None
            if self._refused is None:
                self._refused = _Refused(self._keyring.digest(), error, self._now() + _REVOKED)

    def reconnected(self) -> bool:
        """Whether the app holds another file than the one that was refused."""
        return self._refused is not None and self._refused.digest != self._keyring.digest()

    def _renew(self) -> str:
        refused = self._refused
        if refused and self._now() < refused.until and refused.digest == self._keyring.digest():
            raise _again(refused.error)
        self._refused = None
        try:
            grant = self._keyring.grant()
            credentials = self._narrow(grant)
            credentials.refresh(self._ask(grant))
        except (AuthRevoked, Forbidden, Invalid) as error:
            wait = _REVOKED if isinstance(error, AuthRevoked) else _NOT_GRANTED
            self._refused = _Refused(self._keyring.digest(), error, self._now() + wait)
            raise
        except GoogleAuthError:
            raise Unreadable(f"sign-in of {self._who(grant)}: Google's answer holds no token") from None
        self._credentials = credentials
        replaced = getattr(credentials, "refresh_token", None)
        if replaced and replaced != grant.info.get("refresh_token"):
            self._keyring.keep(grant, replaced)
        return str(credentials.token)

    def _narrow(self, grant: Grant) -> Any:
        """Credentials for our scopes and subject. A consent has its own scopes: none are asked for."""
        if not grant.delegates:
            whose = grant.info.get("account")
            if self._subject and whose and str(whose).casefold() != self._subject.casefold():
                raise Forbidden(
                    f"the consent of {whose} cannot act for {self._subject}; "
                    "a service account with domain-wide delegation can"
                )
            return copy.copy(grant.base)
        credentials = grant.base.with_scopes(self._scopes)
        return credentials.with_subject(self._subject) if self._subject else credentials

    def _who(self, grant: Grant) -> str:
        return f"{grant.who} for {self._subject}" if grant.delegates and self._subject else grant.who

    def _ask(self, grant: Grant) -> Callable[..., _TokenAnswer]:
        """The request function that google-auth calls: one request, every refusal an error of ours."""

        def ask(
            url: str,
            method: str = "POST",
            body: bytes | None = None,
            headers: Mapping[str, str] | None = None,
            **_: Any,
        ) -> _TokenAnswer:
            answer = self._transport.request(method, url, headers or {}, body)
            who = self._who(grant)
            if answer.status != 200:
                scopes = " ".join(self._scopes)
                raise refused_sign_in(answer.status, answer.headers, answer.body, who, scopes)
            self.granted = _granted(answer.body, who) or frozenset(self._scopes if grant.delegates else ())
            return _TokenAnswer(answer.status, answer.headers, answer.body)

        return ask


@dataclass(frozen=True, slots=True)
class _TokenAnswer:
    """The shape google-auth expects of a response."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


def _granted(body: bytes, who: str) -> frozenset[str]:
    """The scopes an answer names, after a look whether it is a token at all."""
    try:
        info = json.loads(body)
        if not isinstance(info["access_token"], str):
            raise TypeError
        int(info.get("expires_in", 0))
        return frozenset(str(info.get("scope") or "").split())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable(f"sign-in of {who}: Google's answer holds no token") from None


def _again(error: ConnectorError) -> ConnectorError:
    """The same error for another caller, without the first one's traceback."""
    return copy.copy(error).with_traceback(None)
