"""Reads everybody's calendars at once: known or unknown, never silently missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.protocol import Calendar
from connectors.types import Availability, Busy, Known, Unknown, Verdict, Window
from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.people import Account, Mode
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span, without
from scheduler.services import meters, progress
from scheduler.services.app import App
from scheduler.services.planning.buffers import guarded

_FAN_OUT = 8
"""Calendar services asked at the same time; each limits its own calls."""
_NOTED = timedelta(hours=1)
_AT_ONCE = 400
"""Accounts between two signs of life: everybody of a large company takes longer than one step of a job may."""


def read(app: App, accounts: Mapping[Subject, Account], span: Span) -> dict[Subject, Availability]:
    """Availability per subject in ``span``: one entry per account.

    A service that cannot be asked makes everybody on it unknown, with its reason.
    """
    wanted, found = list(accounts.items()), dict[Subject, Availability]()
    for n in range(0, len(wanted), _AT_ONCE):
        found |= _read(app, wanted[n : n + _AT_ONCE], span)
        progress.alive()
    return found


def noted(app: App, found: Mapping[Subject, Availability]) -> None:
    """Keep which of these calendars cannot be read, since when, and which can be again. A calendar that stays as it
    was is noted anew once in `_NOTED` only."""
    now, faults = app.clock(), {s: a for s, a in found.items() if isinstance(a, Unknown)}
    with app.db.read() as tx:
        known = {fault.subject: fault for fault in tx.calendar_faults.all()}
    over = [s for s in known if isinstance(found.get(s), Known)]
    new = [
        CalendarFault(s, a.code, a.reason, _since(known.get(s), a.code, now), now)
        for s, a in faults.items()
        if s not in known or known[s].code != a.code or known[s].seen_at <= now - _NOTED
    ]
    if over or new:
        with app.db.write() as tx:
            tx.calendar_faults.over(over)
            tx.calendar_faults.note(new)


def _since(known: CalendarFault | None, code: str, now: datetime) -> datetime:
    return known.since if known is not None and known.code == code else now


def _read(app: App, wanted: Iterable[tuple[Subject, Account]], span: Span) -> dict[Subject, Availability]:
    groups: dict[tuple[str, Mode], dict[str, list[Subject]]] = defaultdict(lambda: defaultdict(list))
    for subject, account in wanted:
        groups[account.provider, account.mode][account.address.casefold()].append(subject)
    with ThreadPoolExecutor(min(_FAN_OUT, len(groups))) as pool:
        asked = {
            key: pool.submit(_ask, app, Account(key[0], "", key[1]), list(addresses), span)
            for key, addresses in groups.items()
        }
    found: dict[Subject, Availability] = {}
    for key, future in asked.items():
        answers = future.result()
        for address, subjects in groups[key].items():
            for subject in subjects:
                found[subject] = answers[address]
    return found


def _ask(app: App, account: Account, addresses: list[str], span: Span) -> dict[str, Availability]:
    try:
        calendar: Calendar = app.calendar(account)
        with meters.calendar_call(account.provider, "availability"):
            found = calendar.availability(addresses, Window(span.start, span.end))
        answers = {a.casefold(): v for a, v in found.items()}
    except ConnectorError as error:
        return {a: Unknown(error.code, str(error)) for a in addresses}
    missing = Unknown("not_answered", "the calendar service did not answer for this address")
    return {a: answers.get(a, missing) for a in addresses}


def without_own(state: Known, prefix: str, own: Iterable[Span]) -> list[Busy]:
    """The blocks that are not this loop's own events.

    Told by our key where the service shows it. Where it does not, one block of exactly the time of
    each event we have in this calendar (``own``) is taken for it; where only busy times are known,
    which a service may have joined with what is next to them, our time is cut out of a longer block.
    """
    blocks = list(state.busy)
    keyed = {(b.start, b.end) for b in blocks if b.key and b.key.startswith(prefix)}
    hidden = [(s.start, s.end) for s in own if (s.start, s.end) not in keyed]
    found = []
    for block in blocks:
        if block.key and block.key.startswith(prefix):
            continue
        time = (block.start, block.end)
        if block.key is None and block.verdict is not Verdict.OUT_OF_OFFICE and time in hidden:
            hidden.remove(time)
            continue
        found.append(block)
    if state.typed:
        return found
    return [rest for block in found for rest in _cut(block, hidden)]


def _cut(block: Busy, hidden: Iterable[tuple[datetime, datetime]]) -> list[Busy]:
    """What is left of a block around the events of ours that it holds wholly."""
    if block.key is not None or block.verdict is Verdict.OUT_OF_OFFICE:
        return [block]
    inside = [Span(a, b) for a, b in hidden if block.start <= a and b <= block.end]
    rest = without([Span(block.start, block.end)], inside) if inside else [Span(block.start, block.end)]
    return [replace(block, start=s.start, end=s.end) for s in rest]


def conflicts(
    availability: Mapping[Subject, Availability],
    wanted: Iterable[tuple[Subject, Span]],
    prefix: str,
    own: Mapping[Subject, Sequence[Span]],
    hard: Callable[[Subject, Verdict], bool],
    buffer: Callable[[Subject], timedelta],
) -> list[tuple[Subject, Span]]:
    """Which of the wanted ``(subject, span)`` are not free now; an unknown subject never is.

    ``hard(subject, verdict)`` says what stops a booking (`meaning`), ``buffer(subject)`` how far from that
    (`buffers`); ``own`` are the times of our own events per subject.
    """
    found = []
    for subject, span in wanted:
        state = availability.get(subject)
        if not isinstance(state, Known):
            found.append((subject, span))
            continue
        mine = own.get(subject, ())
        blocks = [b for b in without_own(state, prefix, mine) if hard(subject, b.verdict)]
        kept = [s for b in blocks for s in guarded(Span(b.start, b.end), buffer(subject), mine)]
        if any(span.overlaps(s) for s in kept):
            found.append((subject, span))
    return found
