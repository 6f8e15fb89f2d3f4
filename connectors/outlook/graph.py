"""Requests to Microsoft Graph: signed in, within the limits, refusals as errors named by what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from connectors.calls import Calls
from connectors.errors import CursorExpired, Unreadable
from connectors.http import Http, Response
from connectors.outlook.failures import refusal

BASE = "https://graph.microsoft.com/v1.0"
IN_FLIGHT = 4
"""Requests at once that Outlook takes from one application (throttling limits of Graph)."""
IMMUTABLE = 'IdType="ImmutableId"'
"""Goes with every request: an id then survives a move to another folder."""

_MOST_PAGES = 1_000


class Bearer(Protocol):
    """Where access tokens come from; `connectors.outlook.auth.SignIn` in production."""

    account: str
    identity: str

    @property
    def delegated(self) -> bool: ...

    def token(self) -> str: ...

    def renew(self, refused: str) -> str: ...

    def claims(self) -> Mapping[str, Any]: ...


class Graph:
    """One signed-in application at Graph. Safe to use from several threads."""

    def __init__(self, sign_in: Bearer, http: Http, calls: Calls, base: str = BASE) -> None:
        self._sign_in = sign_in
        self._http = http
        self._calls = calls
        self._base = base.rstrip("/")

    def sign_in(self) -> None:
        """Make sure of an access token. Raises what keeps the account from one."""
        self._sign_in.token()

    def call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        mailbox: str = "",
        params: Mapping[str, str] | None = None,
        body: Any = None,
        prefer: tuple[str, ...] = (),
        write: bool = False,
        event: bool = False,
        cursor: bool = False,
    ) -> dict[str, Any]:
        """One request and its JSON answer; an empty object where there is none.

        ``path`` is relative to the service, or a link that it gave. ``what`` names the call in errors,
        ``mailbox`` is whom the service counts it for. ``write``: not repeated once it may have been
        carried out. ``event`` and ``cursor`` as in `refusal`.
        """
        url = self._url(path)
        self.sign_in()  # before a place in the queue is taken
        used = ""

        def once() -> dict[str, Any]:
            nonlocal used
            used = self._sign_in.token()
            headers = {"Authorization": f"Bearer {used}", "Prefer": ", ".join((IMMUTABLE, *prefer))}
            answer = self._http.request(
                method, url, params=params, headers=_with_json(headers, body), content=_text(body)
            )
            return _success(answer, what, event=event, cursor=cursor)

        account = f"outlook:{self._sign_in.account}:{self._sign_in.identity}:{mailbox.casefold()}"
        return self._calls.run(
            account, once, user=mailbox.casefold(), write=write, refresh=lambda: self._refresh(used)
        )

    def pages(self, path: str, what: str, **kwargs: Any) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, following the links that the service gives."""
        link = path
        for _ in range(_MOST_PAGES):
            answer = self.call("GET", link, what, **kwargs)
            yield items_of(answer, what)
            following = answer.get("@odata.nextLink")
            if not following:
                return
            link = self.relative(following)
            kwargs["params"] = None
        raise Unreadable(f"{what}: the list does not end")

    def relative(self, link: object) -> str:
        """A link of the service without its address. Raises `Unreadable` where it leads elsewhere."""
        if not isinstance(link, str) or not link.startswith(self._base + "/"):
            raise Unreadable("Microsoft's answer links to another server")
        return link.removeprefix(self._base)

    def _url(self, path: str) -> str:
        if not path.startswith("/") or path.startswith("//") or not path.isprintable():
            raise CursorExpired("this is no link of Microsoft's")
        return self._base + path

    def _refresh(self, used: str) -> None:
        self._sign_in.renew(used)


def user(address: str) -> str:
    """The path of a mailbox."""
    return f"/users/{quote(address, safe='@')}"


def event_path(calendar: str, ident: str) -> str:
    return f"{user(calendar)}/events/{quote(ident, safe='')}"


def items_of(answer: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """The items of one page. Raises `Unreadable`."""
    items = answer.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unreadable(f"{what}: the answer holds no list")
    return items


def _text(body: Any) -> str | None:
    return None if body is None else json.dumps(body, allow_nan=False)


def _with_json(headers: dict[str, str], body: Any) -> dict[str, str]:
    return headers if body is None else {**headers, "Content-Type": "application/json"}


def _success(answer: Response, what: str, *, event: bool, cursor: bool) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        raise refusal(answer.status, answer.retry_after(), answer.body, what, event=event, cursor=cursor)
    if not answer.body:
        return {}
    found = answer.json()
    if not isinstance(found, dict):
        raise Unreadable(f"{what}: the answer is no object")
    return found
