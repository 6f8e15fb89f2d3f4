"""One page of `changes`: pure, from the journal and the organizer's events."""

from __future__ import annotations

from datetime import datetime

from connectors.local.events import Stored, as_event
from connectors.local.journal import LIVE, Cursor, Journal, Record
from connectors.types import Event, EventRef, Page, Window


def page(
    owner: str,
    journal: Journal,
    found: dict[str, Stored],
    at: Cursor | None,
    window: Window,
    size: int,
) -> Page:
    """The next at most ``size`` changes after a cursor (``None``: the first page of a first round).

    A round that is under way keeps its window; a new one may have another and then also tells what
    the old window did not cover. An event that changes during a round comes once more at its end.
    """
    if at is None:
        base, old, position = journal.counter, None, 0
    elif at.under_way:
        base, old, window, position = at.base, at.old, at.window, at.position
    else:
        base, old, position = at.base, at.window, 0
    first = at is None
    due = sorted(
        (record.seq, id_)
        for id_, record in journal.events.items()
        if record.seq > position and _is_news(record, base, old, window)
    )
    told = due[:size]
    more = len(due) > size
    upserts = tuple(as_event(found[id_], owner) for _, id_ in told if id_ in found)
    removals = tuple(id_ for _, id_ in told if id_ not in found)
    mark = journal.marks[-1]
    if more:
        following = Cursor(journal.epoch, mark, base, told[-1][0], old, window, True)
    else:
        following = Cursor(journal.epoch, mark, journal.counter, journal.counter, None, window, False)
    return Page(upserts, removals, following.text(), more=more, reset=first)


def _is_news(record: Record, base: int, old: Window | None, window: Window) -> bool:
    """Whatever changed after ``base``, and what is alive in this window but was not in the old one."""
    newly_covered = record.overlaps(window) and (old is None or not record.overlaps(old))
    return record.seq > base or (record.state == LIVE and newly_covered)


def remembered(owner: str, id_: str, record: Record) -> Event:
    """An event that a human deleted from the organizer's file, as far as we remember it."""
    return Event(
        ref=EventRef(owner, id_),
        key=record.key,
        etag=record.etag,
        start=datetime.fromisoformat(record.start),
        end=datetime.fromisoformat(record.end),
        attendees=(),
        cancelled=True,
        fingerprint=record.fingerprint,
        zone=record.zone,
    )
