"""Who is busy when: getSchedule for many people at once, or each one's events where they may be seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError, Forbidden, Invalid, NotFound, UnknownZone, Unreadable
from connectors.intents import is_address
from connectors.outlook import batch, busy
from connectors.outlook.graph import IN_FLIGHT, Graph, user, with_query
from connectors.outlook.wire import reading
from connectors.outlook.zones import utc_stamp, zone_of
from connectors.types import Availability, Known, Unknown, Window

T = TypeVar("T")

_PAGE = "500"
_DAY = 86_400.0
_HOUR = 3_600.0
_OF_ONE_PERSON = (Forbidden, Invalid, NotFound, Unreadable, UnknownZone)
"""Errors that say something about a person's calendar and nothing about the service."""


_NO_ADDRESS = Unknown(Invalid.code, "not an e-mail address")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one request found out; ``error`` where it failed for all its addresses."""

    found: Mapping[str, Availability]
    error: ConnectorError | None = None


class People:
    """Reads availability; remembers nothing but mailboxes' zones, for a day."""

    def __init__(
        self,
        graph: Graph,
        mode: str,
        reader: str | None,
        ours: Callable[[str, Window], Mapping[str, str]],
    ) -> None:
        self._graph = graph
        self._mode = mode
        self._reader = reader
        self._found: str | None = None
        self._ours = ours
        self._lock = threading.Lock()
        self._zones: dict[str, tuple[ZoneInfo | None, float]] = {}
        self._settings_after = 0.0

    def read(self, addresses: Sequence[str], window: Window) -> dict[str, Availability]:
        """One entry per address. Raises where the account cannot sign in, or every request failed for a
        reason of the service."""
        asked = [a for a in {a.casefold(): a for a in addresses}.values() if is_address(a)]
        if asked:
            self._graph.sign_in()
        answers = self._typed(asked, window) if self._mode == "typed" else self._free_busy(asked, window)
        errors = [a.error for a in answers if a.error is not None]
        if answers and len(errors) == len(answers) and not isinstance(errors[0], _OF_ONE_PERSON):
            raise errors[0]
        parts: dict[str, list[Availability]] = {
            a.casefold(): [_NO_ADDRESS] for a in addresses if not is_address(a)
        }
        for answer in answers:
            for address, availability in answer.found.items():
                parts.setdefault(address.casefold(), []).append(availability)
        return {address: busy.joined(parts[address.casefold()]) for address in addresses}

    # --- free/busy -----------------------------------------------------------------------------

    def _free_busy(self, addresses: Sequence[str], window: Window) -> list[_Answer]:
        jobs = [(chunk, part) for part in busy.segments(window) for chunk in busy.chunks(addresses)]
        return self._all(lambda job: self._schedules(job[0], job[1], window), jobs)

    def _schedules(self, chunk: Sequence[str], part: Window, window: Window) -> _Answer:
        """One getSchedule. Without a reader the people ask for each other: the first whose mailbox the
        app may use asks for everybody, and is remembered."""
        known = (self._found,) if self._found else ()
        lost: dict[str, Availability] = {}
        for reader in (self._reader,) if self._reader else (*known, *chunk):
            try:
                found = self._asked_as(reader, chunk, part, window)
            except (Forbidden, NotFound) as error:
                lost[reader.casefold()] = Unknown(error.code, str(error))
                if self._reader:
                    return _failed(chunk, error)
            except Invalid as error:
                return self._one_by_one(chunk, part, window, error)
            except ConnectorError as error:
                return _failed(chunk, error)
            else:
                self._found = reader
                return _Answer(found)
        return _Answer({address: lost[address.casefold()] for address in chunk})

    def _asked_as(
        self, reader: str, chunk: Sequence[str], part: Window, window: Window
    ) -> Mapping[str, Availability]:
        as_of = datetime.now(UTC)
        answer = self._graph.call(
            "POST",
            f"{user(reader)}/calendar/getSchedule",
            f"free/busy, asked as {reader}",
            mailbox=reader,
            body=busy.schedule_body(chunk, part),
        )
        with reading("free/busy"):
            return busy.schedules(answer, chunk, window, as_of)

    def _one_by_one(self, chunk: Sequence[str], part: Window, window: Window, error: Invalid) -> _Answer:
        """Somebody in the chunk is a question Exchange refuses: halve it until it is known who."""
        if len(chunk) < 2:
            return _failed(chunk, error)
        middle = len(chunk) // 2
        halves = [self._schedules(half, part, window) for half in (chunk[:middle], chunk[middle:])]
        return _Answer({**halves[0].found, **halves[1].found})

    # --- typed ---------------------------------------------------------------------------------

    def _typed(self, addresses: Sequence[str], window: Window) -> list[_Answer]:
        if len(addresses) < 2 or not self._graph.batches:
            return self._all(lambda address: self._events(address, window, None), addresses)
        chunks = [addresses[i : i + batch.MOST] for i in range(0, len(addresses), batch.MOST)]
        found = self._all(lambda chunk: self._together(chunk, window), chunks)
        return [answer for answers in found for answer in answers]

    def _together(self, chunk: Sequence[str], window: Window) -> list[_Answer]:
        """The first pages of some people in one request; what comes after them singly."""
        reads = [batch.Read(with_query(*_view(a, window)), f"events of {a}", a) for a in chunk]
        as_of = datetime.now(UTC)
        return [
            _failed([address], first)
            if isinstance(first, ConnectorError)
            else self._events(address, window, first, as_of)
            for address, first in zip(chunk, self._graph.many(reads), strict=True)
        ]

    def _events(
        self, address: str, window: Window, first: dict[str, Any] | None, as_of: datetime | None = None
    ) -> _Answer:
        try:
            return _Answer({address: self._known(address, window, first, as_of or datetime.now(UTC))})
        except ConnectorError as error:
            return _failed([address], error)

    def _known(self, address: str, window: Window, first: dict[str, Any] | None, as_of: datetime) -> Known:
        path, params = _view(address, window)
        what = f"events of {address}"
        items: list[dict[str, Any]] = []
        for page in self._graph.pages(path, what, first=first, mailbox=address, params=params):
            items += page
        with reading(f"events of {address}"):
            zone = self._zone(address) if busy.needs_zone(items) else None
            keys = self._ours(address, window) if any(map(busy.may_be_ours, items)) else {}
            return busy.events(items, zone, keys, window, as_of)

    def _zone(self, address: str) -> ZoneInfo | None:
        """The mailbox's own zone; ``None`` where it may not be read or nobody knows it."""
        now = time.monotonic()
        with self._lock:
            held = self._zones.get(address.casefold())
            if held is not None and now < held[1]:
                return held[0]
            if now < self._settings_after:
                return None
        try:
            answer = self._graph.call(
                "GET",
                f"{user(address)}/mailboxSettings",
                f"time zone of {address}",
                mailbox=address,
                params={"$select": "timeZone"},
            )
            found = zone_of(str(answer.get("timeZone") or ""))
        except Forbidden:  # MailboxSettings.Read was not granted: the events' own zones have to do
            with self._lock:
                self._settings_after = now + _HOUR
            return None
        except UnknownZone:
            found = None
        with self._lock:
            self._zones = {a: z for a, z in self._zones.items() if now < z[1]}
            self._zones[address.casefold()] = (found, now + _DAY)
        return found

    @staticmethod
    def _all(work: Callable[[Any], T], jobs: Sequence[Any]) -> list[T]:
        if len(jobs) < 2:
            return [work(job) for job in jobs]
        with ThreadPoolExecutor(min(IN_FLIGHT, len(jobs)), "outlook") as pool:
            return list(pool.map(work, jobs))


def _view(address: str, window: Window) -> tuple[str, dict[str, str]]:
    """Path and parameters that read one person's events."""
    return f"{user(address)}/calendarView", {
        "startDateTime": f"{utc_stamp(window.start)['dateTime']}Z",
        "endDateTime": f"{utc_stamp(window.end)['dateTime']}Z",
        "$select": busy.SELECT,
        "$top": _PAGE,
    }


def _failed(addresses: Sequence[str], error: ConnectorError) -> _Answer:
    return _Answer({address: Unknown(error.code, str(error)) for address in addresses}, error)
