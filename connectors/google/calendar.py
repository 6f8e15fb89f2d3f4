"""Google Calendar behind the protocols of the house: people's busy times, rooms, push; the verbs on
our own events are in `events`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from connectors.calls import Breaker, Limiter, Retry
from connectors.checks import Finding
from connectors.errors import ConnectorError, Gone, Invalid, NotFound
from connectors.google import push, wire
from connectors.google.auth import READ_ROOMS, SignIn, scopes_for
from connectors.google.availability import LONGEST, PER_CALL, Reader
from connectors.google.check import findings
from connectors.google.events import OrganizerEvents
from connectors.google.service import Service
from connectors.intents import checked_window
from connectors.tokens import TokenSource
from connectors.types import Availability, Capabilities, Notice, RoomInfo, Subscription, Window

if TYPE_CHECKING:
    from connectors.protocol import Calendar, Push

Mode = Literal["typed", "free_busy"]

_ROOMS_KEPT = 86_400.0
"""Seconds for which the directory of rooms is not asked again."""
_ROOM_DOMAIN = "@resource.calendar.google.com"

_log = logging.getLogger(__name__)


class GoogleCalendar(OrganizerEvents):
    """`Calendar` and `Push` of `connectors.protocol` for Google. Close it when done.

    ``account`` names the sign-in in ``tokens``. With a service account, ``subject`` is the person
    it acts for, or says who that is now; with ``impersonate`` it acts for the owner of each calendar whose events are read or
    written, and for ``subject`` where nobody owns what is asked (busy times, rooms). ``mode``
    ``free_busy`` never asks for events of other people. ``scopes`` replaces the least ones.
    """

    def __init__(
        self,
        tokens: TokenSource,
        *,
        account: str = "google",
        subject: str | Callable[[], str | None] | None = None,
        mode: Mode = "typed",
        impersonate: bool = False,
        scopes: Sequence[str] | None = None,
        limiter: Limiter | None = None,
        breaker: Breaker | None = None,
        retry: Retry | None = None,
        endpoint: str | None = None,
        threads: int = 8,
        timeout: float = 30.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if mode not in ("typed", "free_busy"):
            raise Invalid(f"mode must be typed or free_busy, not {mode!r}")
        if impersonate and not subject:
            raise Invalid("impersonate needs a subject: busy times and rooms are asked for as somebody")
        self._whom = subject
        self._impersonate = impersonate
        self._scopes = tuple(scopes or scopes_for(mode))
        self._mode = mode
        service = Service(
            tokens,
            account,
            limiter=limiter,
            breaker=breaker,
            retry=retry,
            endpoint=endpoint,
            timeout=timeout,
        )
        super().__init__(service, self._as_owner, now)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="google")
        self._reader = Reader(
            self._service,
            self._pool,
            typed=mode == "typed",
            asker=lambda: self._service.sign_in(self._subject, self._scopes),
            act_for=self._as_owner,
        )
        self._lock = threading.Lock()
        self._rooms: tuple[float, tuple[RoomInfo, ...]] | None = None

    def close(self) -> None:
        self._pool.shutdown()
        self._service.close()

    def __enter__(self) -> GoogleCalendar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def capabilities(self) -> Capabilities:
        return Capabilities(
            addresses_per_call=PER_CALL,
            window_days=LONGEST.days,
            conditional_write=True,
            native_idempotency=True,
            push=True,
            conference=True,
        )

    # --- reading people ------------------------------------------------------------------------

    def availability(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        """See `Calendar.availability`. Typed mode: a request per calendar; else one per fifty."""
        checked_window(window)
        return self._reader.read(addresses, window) if addresses else {}

    # --- rooms ---------------------------------------------------------------------------------

    def rooms(self) -> Sequence[RoomInfo]:
        """See `Calendar.rooms`: the Workspace directory, read at most once a day. Raises `Forbidden`
        where the subject may not read it."""
        with self._lock:
            if self._rooms is not None and time.monotonic() < self._rooms[0]:
                return self._rooms[1]
        sign_in = self._service.sign_in(self._subject, (READ_ROOMS,))
        found: list[RoomInfo] = []
        page: str | None = None
        while True:
            request = self._service.rooms.list(
                customer="my_customer", maxResults=500, pageToken=page, fields=wire.ROOM_FIELDS
            )
            answer = self._service.ask(request, sign_in, "reading the directory of rooms")
            with wire.reading("the directory of rooms"):
                found += wire.rooms_of(answer.get("items", []))
            page = answer.get("nextPageToken")
            if not page:
                break
        with self._lock:
            self._rooms = (time.monotonic() + _ROOMS_KEPT, tuple(found))
        return tuple(found)

    # --- push ----------------------------------------------------------------------------------

    def subscribe(self, calendar: str, url: str) -> Subscription:
        """See `Push.subscribe`: a channel for this calendar's events, for a week."""
        body = push.channel(url)
        request = self._service.events.watch(calendarId=calendar, body=body)
        answer = self._service.ask(request, self._as_owner(calendar), "opening a push channel", write=True)
        return push.subscription_of(body, answer, calendar)

    def renew(self, subscription: Subscription, url: str) -> Subscription:
        """See `Push.renew`: a new channel first, then the old one is stopped, so that none is missed."""
        fresh = self.subscribe(subscription.calendar, url)
        try:
            self.unsubscribe(subscription)
        except ConnectorError as error:
            _log.warning("an old push channel could not be stopped and will run out by itself: %s", error)
        return fresh

    def unsubscribe(self, subscription: Subscription) -> None:
        """See `Push.unsubscribe`; a channel that is gone already is success."""
        request = self._service.channels.stop(
            body={"id": subscription.id, "resourceId": subscription.resource}
        )
        try:
            self._service.tell(request, self._as_owner(subscription.calendar), "stopping a push channel")
        except (NotFound, Gone):
            return

    def lives(self, subscription: Subscription) -> None:
        """See `Push.lives`: Google does not tell."""
        del subscription

    def sweep(self, calendar: str, url: str, known: Collection[str], *, young: bool = False) -> None:
        """See `Push.sweep`: Google lists no channels; a stray one ends after a week."""
        del calendar, url, known, young

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """See `Push.handshake`: Google says hello with a notice and expects nothing back."""
        del query
        return None

    def parse_push(
        self, headers: Mapping[str, str], body: bytes, known: Mapping[str, Subscription]
    ) -> Sequence[Notice]:
        """See `Push.parse_push`; Google's notices have no body."""
        del body
        return push.read_notice(headers, known)

    # --- looking after the account -------------------------------------------------------------

    def check(self, calendar: str | None = None, subscriptions: Sequence[Subscription] = ()) -> list[Finding]:
        """What an administrator wants to know of this account, tried out on that organizer calendar.

        Google answers no questions about channels: nothing is found out about ``subscriptions``.
        """
        del subscriptions
        return findings(self._service, self._subject, self._scopes, calendar, self._as_owner)

    # --- whom we act for -------------------------------------------------------------------------

    @property
    def _subject(self) -> str | None:
        return self._whom() if callable(self._whom) else self._whom

    def _as_owner(self, calendar: str) -> SignIn:
        """The sign-in for a calendar's events: its owner's where we act for everybody."""
        own = self._impersonate and not calendar.casefold().endswith(_ROOM_DOMAIN)
        return self._service.sign_in(calendar if own else self._subject, self._scopes)


if TYPE_CHECKING:

    def _keeps_the_protocols(calendar: GoogleCalendar) -> tuple[Calendar, Push]:
        return calendar, calendar
