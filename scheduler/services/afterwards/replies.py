"""Follows the organizer's calendar: answers, moves and deletions become seats, flags and repairs."""

from __future__ import annotations

import logging
from dataclasses import replace

from connectors.errors import ConnectorError, CursorExpired, Gone, NotFound
from connectors.protocol import Calendar
from connectors.types import Event, EventRef, Page, Window
from scheduler.domain.bookings import Interview, InterviewState, Write, WriteState
from scheduler.domain.loops import LoopState
from scheduler.domain.people import Account
from scheduler.services import meters
from scheduler.services.afterwards import answers, moved
from scheduler.services.afterwards.answers import Invited
from scheduler.services.app import App
from scheduler.services.booking import holes
from scheduler.services.planning.picture import DEBRIEF_TAIL
from scheduler.services.telling import notices
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.replies")
_TOGETHER = 25
"""Events that are taken over in one transaction: others write in between."""
_TOLD = frozenset({LoopState.CONFIRMED, LoopState.NEEDS_ATTENTION, LoopState.REPAIRING})
"""States in which the candidate has been told what is booked."""


def sync(app: App) -> int:
    """Read what changed in the organizer's calendar and act on it; how many events were looked at.

    Where the organizer was another one before, that calendar is followed as long as something is booked in
    it; one that cannot be read any more does not stop the others. The cursor is saved with the page it
    belongs to: a crash in between reads the page again.
    """
    with app.db.read() as tx:
        if tx.company.loaded_at() is None:
            return 0
        organizer = tx.company.organizer()
        before = tx.interviews.calendars(app.clock()) - {organizer.address}
    seen = _follow(app, organizer)
    for address in sorted(before):
        try:
            seen += _follow(app, replace(organizer, address=address))
        except ConnectorError as error:
            log.warning("the organizer's calendar of before cannot be read: %s", error)
    moved.look(app)
    return seen


def _follow(app: App, organizer: Account) -> int:
    with app.db.read() as tx:
        cursor = tx.cursors.get(organizer.address)
    calendar = app.calendar(organizer)
    now = app.clock()
    window = Window(now - DEBRIEF_TAIL, now + 20 * DEBRIEF_TAIL)
    seen = 0
    while True:
        try:
            with meters.calendar_call(organizer.provider, "changes"):
                page = calendar.changes(organizer.address, cursor, window)
        except CursorExpired:
            cursor = None
            continue
        _page(app, organizer, calendar, page)
        seen += len(page.upserts) + len(page.removals)
        cursor = page.next
        if not page.more:
            return seen


def _page(app: App, organizer: Account, calendar: Calendar, page: Page) -> None:
    """Answers first; what looks moved or deleted is read once more, since the page may be older than
    what we have just written ourselves."""
    invited, news, known = _read(app, organizer, page)
    suspects: list[str] = []
    for n in range(0, len(news), _TOGETHER):
        with app.db.write() as tx:
            some = news[n : n + _TOGETHER]
            suspects += [e.ref.id for e in some if not _event(app, tx, organizer, invited, e)]
    fresh = [(id, _fresh(calendar, EventRef(organizer.address, id))) for id in (*suspects, *known)]
    for n in range(0, len(fresh), _TOGETHER):
        with app.db.write() as tx:
            for id, event in fresh[n : n + _TOGETHER]:
                _suspect(app, tx, organizer, invited, id, event)
    with app.db.write() as tx:
        tx.cursors.put(organizer.address, page.next, app.clock())


def _read(app: App, organizer: Account, page: Page) -> tuple[Invited, list[Event], list[str]]:
    """Whoever is invited to an event of the page, its events that say something new, and the removed ones that are
    ours: read once and before anybody waits for us."""
    addresses = {a.address for e in page.upserts for a in e.attendees}
    ids = {e.ref.id for e in page.upserts}
    if not ids and not page.removals:
        return Invited({}, {}), [], []
    with app.db.read() as tx:
        ours = tx.interviews.by_events(organizer.address, ids | set(page.removals))
        rooms = tx.rooms.list({i.room for i in ours.values() if i.room}, active=False)
        invited = Invited(tx.people.by_emails(addresses), {r.id: r for r in rooms})
    news = [e for e in page.upserts if e.ref.id in ours and _is_news(ours[e.ref.id], invited, e)]
    return invited, news, [id for id in page.removals if id in ours]


def _is_news(interview: Interview, invited: Invited, event: Event) -> bool:
    """Whether an event may say something else than we have. Most of a page does not, and is never written."""
    if interview.state is InterviewState.CANCELLED:
        return False
    if event.cancelled or (event.start, event.end) != (interview.span.start, interview.span.end):
        return True
    link = event.join_url or interview.join_url
    if (event.etag, link) != (interview.etag, interview.join_url) or interview.flag in holes.FLAGS:
        return True
    return answers.differ(interview, invited, event)


def _fresh(calendar: Calendar, ref: EventRef) -> Event | None:
    try:
        found = calendar.get(ref)
    except (Gone, NotFound):
        return None
    return None if found.cancelled else found


def _event(app: App, tx: Tx, organizer: Account, invited: Invited, event: Event) -> bool:
    """Take over the answers of an event that is where we put it; ``False`` where it is not."""
    interview = tx.interviews.by_event(organizer.address, event.ref.id)
    if interview is None or interview.state is InterviewState.CANCELLED:
        return True
    if event.cancelled or (event.start, event.end) != (interview.span.start, interview.span.end):
        return False
    _in_place(app, tx, interview, invited, event)
    return True


def _in_place(app: App, tx: Tx, interview: Interview, invited: Invited, event: Event) -> None:
    link = event.join_url or interview.join_url
    now = tx.interviews.update(interview.id, etag=event.etag, join_url=link)
    if link != interview.join_url:
        _link(app, tx, now)
    was_away = interview.flag in holes.FLAGS
    answers.take(app, tx, interview, invited, event, moved=was_away)
    if was_away:
        moved.back(app, tx, interview)


def _link(app: App, tx: Tx, interview: Interview) -> None:
    """A service gave the link of a call only after the event was written: the candidate is told. While
    the loop is being written, its own mails will say it."""
    loop = tx.loops.claim(interview.loop)
    if loop is not None and loop.state in _TOLD and interview.state is InterviewState.CONFIRMED:
        notices.update(app, tx, loop, [interview])


def _suspect(app: App, tx: Tx, organizer: Account, invited: Invited, id: str, event: Event | None) -> None:
    """Flag an event that is gone or elsewhere even when read again, unless it is us who move it. The
    answers of one that was moved are followed there."""
    interview = tx.interviews.by_event(organizer.address, id)
    if interview is None or interview.state is InterviewState.CANCELLED or _pending(tx, interview):
        return
    if event is not None and (event.start, event.end) == (interview.span.start, interview.span.end):
        _in_place(app, tx, interview, invited, event)
        return
    moved.away(app, tx, interview, event)
    if event is not None:
        answers.take(app, tx, interview, invited, event, moved=True)


def _pending(tx: Tx, interview: Interview) -> bool:
    """Whether we are just writing this event ourselves: what we read may be the old version."""
    rows = tx.ledger.of_loop(interview.loop, {WriteState.TODO})
    return any(r.interview == interview.id and r.write is not Write.MAIL for r in rows)
