"""The organizer's events that are ours: looked up by their tag, and followed by delta links.

Told by `tests/connectors/test_outlook_writes.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.errors import ConnectorError, Invalid, Unreadable
from connectors.outlook import cursor as cursors
from connectors.outlook import wire
from connectors.outlook.graph import Graph, event_path, items_of, user
from connectors.outlook.zones import utc_stamp
from connectors.types import Event, Page, Window

_log = logging.getLogger(__name__)

_PAGE = "200"
_DAY = timedelta(days=1)
_DELTA = ("odata.maxpagesize=50", 'outlook.body-content-type="text"')
"""Delta answers hold whole events, texts included, which nobody asked for: small pages, plain text."""


class Events:
    """Reads events of ours; what is not ours is dropped as soon as it is known to be somebody else's."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._tag_alone = False

    def by_key(self, calendar: str, key: str) -> tuple[list[Mapping[str, Any]], Mapping[str, Any] | None]:
        """Live events with that key, the one to keep in front, and the note that it is used up, if any."""
        items = self._list(calendar, wire.by_key(key))
        with wire.reading("look for our events"):
            found = wire.oldest_first(items, key)
            live = [i for i in found if not wire.is_mark(i) and not i.get("isCancelled")]
            return live, next((i for i in found if wire.is_mark(i)), None)

    def by_id(self, calendar: str, ident: str, select: str = wire.SELECT) -> dict[str, Any]:
        """One event as Graph tells it, its tag included. Raises `Gone`."""
        return self._graph.call(
            "GET",
            event_path(calendar, ident),
            "read an event",
            mailbox=calendar,
            params={"$select": select, "$expand": wire.EXPAND},
            event=True,
        )

    def within(self, calendar: str, window: Window) -> list[Event]:
        """Every live event of ours that touches the window, by start."""
        items = self._near(calendar, window)
        with wire.reading("look for our events"):
            ours = [i for i in items if wire.key_of(i) and not wire.is_mark(i)]
            found = [wire.event_of(calendar, item) for item in ours]
        live = [e for e in found if not e.cancelled and e.start < window.end and window.start < e.end]
        return sorted(live, key=lambda e: (e.start, e.key, e.ref.id))

    def keys(self, calendar: str, window: Window) -> dict[str, str]:
        """Keys of our events in the window, by id."""
        return {event.ref.id: event.key for event in self.within(calendar, window)}

    def _near(self, calendar: str, window: Window) -> list[dict[str, Any]]:
        """Events of ours around the window; all of them where Exchange takes no time beside the tag.

        It files all-day events under another instant than it shows: a day further is asked for.
        """
        if not self._tag_alone:
            try:
                wide = Window(window.start - _DAY, window.end + _DAY)
                return self._list(calendar, wire.ours_between(wide))
            except Invalid as error:
                _log.warning("our events can only be listed without a window: %s", error)
                self._tag_alone = True
        return self._list(calendar, wire.ours())

    def _list(self, calendar: str, condition: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in self._graph.pages(
            f"{user(calendar)}/events",
            "look for our events",
            mailbox=calendar,
            params={
                "$filter": condition,
                "$expand": wire.EXPAND,
                "$select": wire.SELECT,
                "$top": _PAGE,
            },
        ):
            found += page
        return found

    # --- changes -------------------------------------------------------------------------------

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """One page of what changed. Raises `CursorExpired`.

        Delta answers cannot carry our tag (no ``$expand``), so one more request asks which of the
        page's events have it, and reads them as they are now. A series comes again as a whole;
        of ours only the master carries the tag, so it replaces itself.
        """
        if cursor is None:
            frozen = cursors.frozen(window)
            answer = self._graph.call(
                "GET",
                f"{user(calendar)}/calendarView/delta",
                "changes of a calendar",
                mailbox=calendar,
                params={
                    "startDateTime": f"{utc_stamp(frozen.start)['dateTime']}Z",
                    "endDateTime": f"{utc_stamp(frozen.end)['dateTime']}Z",
                },
                prefer=_DELTA,
            )
        else:
            kept = cursors.read(cursor, calendar, window)
            frozen = kept.window
            answer = self._graph.call(
                "GET",
                kept.link,
                "changes of a calendar",
                mailbox=calendar,
                prefer=_DELTA,
                cursor=True,
            )
        with wire.reading("changes of a calendar"):
            items = items_of(answer, "changes of a calendar")
            upserts, removals = self._sorted_out(calendar, items, frozen)
        following = answer.get("@odata.nextLink")
        link = self._graph.relative(following or answer.get("@odata.deltaLink"))
        return Page(
            tuple(upserts),
            tuple(removals),
            cursors.Cursor(calendar, link, frozen).text(),
            more=bool(following),
            reset=cursor is None,
        )

    def _sorted_out(
        self, calendar: str, items: list[dict[str, Any]], frozen: Window
    ) -> tuple[list[Event], list[str]]:
        """Our events among a page's items as they are now, and ids that left.

        The last word about an id counts: a page may repeat one, and may name ids nobody has seen.
        """
        last: dict[str, dict[str, Any]] = {}
        for item in items:
            ident = item.get("id")
            if not isinstance(ident, str):
                raise Unreadable("changes of a calendar: an item without an id")
            last[ident] = item
        gone = [ident for ident, item in last.items() if "@removed" in item]
        candidates = {i: item for i, item in last.items() if "@removed" not in item and _organized(item)}
        if not candidates:
            return [], gone
        now = self.within(calendar, _hull(list(candidates.values()), frozen))
        return [event for event in now if event.ref.id in candidates], gone


def _organized(item: Mapping[str, Any]) -> bool:
    """Whether it may be ours: organized by this mailbox, and no single occurrence of a series."""
    kind = str(item.get("type") or "").casefold()
    return item.get("isOrganizer") is not False and kind not in ("occurrence", "exception")


def _hull(items: list[dict[str, Any]], frozen: Window) -> Window:
    """The span of those events; the whole window where one of them cannot be placed."""
    try:
        spans = [wire.span_of(item) for item in items]
    except ConnectorError:
        return frozen
    return Window(min(s for s, _ in spans) - _DAY, max(e for _, e in spans) + _DAY)
