"""Microsoft 365 as a `Calendar` with `Push`: the verbs, each as the requests it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from connectors.calls import Breaker, Calls, Limiter, Rate, Retry
from connectors.checks import Finding
from connectors.errors import Conflict, Gone, Invalid, NotFound, StaleWrite, Unreadable
from connectors.http import Http
from connectors.intents import checked, checked_window, clean_text
from connectors.outlook import doctor, push, rooms, wire
from connectors.outlook.auth import AUTHORITY, SignIn
from connectors.outlook.events import Events
from connectors.outlook.graph import BASE, IN_FLIGHT, Bearer, Graph, event_path, user
from connectors.outlook.people import People
from connectors.protocol import fingerprint
from connectors.tokens import TokenSource
from connectors.types import (
    Availability,
    Booked,
    Capabilities,
    Event,
    EventIntent,
    EventRef,
    Notice,
    Page,
    RoomInfo,
    Subscription,
    Window,
)

if TYPE_CHECKING:
    from connectors.protocol import Calendar, Push

Mode = Literal["typed", "free_busy"]

_PER_MAILBOX = Rate(per_second=15.0, burst=300)
"""Outlook takes 10,000 requests in ten minutes for one application and mailbox."""


_ROOMS_KEPT = 86_400.0
"""Seconds for which the directory of rooms is not asked again."""


def app_limiter(in_flight: int = IN_FLIGHT) -> Limiter:
    """A limiter for one app registration.

    Where several processes sign in as the same application, give each its part of the four.
    """
    return Limiter(in_flight, _PER_MAILBOX)


@lru_cache(maxsize=256)
def _shared_limiter(account: str, base: str) -> Limiter:  # noqa: ARG001 - they are the key
    """The limiter of this process for that account, whatever the number of connectors."""
    return app_limiter()


class OutlookCalendar:
    """One app registration's (or one person's) way into Microsoft 365. Safe to use from several threads.

    ``tokens`` and ``account``: where the sign-in is kept (see `connectors.outlook.auth`). ``mode``:
    ``typed`` reads events and their kind, ``free_busy`` only blocks, many people at once. ``reader``: the
    mailbox in whose name free/busy times are asked; without one the people ask for each other.
    Without a ``limiter`` all connectors of one account in this process share one.
    """

    def __init__(
        self,
        tokens: TokenSource,
        *,
        account: str = "microsoft",
        mode: Mode = "typed",
        reader: str | None = None,
        limiter: Limiter | None = None,
        breaker: Breaker | None = None,
        retry: Retry | None = None,
        http: Http | None = None,
        sign_in: Bearer | None = None,
        base: str = BASE,
        authority: str = AUTHORITY,
    ) -> None:
        if mode not in ("typed", "free_busy"):
            raise Invalid(f"mode must be typed or free_busy, not {mode!r}")
        self._http = http or Http()
        self._sign_in = sign_in or SignIn(tokens, account, self._http, authority=authority, retry=retry)
        calls = Calls(limiter or _shared_limiter(account, base), breaker or Breaker(), retry or Retry())
        self._graph = Graph(self._sign_in, self._http, calls, base)
        self._events = Events(self._graph)
        self._people = People(self._graph, mode, reader, self._events.keys)
        self._mode = mode
        self._rooms: tuple[float, tuple[RoomInfo, ...]] | None = None

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> OutlookCalendar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading -------------------------------------------------------------------------------

    def availability(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        """See `Calendar.availability`. Floor: one request per 20 people (``free_busy``) or per person."""
        return self._people.read(addresses, checked_window(window))

    def changes(self, calendar: str, cursor: str | None, window: Window) -> Page:
        """See `Calendar.changes`. Events up to a week beyond the window may be among them."""
        return self._events.changes(calendar, cursor, checked_window(window))

    def find(self, calendar: str, key: str) -> Event | None:
        live, mark = self._events.by_key(calendar, key)
        if live:
            return wire.event_of(calendar, live[0])
        return wire.event_of(calendar, mark) if mark is not None else None

    def find_all(self, calendar: str, window: Window) -> Sequence[Event]:
        return tuple(self._events.within(calendar, checked_window(window)))

    def get(self, ref: EventRef) -> Event:
        event = wire.event_of(ref.calendar, self._ours(ref))
        if event.cancelled:
            raise Gone("the event was cancelled")
        return event

    def rooms(self) -> Sequence[RoomInfo]:
        """See `Calendar.rooms`: read at most once a day. `Forbidden` where Place.Read.All is missing."""
        held = self._rooms
        if held is not None and time.monotonic() < held[0]:
            return held[1]
        found: list[RoomInfo] = []
        for page in self._graph.pages(rooms.PATH, "the directory of rooms", params={"$top": rooms.PAGE}):
            with wire.reading("the directory of rooms"):
                found += rooms.rooms_of(page)
        self._rooms = (time.monotonic() + _ROOMS_KEPT, tuple(found))
        return tuple(found)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            addresses_per_call=20,
            window_days=61,
            conditional_write=False,
            native_idempotency=True,
            push=True,
            conference=True,
        )

    # --- writing -------------------------------------------------------------------------------

    def book(self, calendar: str, intent: EventIntent) -> Booked:
        """See `Calendar.book`: one look for the key, then one write.

        The look cannot be left out: ``transactionId`` makes a repeated write return the first event, but
        it is not said for how long, and after a cancel it would make a new one.
        """
        wire.event_body(checked(intent))  # what is wrong with it is known before anything is asked
        held = self._held(calendar, intent)
        if held is not None:
            return held
        path = f"{user(calendar)}/events"
        try:
            answer = _in_its_zone(
                lambda body: self._write("POST", path, "book", calendar, body),
                lambda in_utc: wire.event_body(intent, in_utc=in_utc),
            )
        except Conflict:  # the same transactionId a moment ago, or an event deleted since
            held = self._held(calendar, intent)
            if held is None:
                raise Conflict(f"{intent.key} was booked before and is gone; raise its revision") from None
            return held
        booked = self._noted(EventRef(calendar, str(answer.get("id"))), intent, answer, {})
        return booked if _as_asked(answer, intent) else self._set_right(booked, intent)

    def reschedule(self, ref: EventRef, intent: EventIntent, etag: str) -> Booked:
        """See `Calendar.reschedule`. Graph documents no conditional write for events: the event is read
        again and compared right before, so an edit in that instant can be missed, and is seen as a
        change afterwards."""
        checked(intent)
        current = self._ours(ref, wire.SELECT_FOR_WRITING)
        if wire.event_of(ref.calendar, current).cancelled:
            raise Gone("the event was cancelled")
        if wire.key_of(current) != intent.key:
            raise Invalid(f"the event belongs to another key than {intent.key}")
        if current.get("changeKey") != etag:
            if self._same(current, intent) and _as_asked(current, intent):
                return wire.booked_of(ref.calendar, current)  # our own write, whose answer was lost
            raise StaleWrite("the event was changed since it was read")
        answer = _in_its_zone(
            lambda body: self._change(ref, body),
            lambda in_utc: wire.change_body(current, intent, in_utc=in_utc),
        )
        booked = self._noted(ref, intent, answer, current)
        return booked if _as_asked(answer, intent) else self._set_right(booked, intent)

    def _noted(
        self, ref: EventRef, intent: EventIntent, answer: Mapping[str, Any], current: Mapping[str, Any]
    ) -> Booked:
        """What was written; people whom Exchange holds by another address than ours are noted as ours."""
        booked = wire.booked_of(ref.calendar, answer)
        more = wire.renamed(answer, intent, current)
        if not more:
            return booked
        return wire.booked_of(ref.calendar, self._change(ref, wire.guests_body(intent, more)))

    def cancel(self, ref: EventRef, message: str = "") -> None:
        """See `Calendar.cancel`. First a note that the key is used up, then the cancellation: a crash in
        between leaves a live event that `find` still finds, never a key that can be booked again."""
        try:
            current = self._ours(ref)
        except Gone:
            return
        event = wire.event_of(ref.calendar, current)
        if event.cancelled:
            return
        self._mark(event)
        path = event_path(ref.calendar, ref.id)
        try:
            if event.attendees:
                body = {"Comment": clean_text(message)}
                self._write("POST", f"{path}/cancel", "cancel", ref.calendar, body, event=True)
            else:  # an appointment has nobody to tell, and Exchange cancels meetings only
                self._write("DELETE", path, "cancel", ref.calendar, None, event=True)
        except Gone:
            return

    def _held(self, calendar: str, intent: EventIntent) -> Booked | None:
        """What the calendar already holds for that key. Raises `Conflict`."""
        live, mark = self._events.by_key(calendar, intent.key)
        if mark is not None:
            raise Conflict(f"{intent.key} was cancelled; raise its revision")
        if not live:
            return None
        if not self._same(live[0], intent):
            raise Conflict(f"{intent.key} is booked with other content")
        return wire.booked_of(calendar, live[0])

    @staticmethod
    def _same(item: Mapping[str, Any], intent: EventIntent) -> bool:
        return wire.fingerprint_of(item) == fingerprint(intent)

    def _set_right(self, booked: Booked, intent: EventIntent) -> Booked:
        """Exchange took the wall clock for another instant than we meant (older zone rules than ours), or
        it gave us an event that was there: the first is written again in UTC."""
        current = self._events.by_id(booked.ref.calendar, booked.ref.id, wire.SELECT_FOR_WRITING)
        if not self._same(current, intent):
            raise Conflict(f"{intent.key} is booked with other content")
        answer = self._change(booked.ref, wire.change_body(current, intent, in_utc=True))
        if not _as_asked(answer, intent):
            raise Unreadable(f"{intent.key}: Exchange keeps another time than the one it was given")
        return wire.booked_of(booked.ref.calendar, answer)

    def _mark(self, event: Event) -> None:
        try:
            path = f"{user(event.ref.calendar)}/events"
            self._write("POST", path, "note a cancellation", event.ref.calendar, wire.mark_body(event))
        except Conflict:
            return  # the note is there already

    def _ours(self, ref: EventRef, select: str = wire.SELECT) -> dict[str, Any]:
        """The event as it is now. Raises `Gone`, also for somebody else's event: it is none of ours."""
        current = self._events.by_id(ref.calendar, ref.id, select)
        if wire.key_of(current) is None or wire.is_mark(current):
            raise Gone("there is no event of ours with this id")
        return current

    def _change(self, ref: EventRef, body: Mapping[str, Any]) -> dict[str, Any]:
        path = event_path(ref.calendar, ref.id)
        return self._write("PATCH", path, "reschedule", ref.calendar, body, event=True)

    def _write(
        self, method: str, path: str, what: str, calendar: str, body: Any, *, event: bool = False
    ) -> dict[str, Any]:
        return self._graph.call(method, path, what, mailbox=calendar, body=body, write=True, event=event)

    # --- push ----------------------------------------------------------------------------------

    def subscribe(self, calendar: str, url: str) -> Subscription:
        """See `Push.subscribe`: Graph keeps one per application and calendar, whatever its address. Raises
        `Invalid` for an address that is not https or does not answer the handshake: the address must
        already answer `handshake` when this is called."""
        refused: Invalid | None = None
        for life in push.LIVES:
            body = push.subscription_body(calendar, url, datetime.now(UTC) + life)
            try:
                answer = self._subscription("POST", "/subscriptions", calendar, body)
                return push.subscription_of(answer, calendar, body["clientState"])
            except Invalid as error:  # perhaps a tenant with the older, shorter bound
                refused = error
        raise refused or Invalid("no subscription")

    def renew(self, subscription: Subscription, url: str) -> Subscription:
        """Lengthen it, which also authorizes it again; one that is gone is made anew."""
        path = f"/subscriptions/{subscription.id}"
        refused: Invalid | None = None
        for life in push.LIVES:
            body = push.renewal_body(datetime.now(UTC) + life)
            try:
                answer = self._subscription("PATCH", path, subscription.calendar, body)
            except NotFound:
                return self.subscribe(subscription.calendar, url)
            except Invalid as error:
                refused = error
                continue
            told = {"id": subscription.id, **body, **answer}
            return push.subscription_of(told, subscription.calendar, subscription.secret)
        raise refused or Invalid("no subscription")

    def unsubscribe(self, subscription: Subscription) -> None:
        try:
            self._subscription("DELETE", f"/subscriptions/{subscription.id}", subscription.calendar, None)
        except NotFound:
            return

    def lives(self, subscription: Subscription) -> bool:
        try:
            self._subscription("GET", f"/subscriptions/{subscription.id}", subscription.calendar, None)
        except NotFound:
            return False
        return True

    def sweep(self, calendar: str, url: str, known: Collection[str], *, young: bool = False) -> int:
        """See `Push.sweep`; Graph lists what this application subscribed to."""
        what = "the list of subscriptions"
        items = [item for page in self._graph.pages("/subscriptions", what) for item in page]
        found = push.strays(items, url, known, datetime.now(UTC), young=young)
        for ident in found:
            self.unsubscribe(Subscription(ident, "", calendar, datetime.now(UTC), ""))
        return len(found)

    @staticmethod
    def handshake(query: Mapping[str, str]) -> str | None:
        """The plain text to answer at once where Graph tries the address; ``None``: it is a notice."""
        return push.validation(query)

    def parse_push(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - Graph signs nothing there
        body: bytes,
        known: Mapping[str, Subscription],
    ) -> Sequence[Notice]:
        return push.notices(body, known)

    def _subscription(self, method: str, path: str, calendar: str, body: Any) -> dict[str, Any]:
        # Safe to repeat: where the first try was carried out, the second one is a `Conflict`.
        what = "subscription to changes"
        return self._graph.call(method, path, what, mailbox=calendar, body=body, single=True)

    # --- for an administrator ------------------------------------------------------------------

    def check(self, calendar: str | None = None, subscriptions: Sequence[Subscription] = ()) -> list[Finding]:
        """What an administrator wants to know of this account, tried out on that organizer calendar.

        Whether it can be written to is found out by writing: an event nobody sees, taken away at once.
        """
        return doctor.findings(self._graph, self._sign_in, self._mode, calendar, subscriptions)


def _in_its_zone(
    write: Callable[[Mapping[str, Any]], dict[str, Any]], body: Callable[[bool], Mapping[str, Any]]
) -> dict[str, Any]:
    """Write with times in the interview's zone; where they are refused, with the same instants in UTC.

    A tenant may not know a name yet (three were added in 2026), and says so in several ways:
    ``TimeZoneNotSupportedException``, but also that some property failed validation. So any refusal of the request
    counts whose times would read otherwise in UTC.
    """
    local = body(False)
    try:
        return write(local)
    except Invalid:
        plain = body(True)
        if plain == local:
            raise
        return write(plain)


def _as_asked(item: Mapping[str, Any], intent: EventIntent) -> bool:
    """Whether the event lies where the intent wants it, to the second."""
    start, end = wire.span_of(item)
    second = timedelta(seconds=1)
    return not item.get("isAllDay") and abs(start - intent.start) < second and abs(end - intent.end) < second


if TYPE_CHECKING:

    def _keeps_the_protocols(calendar: OutlookCalendar) -> tuple[Calendar, Push]:
        return calendar, calendar
