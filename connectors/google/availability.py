"""Who is busy when: as few requests as Google allows, one answer per address, none left out.

Free/busy mode asks `freebusy.query` about fifty calendars at a time. Typed mode lists each
calendar's events, which tells focus time, absence and unanswered invitations apart, and asks
free/busy about those calendars whose events may not be seen.

Told by `tests/connectors/test_google_strange.py`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ConnectorError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Transient,
    Unreadable,
)
from connectors.google import wire
from connectors.google.auth import SignIn
from connectors.google.events import PER_PAGE
from connectors.google.failures import calendar_refusal
from connectors.google.service import Service
from connectors.intents import is_address
from connectors.types import Availability, Busy, Known, Place, Unknown, Window

PER_CALL = 50
"""Calendars per free/busy request (``calendarExpansionMax`` in Google's description of the API)."""
LONGEST = timedelta(days=60)
"""Longest window of one free/busy request: beyond about three months Google answers
``timeRangeTooLong``. Longer windows are asked about in pieces."""
_A_DAY_BEFORE = timedelta(hours=26)
"""How much earlier events are asked for: a whole-day event may end where its day begins, and still means that day."""
_HIDDEN = 3600.0
"""Seconds for which a calendar is remembered to show busy times only, or nothing."""

_ACCOUNT = (AuthExpired, AuthRevoked, RateLimited, Transient)
"""Errors of the account or the moment, not of one calendar."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A request about these addresses that gave no answer."""

    error: ConnectorError


_Found = Known | Unknown | _Failed


class Reader:
    """Reads other people's calendars for one account.

    ``act_for`` gives the sign-in for reading the events of one calendar, ``asker`` the one for
    free/busy requests.
    """

    def __init__(
        self,
        service: Service,
        pool: Executor,
        *,
        typed: bool,
        asker: Callable[[], SignIn],
        act_for: Callable[[str], SignIn],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._pool = pool
        self._typed = typed
        self._asker = asker
        self._act_for = act_for
        self._clock = clock
        self._lock = threading.Lock()
        self._hidden: dict[str, float] = {}

    def read(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        """One entry per address as it was written; the same address in other letters is asked once."""
        asked = list(dict.fromkeys(a.casefold() for a in addresses))
        found: dict[str, _Found] = {
            a: Unknown(Invalid.code, "not an e-mail address") for a in asked if not is_address(a)
        }
        asked = [a for a in asked if a not in found]
        if self._typed:
            open_to_us = [a for a in asked if not self._is_hidden(a)]
            typed = dict(
                zip(open_to_us, self._pool.map(lambda a: self._events(a, window), open_to_us), strict=True)
            )
            found |= {a: answer for a, answer in typed.items() if answer is not None}
        found |= self._free_busy([a for a in asked if a not in found], window)
        _raise_if_nobody_could_be_asked(asked, found)
        answers = {a: _final(f) for a, f in found.items()}
        return {a: answers[a.casefold()] for a in addresses}

    # --- typed -------------------------------------------------------------------------------

    def _events(self, address: str, window: Window) -> _Found | None:
        """One calendar by its events; ``None`` where only its busy times may be seen."""
        sign_in = self._act_for(address)
        try:
            return self._listed(address, window, sign_in)
        except NotFound:
            self._hide(address)
            return None  # free/busy may still be shared, and says by name what is wrong
        except Forbidden:
            return None  # it may be the account's: not remembered against the person
        except _ACCOUNT as error:
            if isinstance(error, AuthRevoked) and sign_in is not self._asker():
                return None  # nobody may act for this one person; the asker still may ask
            return _Failed(error)
        except ConnectorError as error:
            return Unknown(error.code, str(error))

    def _listed(self, address: str, window: Window, sign_in: SignIn) -> Known | None:
        busy: list[Busy] = []
        places: list[Place] = []
        as_of = datetime.now(UTC)
        page: str | None = None
        while True:
            request = self._service.events.list(
                calendarId=address,
                timeMin=wire.stamp(window.start - _A_DAY_BEFORE),
                timeMax=wire.stamp(window.end),
                singleEvents=True,
                maxAttendees=1,
                maxResults=PER_PAGE,
                pageToken=page,
                fields=wire.BUSY_FIELDS,
            )
            answer = self._service.ask(request, sign_in, "reading a calendar's events")
            if answer.get("accessRole") in ("none", "freeBusyReader"):
                self._hide(address)
                return None
            with wire.reading("a page of events"):
                more = wire.typed(answer.get("items", ()), str(answer.get("timeZone", "")), window)
            busy += more[0]
            places += more[1]
            page = answer.get("nextPageToken")
            if not page:
                places.sort(key=lambda p: (p.start, p.end))
                return Known(_sorted(busy), as_of, tuple(places))

    def _is_hidden(self, address: str) -> bool:
        with self._lock:
            return self._hidden.get(address, 0.0) > self._clock()

    def _hide(self, address: str) -> None:
        now = self._clock()
        with self._lock:
            self._hidden = {a: until for a, until in self._hidden.items() if until > now}
            self._hidden[address] = now + _HIDDEN

    # --- free/busy ---------------------------------------------------------------------------

    def _free_busy(self, addresses: Sequence[str], window: Window) -> dict[str, _Found]:
        """Ask about all of them; those that Google could not work out are asked about once more."""
        found = self._round(addresses, window)
        again = [a for a, f in found.items() if isinstance(f, Unknown) and f.code == Transient.code]
        return found | self._round(again, window) if again else found

    def _round(self, addresses: Sequence[str], window: Window) -> dict[str, _Found]:
        chunks = [addresses[i : i + PER_CALL] for i in range(0, len(addresses), PER_CALL)]
        work = [(chunk, piece) for chunk in chunks for piece in _pieces(window)]
        answers = list(self._pool.map(lambda w: self._query(*w), work))
        found: dict[str, _Found] = {}
        for (chunk, _), part in zip(work, answers, strict=True):
            for address in chunk:
                found[address] = _join(found.get(address), part[address])
        return found

    def _query(self, chunk: Sequence[str], window: Window) -> dict[str, _Found]:
        """One request. The answers of its calendars are each judged alone."""
        as_of = datetime.now(UTC)
        try:
            answer = self._service.ask(
                self._service.freebusy.query(
                    body={
                        "timeMin": wire.stamp(window.start),
                        "timeMax": wire.stamp(window.end),
                        "calendarExpansionMax": PER_CALL,
                        "items": [{"id": address} for address in chunk],
                    }
                ),
                self._asker(),
                "asking for busy times",
            )
            with wire.reading("an answer about busy times"):
                calendars = {str(k).casefold(): v for k, v in answer.get("calendars", {}).items()}
                groups = {str(k).casefold() for k in answer.get("groups", {})}
        except _ACCOUNT as error:
            return dict.fromkeys(chunk, _Failed(error))
        except ConnectorError as error:
            return dict.fromkeys(chunk, Unknown(error.code, str(error)))
        return {a: _judge(calendars.get(a), a in groups, as_of, window) for a in chunk}


def _judge(calendar: Any, is_group: bool, as_of: datetime, window: Window) -> Known | Unknown:
    """What a free/busy answer says about one calendar. An error outweighs whatever stands beside it."""
    try:
        with wire.reading("an answer about busy times"):
            if calendar is None:
                if is_group:
                    return Unknown(Invalid.code, "this is the address of a group; name its members")
                return Unknown(Unreadable.code, "Google's answer leaves this calendar out")
            if calendar.get("errors"):
                return Unknown(*calendar_refusal([str(e.get("reason", "")) for e in calendar["errors"]]))
            return Known(_sorted(wire.untyped(calendar.get("busy", ()), window)), as_of, typed=False)
    except ConnectorError as error:
        return Unknown(error.code, str(error))


def _pieces(window: Window) -> list[Window]:
    pieces = []
    start = window.start
    while start < window.end:
        end = min(start + LONGEST, window.end)
        pieces.append(Window(start, end))
        start = end
    return pieces


def _join(before: _Found | None, piece: _Found) -> _Found:
    """Two pieces of a long window as one answer: known only where both are."""
    if before is None:
        return piece
    if isinstance(before, Known) and isinstance(piece, Known):
        return Known(before.busy + piece.busy, min(before.as_of, piece.as_of), typed=False)
    return before if isinstance(piece, Known) else piece


def _sorted(busy: list[Busy]) -> tuple[Busy, ...]:
    return tuple(sorted(busy, key=lambda b: (b.start, b.end, b.verdict)))


def _final(found: _Found) -> Availability:
    if isinstance(found, _Failed):
        return Unknown(found.error.code, str(found.error))
    return found


def _raise_if_nobody_could_be_asked(asked: Sequence[str], found: Mapping[str, _Found]) -> None:
    """Where every request failed for reasons of the account, that is the caller's to know."""
    errors = [f.error for a in asked if isinstance(f := found[a], _Failed)]
    if errors and len(errors) == len(asked):
        raise errors[0]
