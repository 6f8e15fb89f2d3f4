"""Many reads in one request to Graph (JSON batching), each judged by itself.

A batch saves the way there and back, not work: Graph counts and throttles each read in it singly, and
Outlook carries four of them out at a time. So a batch holds all four places of the application, and a
refusal inside it (a 429 in a 200) concerns its own mailbox alone. What was refused for the moment is asked
again singly, where waiting as told is at home; a service that refuses all of it has the batch wait as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.errors import AuthExpired, AuthRevoked, ConnectorError, RateLimited, Transient, Unreadable
from connectors.http import Response

if TYPE_CHECKING:
    from connectors.calls import Calls

MOST = 20
"""Requests in one batch."""
PATH = "/$batch"

Answer = dict[str, Any] | ConnectorError
_PASSING = (RateLimited, Transient, AuthExpired)


@dataclass(frozen=True, slots=True)
class Read:
    """One read: its path with its query, its name in errors, the mailbox it counts for."""

    path: str
    what: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Way:
    """How `asked` reaches Graph: ``post`` sends the batch and returns its answer, ``single`` makes one read
    with every patience, ``judge`` returns the body of an answer (its status, Retry-After, body and name) or raises,
    ``account`` names a mailbox for the breaker."""

    calls: Calls
    post: Callable[[dict[str, Any]], dict[str, Any]]
    single: Callable[[Read], dict[str, Any]]
    judge: Callable[[int, float | None, Any, str], dict[str, Any]]
    account: Callable[[str], str]
    refresh: Callable[[], None]
    headers: Mapping[str, str]


def asked(way: Way, reads: Sequence[Read]) -> list[Answer]:
    """The answers to at most `MOST` reads, in their order; an error where one could not be read."""
    found: dict[int, Answer] = {}
    sent: dict[int, Read] = {}
    for number, read in enumerate(reads):
        try:
            way.calls.limiter.take_turn(read.mailbox.casefold())
            way.calls.breaker.admit(way.account(read.mailbox))
        except ConnectorError as error:
            found[number] = error
        else:
            sent[number] = read
    if sent:
        found |= _sent(way, sent)
    return [found[number] for number in range(len(reads))]


def _sent(way: Way, sent: Mapping[int, Read]) -> dict[int, Answer]:
    """The batch, with its own patience; then singly what was refused for the moment in it."""
    try:
        found = way.calls.run(way.account(PATH), lambda: _once(way, sent), whole=True, refresh=way.refresh)
    except (RateLimited, Transient, AuthRevoked) as error:  # all of it, however often it was tried
        _release(way, sent)
        return dict.fromkeys(sent, error)
    except ConnectorError:  # a gateway that lets no batches through, an answer larger than allowed
        _release(way, sent)
        return {number: _singly(way, read) for number, read in sent.items()}
    except BaseException:
        _release(way, sent)
        raise
    return {n: _singly(way, sent[n]) if isinstance(a, _PASSING) else a for n, a in found.items()}


def _release(way: Way, sent: Mapping[int, Read]) -> None:
    for read in sent.values():
        way.calls.breaker.abandoned(way.account(read.mailbox))


def _once(way: Way, sent: Mapping[int, Read]) -> dict[int, Answer]:
    """One round. Raises the error of all where every read is refused for the moment."""
    requests = [
        {"id": str(number), "method": "GET", "url": read.path, "headers": dict(way.headers)}
        for number, read in sent.items()
    ]
    told = _by_id(way.post({"requests": requests}))
    found = {number: _judged(way, told.get(str(number)), read) for number, read in sent.items()}
    passing = [answer for answer in found.values() if isinstance(answer, _PASSING)]
    if len(passing) == len(found) > 1:
        raise max(passing, key=lambda e: getattr(e, "retry_after", None) or 0.0)
    for number, read in sent.items():
        answer, account = found[number], way.account(read.mailbox)
        if isinstance(answer, ConnectorError):
            way.calls.breaker.failed(account, answer)
        else:
            way.calls.breaker.succeeded(account)
    return found


def _by_id(answer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    items = answer.get("responses")
    if not isinstance(items, list):
        raise Unreadable("the answer to a batch holds no answers")
    return {str(item.get("id")): item for item in items if isinstance(item, dict)}


def _judged(way: Way, item: Mapping[str, Any] | None, read: Read) -> Answer:
    if item is None or not isinstance(item.get("status"), int):
        return Unreadable(f"{read.what}: left out of the answer to a batch")
    headers = item.get("headers")
    fields = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    answer = Response(item["status"], fields, b"")  # its body was decoded with the batch
    try:
        return way.judge(answer.status, answer.retry_after(), item.get("body"), read.what)
    except ConnectorError as error:
        return error


def _singly(way: Way, read: Read) -> Answer:
    try:
        return way.single(read)
    except ConnectorError as error:
        return error
