"""One place where requests to Google are made: built by Google's client library, sent by our
transport, signed with our tokens, within our limits, with every refusal an error of ours.

The library is used for what it knows (addresses, parameters, bodies from its bundled descriptions)
and kept from what it does badly: its own retry ignores Retry-After, its transport repeats writes,
its batch goes to the real host whatever the endpoint. None of the three is used.

Told by `tests/connectors/test_google_transport.py`.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from googleapiclient.discovery import build

from connectors.calls import Breaker, Calls, Limiter, Rate, Retry
from connectors.errors import AuthRevoked, Unreadable
from connectors.google.auth import TOKEN_URI, Keyring, SignIn
from connectors.google.failures import refusal
from connectors.google.transport import Transport
from connectors.tokens import TokenSource

_MOST_SIGN_INS = 5_000
"""Access tokens kept, one per subject and set of scopes: memory stays flat however many there are."""

for _name in ("googleapiclient.http", "googleapiclient.model", "googleapiclient.discovery"):
    # at DEBUG the library writes whole addresses (people, keys, cursors) and bodies
    logging.getLogger(_name).setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def default_limiter() -> Limiter:
    """Google's limit of 600 requests a minute and user as a bucket: 100 at once, then 8 a second.

    One for the process, however many connectors act for the same user.
    """
    return Limiter(per_user=Rate(per_second=8.0, burst=100))


class _Session:
    """What the client library takes for its http object: one signed request."""

    credentials = None

    def __init__(self, transport: Transport, token: str, what: str) -> None:
        self._transport = transport
        self._token = token
        self._what = what

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[Any, bytes]:
        signed = {
            **(headers or {}),
            "authorization": f"Bearer {self._token}",
            "user-agent": "loopwright (gzip)",
        }
        answer = self._transport.request(method, uri, signed, body)
        if answer.status >= 300:
            raise refusal(answer.status, answer.headers, answer.body, self._what)
        return answer.raw, answer.body


class Service:
    """Google Calendar and the room directory, for one account of the app. Close it when done.

    ``endpoint`` replaces Google's hosts (a stand-in server, in tests); ``None`` is production.
    """

    def __init__(
        self,
        tokens: TokenSource,
        account: str,
        *,
        limiter: Limiter | None = None,
        breaker: Breaker | None = None,
        retry: Retry | None = None,
        endpoint: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._calls = Calls(limiter or default_limiter(), breaker or Breaker(), retry or Retry())
        self._transport = Transport(timeout=timeout)
        root = endpoint.rstrip("/") if endpoint else None
        self.keyring = Keyring(tokens, account, f"{root}/token" if root else TOKEN_URI)
        calendar = _described("calendar", "v3", f"{root}/calendar/v3/" if root else None)
        self._directory = f"{root}/" if root else None
        self.events = calendar.events()
        self.freebusy = calendar.freebusy()
        self.channels = calendar.channels()
        self._lock = threading.Lock()
        self._sign_ins: OrderedDict[tuple[str, tuple[str, ...]], SignIn] = OrderedDict()

    @property
    def rooms(self) -> Any:
        """The directory of rooms; its description is read when it is first wanted."""
        return _described("admin", "directory_v1", self._directory).resources().calendars()

    def sign_in(self, subject: str | None, scopes: Sequence[str]) -> SignIn:
        """The sign-in that acts for that subject with those scopes; the same one each time."""
        name = ((subject or "").casefold(), tuple(scopes))
        with self._lock:
            found = self._sign_ins.get(name)
            if found is None:
                found = SignIn(self.keyring, scopes, self._transport, subject)
                self._sign_ins[name] = found
                if len(self._sign_ins) > _MOST_SIGN_INS:
                    self._sign_ins.popitem(last=False)
            else:
                self._sign_ins.move_to_end(name)
            return found

    def ask(self, request: Any, sign_in: SignIn, what: str, *, write: bool = False) -> dict[str, Any]:
        """Make a request of the client library and return its answer.

        A ``write`` is sent once: after `Transient` it is not known whether it happened. ``what``
        names the call in errors; nothing else of the request gets there.
        """
        answer = self._run(request, sign_in, what, write)
        if not isinstance(answer, dict):
            raise Unreadable(f"{what}: an answer that should be JSON is not")
        return answer

    def tell(self, request: Any, sign_in: SignIn, what: str) -> None:
        """Make a request whose answer is empty (delete, stop); repeating it does no harm."""
        self._run(request, sign_in, what, write=False)

    def token(self, sign_in: SignIn) -> str:
        """An access token, asked for within the limits and with the patience of a read."""
        if sign_in.ready():
            return sign_in.token()
        if sign_in.reconnected():
            self._calls.breaker.reset(sign_in.name)
        return self._calls.run(sign_in.name, sign_in.token, user=f"token {sign_in.name}")

    def _run(self, request: Any, sign_in: SignIn, what: str, write: bool) -> Any:
        used = self.token(sign_in)  # before a write, so that a failed sign-in is never an unclear write

        def once() -> Any:
            nonlocal used
            used = sign_in.token()
            try:
                return request.execute(http=_Session(self._transport, used, what), num_retries=0)
            except (ValueError, RecursionError):
                raise Unreadable(f"{what}: an answer that should be JSON is not") from None

        try:
            return self._calls.run(sign_in.name, once, write=write, refresh=lambda: sign_in.expire(used))
        except AuthRevoked as error:
            sign_in.refuse(error)
            raise

    def close(self) -> None:
        self._transport.close()


@lru_cache(maxsize=16)
def _described(name: str, version: str, endpoint: str | None) -> Any:
    """The client library's object for an API, from the description in its package: no network.

    It holds nothing of an account, so all connectors of a process share one.
    """
    return build(
        name,
        version,
        http=_NoHttp(),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )


class _NoHttp:
    """Keeps the library from looking for credentials of its own; every request brings its session."""

    credentials = None
