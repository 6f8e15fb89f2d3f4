"""Requests to Microsoft Graph: signed in, within the limits, refusals as errors named by what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from connectors.calls import Calls
from connectors.errors import CursorExpired, Unreadable
from connectors.http import Http, Response
from connectors.outlook import batch
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
        single: bool = False,
    ) -> dict[str, Any]:
        """One request and its JSON answer; an empty object where there is none.

        ``path`` is relative to the service, or a link that it gave. ``what`` names the call in errors,
        ``mailbox`` is whom the service counts it for. ``write``: not repeated once it may have been
        carried out. ``event``, ``cursor`` and ``single`` as in `refusal`.
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
            return _success(answer, what, event=event, cursor=cursor, single=single)

        return self._calls.run(
            self._account(mailbox),
            once,
            user=mailbox.casefold(),
            write=write,
            refresh=lambda: self._refresh(used),
        )

    @property
    def batches(self) -> bool:
        """Whether reads may go in batches: Outlook takes four of each at once, so all four must be ours."""
        places = self._calls.limiter.places
        return places is None or places >= IN_FLIGHT

    def many(self, reads: Sequence[batch.Read]) -> list[batch.Answer]:
        """Make up to twenty reads in one request: each one's JSON, or the error it ended with.

        Raises what keeps the account from an access token.
        """
        self.sign_in()
        used = ""

        def post(body: dict[str, Any]) -> dict[str, Any]:
            nonlocal used
            used = self._sign_in.token()
            headers = _with_json({"Authorization": f"Bearer {used}"}, body)
            answer = self._http.request("POST", self._url(batch.PATH), headers=headers, content=_text(body))
            return _success(answer, "a batch of reads")

        way = batch.Way(
            calls=self._calls,
            post=post,
            single=lambda read: self.call("GET", read.path, read.what, mailbox=read.mailbox),
            judge=_judged,
            account=self._account,
            refresh=lambda: self._refresh(used),
            headers={"Prefer": IMMUTABLE},
        )
        return batch.asked(way, reads)

    def _account(self, mailbox: str) -> str:
        """What the breaker watches."""
        return f"outlook:{self._sign_in.account}:{self._sign_in.identity}:{mailbox.casefold()}"

    def pages(
        self, path: str, what: str, *, first: dict[str, Any] | None = None, **kwargs: Any
    ) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, following the links that the service gives; ``first`` where the first
        page was read already."""
        link = path
        for _ in range(_MOST_PAGES):
            answer = first if first is not None else self.call("GET", link, what, **kwargs)
            first = None
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


def with_query(path: str, params: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(params, quote_via=quote, safe='$,:')}"


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


def _success(
    answer: Response, what: str, *, event: bool = False, cursor: bool = False, single: bool = False
) -> dict[str, Any]:
    if not 200 <= answer.status < 300:
        wait = answer.retry_after()
        raise refusal(answer.status, wait, answer.body, what, event=event, cursor=cursor, single=single)
    return _object(answer.json(), what) if answer.body else {}


def _judged(status: int, retry_after: float | None, body: Any, what: str) -> dict[str, Any]:
    """The same of one answer in a batch, which is decoded already."""
    if not 200 <= status < 300:
        raise refusal(status, retry_after, body, what)
    return _object(body, what)


def _object(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unreadable(f"{what}: the answer is no object")
    return found
