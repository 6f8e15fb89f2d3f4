"""The organizer's events: what `Calendar` promises about our own interviews, as requests.

Interviews are written to one organizer calendar, with an id derived from the key, so that a write
whose answer was lost can be looked up before anything is written again.

Told by `tests/connectors/test_google_lost_answers.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.errors import (
    Conflict,
    CursorExpired,
    Gone,
    Invalid,
    NotFound,
    StaleWrite,
    Transient,
    Unreadable,
)
from connectors.google import cursor as cursors
from connectors.google import wire
from connectors.google.auth import SignIn
from connectors.google.service import Service
from connectors.intents import checked, checked_window, clean_text
from connectors.protocol import event_id, fingerprint
from connectors.types import Booked, Event, EventIntent, EventRef, Page, Window
from connectors.zones import zone

PER_PAGE = 2_500
"""Events per page, the most that Google gives."""

_log = logging.getLogger(__name__)


class OrganizerEvents:
    """The verbs of `Calendar` that concern events of ours. ``act_for`` gives the sign-in for a calendar."""

    def __init__(
        self, service: Service, act_for: Callable[[str], SignIn], now: Callable[[], datetime]
    ) -> None:
        self._service = service
        self._act_for = act_for
        self._now = now
        self._unclear: set[str] = set()
        """Keys whose last write had no answer and which could not be looked up since."""
        self._zones: dict[str, str] = {}

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """See `Calendar.changes`: one request, one page. Full rounds look ten days further than asked."""
        checked_window(window)
        now = self._now()
        at = (
            cursors.begin(calendar, window, now)
            if cursor is None
            else cursors.resume(cursor, calendar, window, now)
        )
        asked: dict[str, Any] = {"syncToken": at.sync} if at.sync else _between(at.window)
        try:
            answer = self._list(
                calendar,
                "reading changes",
                pageToken=at.page or None,
                fields=f"timeZone,nextPageToken,nextSyncToken,items({wire.EVENT_FIELDS})",
                **asked,
            )
        except (Gone, Invalid) as error:
            if cursor is None:
                raise
            raise CursorExpired(f"{error}: read everything again") from None
        with wire.reading("a page of changes"):
            items = answer.get("items", [])
            removals = tuple(str(i["id"]) for i in items if i.get("status") == "cancelled")
            upserts = tuple(self._ours(calendar, answer, items))
        return _page(at, answer, upserts, removals)

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        """See `Calendar.book`: one insert. After a lost answer the event is looked up first, and
        written once more where it is not there."""
        checked(intent)
        request = self._service.events.insert(
            calendarId=calendar, body=wire.event_body(intent), sendUpdates="all", conferenceDataVersion=1
        )
        if intent.key in self._unclear:
            found = self._standing(calendar, intent)
            if found is not None:
                return found
        for last in (False, True):
            try:
                answer = self._service.ask(request, self._act_for(calendar), "booking", write=True)
                with wire.reading("the answer to a booking"):
                    return wire.booked_of(calendar, answer)
            except Conflict:
                found = self._standing(calendar, intent)
                if found is None:
                    raise Conflict(f"the id of {intent.key} is taken by an event of somebody else") from None
                return found
            except (Transient, Unreadable):  # whether it happened is not known
                self._unclear.add(intent.key)
                found = self._standing(calendar, intent)
                if found is not None:
                    return found
                if last:
                    raise
        raise AssertionError("the second try returns or raises")

    def _standing(self, calendar: str, intent: EventIntent) -> Booked | None:
        """The event that already holds this key, where it is the one asked for. Raises `Conflict`."""
        found = self.find(calendar, intent.key)
        self._unclear.discard(intent.key)
        if found is None:
            return None
        if found.cancelled:
            raise Conflict(f"{intent.key} was cancelled and its id is burnt: book a new revision")
        if found.fingerprint != fingerprint(intent):
            raise Conflict(f"{intent.key} holds a different event")
        return Booked(found.ref, found.etag, found.join_url, intent.conference and not found.join_url)

    def find(self, calendar: str, key: str) -> Event | None:
        """See `Calendar.find`: by the id the key gives, else by the key's property."""
        try:
            item = self._get(calendar, event_id(key), "looking an event up")
        except (NotFound, Gone):
            item = None
        if item is not None and wire.key_of(item) in (key, None):
            with wire.reading("an event"):
                return wire.event_of(calendar, item, lambda: self._zone(calendar), key)
        found = list(
            self._listed(
                calendar, "looking an event up", privateExtendedProperty=f"{wire.KEY}={key}", showDeleted=True
            )
        )
        live = [event for event in found if not event.cancelled]
        if len(live) > 1:
            _log.warning(
                "%d live events carry the key %s; the reconciler has to cancel all but one", len(live), key
            )
        return next(iter(live or found), None)

    def find_all(self, calendar: str, window: Window) -> Sequence[Event]:
        """See `Calendar.find_all`. An event that the service took twice is there twice."""
        checked_window(window)
        between = _between(window)
        found = self._listed(
            calendar, "listing our events", privateExtendedProperty=f"{wire.MARK}=1", **between
        )
        return tuple(event for event in found if not event.cancelled)

    def get(self, ref: EventRef) -> Event:
        """See `Calendar.get`."""
        item = self._live(ref)
        with wire.reading("an event"):
            return wire.event_of(ref.calendar, item, lambda: self._zone(ref.calendar))

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        """See `Calendar.reschedule`: a read, for the answers that stand, and a conditional write."""
        checked(intent)
        item = self._live(ref)
        if item.get("etag") != etag:
            return self._already(ref, item, intent)
        with wire.reading("an event"):
            now = wire.event_of(ref.calendar, item, lambda: self._zone(ref.calendar), intent.key)
            body = wire.change_body(
                intent, item, same_time=(now.start, now.end) == (intent.start, intent.end)
            )
        patch = self._service.events.patch(
            calendarId=ref.calendar,
            eventId=ref.id,
            body=body,
            sendUpdates="all",
            conferenceDataVersion=1,
        )
        patch.headers["If-Match"] = etag
        try:
            answer = self._service.ask(patch, self._act_for(ref.calendar), "changing an event", write=True)
            with wire.reading("the answer to a change"):
                return wire.booked_of(ref.calendar, answer)
        except NotFound as error:
            raise Gone(str(error)) from None
        except (StaleWrite, Transient, Unreadable) as error:
            try:
                return self._already(ref, self._live(ref), intent)
            except StaleWrite:
                raise error from None

    def _already(self, ref: EventRef, item: Mapping[str, Any], intent: EventIntent) -> Booked:
        """The event as it stands, where an earlier try of the same change made it; else `StaleWrite`."""
        with wire.reading("an event"):
            event = wire.event_of(ref.calendar, item, lambda: self._zone(ref.calendar), intent.key)
            if event.fingerprint == fingerprint(intent) and (event.start, event.end) == (
                intent.start,
                intent.end,
            ):
                return wire.booked_of(ref.calendar, item)
        raise StaleWrite(f"{intent.key} was changed since it was read")

    def cancel(self, ref: EventRef, message: str = "") -> None:
        """See `Calendar.cancel`. Google takes no message with a cancellation: it is put in front of
        the event's text, which the notice shows, right before the event is deleted."""
        sign_in = self._act_for(ref.calendar)
        try:
            if message:
                self._annotate(ref, clean_text(message), sign_in)
            delete = self._service.events.delete(calendarId=ref.calendar, eventId=ref.id, sendUpdates="all")
            self._service.tell(delete, sign_in, "cancelling")
        except (Gone, NotFound):
            return

    def _annotate(self, ref: EventRef, message: str, sign_in: SignIn) -> None:
        item = self._get(ref.calendar, ref.id, "cancelling", fields="status,description")
        text = str(item.get("description", ""))
        if item.get("status") == "cancelled" or text.startswith(message):
            return
        patch = self._service.events.patch(
            calendarId=ref.calendar,
            eventId=ref.id,
            body={"description": f"{message}\n\n{text}".strip()},
            sendUpdates="none",
            fields="id",
        )
        self._service.ask(patch, sign_in, "cancelling")

    # --- below the verbs -----------------------------------------------------------------------

    def _get(self, calendar: str, id: str, what: str, fields: str = wire.EVENT_FIELDS) -> dict[str, Any]:
        request = self._service.events.get(calendarId=calendar, eventId=id, fields=fields)
        return self._service.ask(request, self._act_for(calendar), what)

    def _live(self, ref: EventRef) -> dict[str, Any]:
        try:
            item = self._get(ref.calendar, ref.id, "reading an event")
        except (NotFound, Gone) as error:
            raise Gone(str(error)) from None
        if item.get("status") == "cancelled":
            raise Gone("the event was cancelled")
        return item

    def _list(self, calendar: str, what: str, **parameters: Any) -> dict[str, Any]:
        request = self._service.events.list(calendarId=calendar, maxResults=PER_PAGE, **parameters)
        return self._service.ask(request, self._act_for(calendar), what)

    def _listed(self, calendar: str, what: str, **parameters: Any) -> Iterator[Event]:
        """Every event of ours that a query gives, over all its pages."""
        page: str | None = None
        while True:
            answer = self._list(
                calendar,
                what,
                pageToken=page,
                fields=f"timeZone,nextPageToken,items({wire.EVENT_FIELDS})",
                **parameters,
            )
            with wire.reading("a page of events"):
                events = list(self._ours(calendar, answer, answer.get("items", []), cancelled=True))
            yield from events
            page = answer.get("nextPageToken")
            if not page:
                return

    def _ours(
        self,
        calendar: str,
        answer: Mapping[str, Any],
        items: Sequence[Mapping[str, Any]],
        *,
        cancelled: bool = False,
    ) -> Iterator[Event]:
        """The events of ours among the items; everybody else's are passed over unread."""
        for item in items:
            if wire.key_of(item) and (cancelled or item.get("status") != "cancelled"):
                yield wire.event_of(calendar, item, lambda: zone(str(answer.get("timeZone", ""))))

    def _zone(self, calendar: str) -> ZoneInfo:
        """The calendar's own zone, needed only where a human made an event of ours all-day."""
        name = self._zones.get(calendar)
        if name is None:
            request = self._service.events.list(calendarId=calendar, maxResults=1, fields="timeZone")
            answer = self._service.ask(request, self._act_for(calendar), "reading a calendar's zone")
            name = self._zones[calendar] = str(answer.get("timeZone", ""))
        return zone(name)


def _between(window: Window) -> dict[str, Any]:
    """Events that overlap the window: `timeMin` bounds their end, `timeMax` their start."""
    return {"timeMin": wire.stamp(window.start), "timeMax": wire.stamp(window.end)}


def _page(
    at: cursors.Cursor, answer: Mapping[str, Any], upserts: tuple[Event, ...], removals: tuple[str, ...]
) -> Page:
    """The page with the cursor that belongs to it: of its next page, or of the next round."""
    full = not at.sync
    token, sync = answer.get("nextPageToken"), answer.get("nextSyncToken")
    if token:
        following = cursors.Cursor(at.calendar, at.window, at.since, at.sync, str(token))
    elif sync:
        following = cursors.Cursor(at.calendar, at.window, at.since, str(sync))
    else:
        raise Unreadable("the last page of changes holds no token for the next round")
    return Page(
        upserts,
        () if full else removals,
        following.text(),
        more=bool(token),
        reset=full and not at.page,
    )
