"""Signing in to Microsoft with msal: as the app itself, or for one person who consented.

The app's token source holds, per account, one JSON object::

    {"tenant": "contoso.onmicrosoft.com", "client_id": "…", "secret": "…"}
    {"tenant": "…", "client_id": "…", "private_key": "PEM", "certificate": "PEM"}

which is the app registration. With ``"cache"`` (msal's serialized token cache, put there by
`connectors.outlook.consent`) the connector acts for the person in it, and hands the cache back
whenever msal renewed something. Access tokens live in memory only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from connectors.calls import Breaker, Calls, Limiter, Retry
from connectors.errors import AuthRevoked, ConnectorError, Invalid, RateLimited, Transient, Unreadable
from connectors.http import Http, Response
from connectors.outlook.failures import refused_sign_in
from connectors.tokens import TokenSource

AUTHORITY = "https://login.microsoftonline.com"
RESOURCE = "https://graph.microsoft.com/"
READ = RESOURCE + "Calendars.Read"
READ_SHARED = RESOURCE + "Calendars.Read.Shared"
WRITE = RESOURCE + "Calendars.ReadWrite"
ROOMS = RESOURCE + "Place.Read.All"

_log = logging.getLogger(__name__)

_EARLY = 120.0
"""Seconds before its end at which an access token is renewed."""


_UNUSABLE = 60.0
"""Seconds before a registration that cannot even be used is looked at again."""


def scopes_for(mode: str) -> tuple[str, ...]:
    """The least delegated permissions of a mode; an app-only sign-in has what was granted to it.

    A subscription to notices goes by the permission to read, which the one to write does not contain.
    """
    return (READ, WRITE) if mode == "free_busy" else (READ, WRITE, READ_SHARED)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token source holds for an account, read and understood."""

    tenant: str
    client_id: str
    credential: Any = field(repr=False)
    cache: str = field(repr=False)
    """msal's cache for a person; empty where the app acts for itself."""
    info: Mapping[str, Any] = field(repr=False)


def read_grant(account: str, data: bytes | None) -> Grant:
    """Understand what the app keeps. Raises `AuthRevoked` for nothing, `Invalid` naming what is wrong."""
    who = f"Microsoft account {account!r}"
    if data is None:
        raise AuthRevoked(f"{who} is not connected: add its app registration")
    try:
        info = json.loads(data)
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        raise Invalid(f"{who}: not a JSON object with tenant, client_id and secret")
    for name in ("tenant", "client_id"):
        if not isinstance(info.get(name), str) or not info[name].strip():
            raise Invalid(f"{who}: {name} is missing; see the app registration's overview page")
    cache = info.get("cache", "")
    if not isinstance(cache, str):
        raise Invalid(f"{who}: cache must be the text that msal serialized; connect the account again")
    return Grant(info["tenant"].strip(), info["client_id"].strip(), _credential(who, info), cache, info)


def _credential(who: str, info: Mapping[str, Any]) -> Any:
    secret, key, certificate = info.get("secret"), info.get("private_key"), info.get("certificate")
    if isinstance(secret, str) and secret:
        return secret
    if isinstance(key, str) and isinstance(certificate, str) and key and certificate:
        found = {"private_key": key, "public_certificate": certificate}
        if isinstance(info.get("passphrase"), str):
            found["passphrase"] = info["passphrase"]
        return found
    raise Invalid(f"{who}: secret is missing, or private_key together with certificate (both PEM)")


class MsalHttp:
    """The HTTP client msal is given: ours, with answers that msal should not try to understand as errors.

    msal waits by itself on 429 and 5xx and writes answers that are not JSON into the log.
    """

    def __init__(self, http: Http) -> None:
        self._http = http

    def post(self, url: str, **kwargs: Any) -> _MsalResponse:
        return self._send("POST", url, **kwargs)

    def get(self, url: str, **kwargs: Any) -> _MsalResponse:
        return self._send("GET", url, **kwargs)

    def close(self) -> None:
        """The client belongs to the connector."""

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str | bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> _MsalResponse:
        content = None
        if data is not None:  # signed assertions are bytes, which httpx2 would write as "b'…'"
            content = urlencode(data)
            headers = {**(headers or {}), "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._http.request(method, url, params=params, content=content, headers=headers)
        if answer.status == 429 or (answer.status == 503 and answer.retry_after() is not None):
            raise RateLimited(f"sign-in: Microsoft answered {answer.status}", answer.retry_after())
        if answer.status >= 500:
            raise Transient(f"sign-in: Microsoft answered {answer.status}")
        if not isinstance(answer.json(), dict):
            raise Unreadable(f"sign-in: Microsoft's answer ({answer.status}) is no object")
        return _MsalResponse(answer)


class _MsalResponse:
    """The shape msal expects of a response."""

    def __init__(self, answer: Response) -> None:
        self.status_code = answer.status
        self.text = answer.body.decode("utf-8", "replace")
        self.headers = dict(answer.headers)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise Unreadable(f"sign-in: Microsoft answered {self.status_code}")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: float  # reading of the monotonic clock


class SignIn:
    """Access tokens of one account. Safe to use from several threads.

    However many threads need a token at once, one of them asks for it; a refused sign-in is left alone
    for half an hour, unless what the app keeps for the account changes.
    """

    def __init__(
        self,
        tokens: TokenSource,
        account: str,
        http: Http,
        *,
        authority: str = AUTHORITY,
        retry: Retry | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self.account = account
        self._http = MsalHttp(http)
        self._authority = authority
        self._calls = Calls(Limiter(), Breaker(now=now), retry or Retry())
        self._now = now
        self._lock = threading.RLock()
        self._token: _Token | None = None
        self._raw: bytes | None = None
        self._grant: Grant | None = None
        self._app: Any = None
        self._cache: Any = None
        self._unusable: tuple[str, Invalid, float] | None = None
        self.identity = ""
        """Changes when the app keeps something else for the account; empty before the first token."""

    @property
    def delegated(self) -> bool:
        """Whether it acts for a person. Raises what `read_grant` raises."""
        with self._lock:
            return bool(self._current().cache)

    def token(self) -> str:
        """A valid access token. Raises `AuthRevoked`, `Forbidden`, `Invalid`, `Transient`,
        `RateLimited`, `Unreadable`."""
        held = self._token
        if held is not None and self._now() < held.until:
            return held.text
        with self._lock:
            held = self._token
            if held is not None and self._now() < held.until:
                return held.text
            return self._renew(force=False)

    def renew(self, refused: str) -> str:
        """Another token than the one that Graph did not accept."""
        with self._lock:
            if self._token is not None and self._token.text != refused:
                return self._token.text  # another thread was faster
            self._token = None
            return self._renew(force=True)

    def claims(self) -> Mapping[str, Any]:
        """What the access token says of itself (roles, scp, exp), unverified: for an administrator."""
        try:
            part = self.token().split(".")[1]
            found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (IndexError, ValueError, binascii.Error, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _renew(self, *, force: bool) -> str:
        grant = self._current()
        if self._unusable and self._unusable[0] == self.identity and self._now() < self._unusable[2]:
            raise Invalid(str(self._unusable[1]))
        name = f"sign-in:{self.account}:{self.identity}"
        try:
            answer = self._calls.run(name, lambda: self._ask(grant, force=force))
        except Invalid as error:
            self._unusable = (self.identity, error, self._now() + _UNUSABLE)
            raise
        self._keep(grant)
        text, life = str(answer["access_token"]), float(answer.get("expires_in") or 0)
        self._token = _Token(text, self._now() + max(life - _EARLY, life / 2))
        return text

    def _current(self) -> Grant:
        """The grant, read again where the app keeps something else than what we last saw or put."""
        raw = self._tokens.get(self.account)
        if self._grant is None or raw != self._raw:
            self._grant = read_grant(self.account, raw)
            self._raw = raw
            self._app = None
            self.identity = hashlib.sha256(raw or b"").hexdigest()[:12]
        return self._grant

    def _ask(self, grant: Grant, *, force: bool) -> dict[str, Any]:
        app = self._application(grant)
        try:
            answer = self._acquire(app, grant, force=force)
        except ConnectorError:
            raise
        except (ValueError, KeyError, TypeError):  # msal and cryptography on a key that is none
            raise Invalid(
                f"Microsoft account {self.account!r}: private_key or certificate cannot be read"
            ) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise refused_sign_in(answer if isinstance(answer, dict) else {}, self.account)
        return answer

    def _acquire(self, app: Any, grant: Grant, *, force: bool) -> Any:
        if not grant.cache:
            if force:
                app.remove_tokens_for_client()
            return app.acquire_token_for_client(scopes=[RESOURCE + ".default"])
        people = app.get_accounts()
        if not people:
            raise AuthRevoked(f"Microsoft account {self.account!r}: nobody is signed in; connect it again")
        return app.acquire_token_silent_with_error([WRITE], people[0], force_refresh=force)

    def _application(self, grant: Grant) -> Any:
        if self._app is None:
            self._cache = read_cache(self.account, grant)
            self._app = application(grant, self._http, self._cache, self._authority, self.account)
        return self._app

    def _keep(self, grant: Grant) -> None:
        """Hand a renewed cache of a person to the app; it stays the same sign-in."""
        if not grant.cache or not self._cache.has_state_changed:
            return
        text = self._cache.serialize()
        data = json.dumps({**grant.info, "cache": text}).encode()
        try:
            self._tokens.put(self.account, data)
        except ConnectorError as error:  # it is in memory: what was kept before may do after a restart
            _log.warning("the renewed sign-in of Microsoft account %r is not kept: %s", self.account, error)
        else:
            self._raw = data


def read_cache(account: str, grant: Grant) -> Any:
    """msal's token cache of a person, or an empty one. Raises `Invalid`."""
    import msal  # a quarter of a second that only those who sign in should wait for

    cache = msal.SerializableTokenCache()
    if grant.cache:
        try:
            cache.deserialize(grant.cache)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Invalid(
                f"Microsoft account {account!r}: cache is not one of msal's; connect the account again"
            ) from None
    return cache


def application(grant: Grant, http: MsalHttp, cache: Any, authority: str, account: str) -> Any:
    """msal's application; looks the tenant up. Raises `Invalid` for a tenant or key that is none."""
    import msal

    try:
        return msal.ConfidentialClientApplication(
            grant.client_id,
            client_credential=grant.credential,
            authority=f"{authority}/{grant.tenant}",
            token_cache=cache,
            http_client=http,
        )
    except ConnectorError:
        raise
    except (ValueError, KeyError, TypeError):
        raise Invalid(
            f"Microsoft account {account!r}: tenant {grant.tenant[:60]!r} is unknown, "
            "or private_key and certificate cannot be read"
        ) from None
