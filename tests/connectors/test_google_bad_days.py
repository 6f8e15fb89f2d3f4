"""What the Google connector does when the service throttles, hangs up, doubles or forgets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.calls import Breaker, Cooling, Limiter, Retry
from connectors.errors import (
    Conflict,
    ConnectorError,
    CursorExpired,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RateLimited,
    StaleWrite,
    Transient,
    Unreadable,
)
from connectors.types import Attendee, EventRef, Known, Reply, Role, Unknown, Window
from tests.connectors.conformance_kit import WINDOW, at, follow, make, replies
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.google_harness import ORGANIZER, SWIFT, GoogleHarness, connect, google
from tests.connectors.servers.google_world import CANARY


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestThrottling:
    @pytest.mark.parametrize(
        ("status", "reason"), [(429, "rateLimitExceeded"), (403, "rateLimitExceeded"), (403, "quotaExceeded")]
    )
    def test_the_wait_that_was_asked_for_is_kept_to_the_letter(
        self, harness: GoogleHarness, status: int, reason: str
    ) -> None:
        harness.calendar.availability(harness.people[:1], WINDOW)  # signs in
        harness.server.world.fail(
            on="list", status=status, reason=reason, domain="usageLimits", retry_after="1"
        )
        started = time.monotonic()
        harness.calendar.availability(harness.people[:1], WINDOW)
        assert 1.0 <= time.monotonic() - started < 1.5
        assert len(harness.server.calls("list")) == 3

    def test_without_one_it_is_tried_again_soon(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="list", status=403, reason="userRateLimitExceeded", domain="usageLimits")
        answer = harness.calendar.availability(harness.people[:1], WINDOW)[harness.people[0]]
        assert isinstance(answer, Known)

    def test_a_write_that_was_refused_is_repeated(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=429, reason="rateLimitExceeded", domain="usageLimits")
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        assert len(harness.server.calls("insert")) == 2

    def test_a_longer_wait_than_our_patience_is_handed_on(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=429, reason="rateLimitExceeded", retry_after="600")
        with pytest.raises(RateLimited) as caught:
            harness.calendar.book(ORGANIZER, make(harness))
        assert caught.value.retry_after is not None
        assert 590 < caught.value.retry_after <= 600
        before = len(harness.server.world.log)
        with pytest.raises(RateLimited):  # until then nothing leaves for this account
            harness.calendar.find(ORGANIZER, "t/l/any/0")
        assert len(harness.server.world.log) == before

    def test_an_api_that_is_switched_off_is_not_waited_for(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", status=403, reason="accessNotConfigured", domain="usageLimits")
        with pytest.raises(Forbidden, match="switch this API on"):
            harness.calendar.book(ORGANIZER, make(harness))
        assert len(harness.server.calls("insert")) == 1

    def test_a_storm_opens_the_breaker_of_that_account_alone(self) -> None:
        breaker = Breaker(Cooling(failures=3, first=60))
        with google(breaker=breaker) as harness:
            harness.server.world.fail(on="events.get", status=503, reason="backendError", times=1000)
            for _ in range(10):
                with pytest.raises((Transient, RateLimited)):
                    harness.calendar.get(EventRef(ORGANIZER, "0" * 26))
            assert len(harness.server.calls("get")) == 3
            other = connect(harness.server, subject="ada@example.com", breaker=breaker)
            assert other.changes("ada@example.com", None, WINDOW).upserts == ()
            other.close()

    def test_one_chunk_that_fails_leaves_the_others_known(self) -> None:
        with google("free_busy") as harness:
            people = [f"p{n}@example.com" for n in range(120)]
            for person in people:
                harness.server.world.add_calendar(person)
            harness.server.world.fail(on="query", status=500, reason="backendError", times=2)
            harness.calendar.close()
            calendar = connect(harness.server, mode="free_busy", threads=1, retry=replace(SWIFT, attempts=2))
            answers = calendar.availability(people, WINDOW)
            calendar.close()
        unknown = [p for p in people if isinstance(answers[p], Unknown)]
        assert unknown == people[:50]
        assert {answers[p].code for p in unknown} == {"transient"}  # type: ignore[union-attr]

    def test_where_nobody_could_be_asked_it_is_the_callers_to_know(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="list", status=500, reason="backendError", times=100)
        with pytest.raises(Transient):
            harness.calendar.availability(harness.people, WINDOW)

    def test_a_calendar_google_could_not_work_out_is_asked_about_once_more(self) -> None:
        with google("free_busy") as harness:
            answers = harness.calendar.availability(["broken@example.com", harness.people[0]], WINDOW)
            assert isinstance(answers["broken@example.com"], Unknown)
            assert isinstance(answers[harness.people[0]], Known)
            asked = [[i["id"] for i in c["body"]["items"]] for c in harness.server.calls("query")]
            assert asked == [["broken@example.com", harness.people[0]], ["broken@example.com"]]

    def test_our_own_bucket_keeps_below_googles_limit(self) -> None:
        from connectors.calls import Rate

        with google("free_busy", limiter=Limiter(per_user=Rate(per_second=20, burst=2))) as harness:
            started = time.monotonic()
            for _ in range(8):
                harness.calendar.availability(harness.people, WINDOW)
            assert time.monotonic() - started >= 6 / 20 - 0.05


class TestLostAnswers:
    def test_a_booking_whose_answer_was_lost_is_found(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", lose=True)
        booked = harness.calendar.book(ORGANIZER, make(harness))
        assert harness.calendar.get(booked.ref).key == make(harness).key
        assert [n.rsplit(".", 1)[1] for n, _, _ in harness.server.world.log] == ["insert", "get", "get"]

    def test_a_booking_that_never_arrived_is_written_again(self, harness: GoogleHarness) -> None:
        harness.server.world.fail(on="insert", drop=True)
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        names = [n.rsplit(".", 1)[1] for n, _, _ in harness.server.world.log]
        assert names == ["insert", "get", "list", "insert"]

    def test_a_write_is_sent_once_however_the_connection_ends(self, harness: GoogleHarness) -> None:
        """The transport must not repeat it behind our back, not even on a kept connection."""
        harness.calendar.find_all(ORGANIZER, WINDOW)  # leaves a kept connection behind
        harness.server.world.accepts_duplicates = True
        harness.server.world.fail(on="insert", lose=True)
        harness.calendar.book(ORGANIZER, make(harness))
        assert len(harness.server.calls("insert")) == 1
        assert harness.live(make(harness).key) == 1

    def test_after_an_outage_the_next_try_looks_before_it_writes(self, harness: GoogleHarness) -> None:
        harness.server.world.accepts_duplicates = True
        harness.lose_next_answer()
        with pytest.raises(Transient):
            harness.calendar.book(ORGANIZER, make(harness))
        harness.calendar.book(ORGANIZER, make(harness))
        assert harness.live(make(harness).key) == 1
        assert len(harness.server.calls("insert")) == 1

    def test_a_change_whose_answer_was_lost_is_success(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        moved = replace(intent, start=at(2, 9), end=at(2, 10))
        harness.server.world.fail(on="patch", lose=True)
        again = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert harness.calendar.get(booked.ref).start == at(2, 9)
        assert again.etag == harness.calendar.get(booked.ref).etag
        assert len(harness.server.calls("patch")) == 1

    def test_a_change_may_be_repeated_with_the_old_etag(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        moved = replace(intent, start=at(2, 9), end=at(2, 10))
        first = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert harness.calendar.reschedule(booked.ref, moved, booked.etag) == first

    def test_a_change_that_never_arrived_is_not_called_done(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.fail(on="patch", drop=True)
        with pytest.raises(Transient):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)

    def test_somebody_faster_wins(self, harness: GoogleHarness) -> None:
        """The event changes between our read and our write: the service's own condition refuses."""
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.fail(on="patch", status=412, reason="conditionNotMet")
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)

    def test_a_cancellation_whose_answer_was_lost(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.world.fail(on="delete", lose=True)
        harness.calendar.cancel(booked.ref)
        assert harness.live(make(harness).key) == 0
        assert len([m for m in harness.server.world.mails if m[0] == "cancel"]) == 2

    def test_a_read_on_a_connection_that_went_stale(self, harness: GoogleHarness) -> None:
        harness.calendar.find_all(ORGANIZER, WINDOW)
        harness.server.world.fail(on="list", drop=True)
        assert harness.calendar.find_all(ORGANIZER, WINDOW) == ()


class TestDoubles:
    def test_an_event_the_service_took_twice_is_reported_and_can_be_undone(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        world = harness.server.world
        world.put(ORGANIZER, world.find(ORGANIZER, booked.ref.id)[0].body)
        assert len(harness.calendar.find_all(ORGANIZER, WINDOW)) == 2
        harness.calendar.cancel(booked.ref)
        assert len(harness.calendar.find_all(ORGANIZER, WINDOW)) == 1
        assert harness.live(intent.key) == 1
        assert harness.calendar.get(booked.ref).key == intent.key

    def test_a_copy_under_another_id_is_found_by_its_key(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An import or a restore gives new ids; the key stays."""
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        world = harness.server.world
        body = world.find(ORGANIZER, booked.ref.id)[0].body
        world.events.clear()
        world.put(ORGANIZER, {**body, "id": "v" * 20})
        world.put(ORGANIZER, {**body, "id": "u" * 20})
        with caplog.at_level(logging.WARNING):
            found = harness.calendar.find(ORGANIZER, intent.key)
        assert found is not None
        assert found.ref.id in ("v" * 20, "u" * 20)
        assert "2 live events carry the key" in caplog.text

    def test_the_id_is_taken_by_somebody_else(self, harness: GoogleHarness) -> None:
        from connectors.protocol import event_id

        intent = make(harness)
        body = {"id": event_id(intent.key), "start": {"date": "2026-10-21"}, "end": {"date": "2026-10-22"}}
        other = {"extendedProperties": {"private": {"loopwright_key": "t/other/1/0"}}}
        harness.server.world.put(ORGANIZER, body | other)
        with pytest.raises(Conflict):
            harness.calendar.book(ORGANIZER, intent)


class TestEventsThatLostSomething:
    def test_a_deleted_event_may_have_nothing_left_but_its_id(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.server.world.forgets_details = True
        harness.calendar.cancel(booked.ref)
        found = harness.calendar.find(ORGANIZER, intent.key)
        assert found is not None
        assert (found.cancelled, found.key) == (True, intent.key)
        with pytest.raises(Conflict, match="burnt"):
            harness.calendar.book(ORGANIZER, intent)

    def test_a_human_makes_our_event_all_day(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        world = harness.server.world
        stored = world.find(ORGANIZER, booked.ref.id)[0]
        world.touch(stored, start={"date": "2026-10-25"}, end={"date": "2026-10-26"})
        event = harness.calendar.get(booked.ref)
        assert event.end - event.start == timedelta(hours=25)
        (told,) = harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts
        assert told == event

    def test_an_exception_taken_out_of_a_series_is_a_removal(self, harness: GoogleHarness) -> None:
        """Somebody makes our event repeat, then takes one day out: only its id comes."""
        booked = harness.calendar.book(ORGANIZER, make(harness))
        world = harness.server.world
        stored = world.find(ORGANIZER, booked.ref.id)[0]
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        world.touch(stored, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
        gone = {
            "id": f"{booked.ref.id}_20261028T090000Z",
            "status": "cancelled",
            "recurringEventId": booked.ref.id,
            "originalStartTime": {"dateTime": "2026-10-28T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        }
        world.put(ORGANIZER, gone)
        page = harness.calendar.changes(ORGANIZER, cursor, WINDOW)
        assert [e.ref.id for e in page.upserts] == [booked.ref.id]
        assert page.removals == (gone["id"],)
        full = harness.calendar.changes(ORGANIZER, None, WINDOW)
        assert [e.ref.id for e in full.upserts] == [booked.ref.id]
        assert full.removals == ()

    def test_a_moved_event_leaves_the_window_and_is_told(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        harness.move(booked.ref, at(300, 9), at(300, 10))
        (event,) = harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts
        assert event.start == at(300, 9)


class TestCursors:
    def test_every_page_is_asked_for_the_same(self, harness: GoogleHarness) -> None:
        """A window with microseconds, pages of one event, an empty page first: the server insists
        that all pages of a round have the parameters of the first."""
        harness.server.world.page_size, harness.server.world.empty_pages = 1, True
        refs = {harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0")).ref.id for n in range(4)}
        window = Window(WINDOW.start + timedelta(microseconds=7), WINDOW.end + timedelta(microseconds=9))
        events: dict[str, object] = {}
        cursor = follow(harness.calendar, ORGANIZER, None, events, window)  # type: ignore[arg-type]
        assert set(events) == refs
        assert harness.calendar.changes(ORGANIZER, cursor, window).upserts == ()

    def test_only_the_first_page_resets(self, harness: GoogleHarness) -> None:
        """So that a round resumed in its middle adds to what was saved before."""
        harness.server.world.page_size = 2
        for n in range(5):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        cursor, resets = None, []
        while True:
            page = harness.restart().changes(ORGANIZER, cursor, WINDOW)
            resets.append(page.reset)
            cursor = page.next
            if not page.more:
                break
        assert resets == [True, False, False]

    def test_what_changes_while_pages_are_read_is_told_in_the_next_round(
        self, harness: GoogleHarness
    ) -> None:
        harness.server.world.page_size = 2
        for n in range(4):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        first = harness.calendar.changes(ORGANIZER, None, WINDOW)
        late = harness.calendar.book(ORGANIZER, make(harness, "t/l/late/0"))
        events: dict[str, object] = {}
        cursor = follow(harness.calendar, ORGANIZER, first.next, events)  # type: ignore[arg-type]
        follow(harness.calendar, ORGANIZER, cursor, events)  # type: ignore[arg-type]
        assert late.ref.id in events

    def test_a_window_that_slides_with_the_days_keeps_its_cursor(self, harness: GoogleHarness) -> None:
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        later = Window(WINDOW.start + timedelta(days=7), WINDOW.end + timedelta(days=7))
        assert harness.calendar.changes(ORGANIZER, cursor, later).reset is False
        far = Window(WINDOW.start, WINDOW.end + timedelta(days=11))
        with pytest.raises(CursorExpired, match="window moved"):
            harness.calendar.changes(ORGANIZER, cursor, far)
        before = Window(WINDOW.start - timedelta(days=1), WINDOW.end)
        with pytest.raises(CursorExpired, match="window moved"):
            harness.calendar.changes(ORGANIZER, cursor, before)

    def test_a_cursor_belongs_to_one_calendar(self, harness: GoogleHarness) -> None:
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        with pytest.raises(CursorExpired, match="another calendar"):
            harness.calendar.changes(harness.people[0], cursor, WINDOW)

    def test_everything_is_read_afresh_about_once_a_week(self, harness: GoogleHarness) -> None:
        now = datetime(2026, 10, 1, tzinfo=UTC)
        clock = [now]
        calendar = connect(harness.server, now=lambda: clock[0])
        cursor = follow(calendar, ORGANIZER, None, {})
        clock[0] = now + timedelta(days=6, hours=23)
        cursor = calendar.changes(ORGANIZER, cursor, WINDOW).next
        clock[0] = now + timedelta(days=8, minutes=1)
        with pytest.raises(CursorExpired, match="older than 7 days"):
            calendar.changes(ORGANIZER, cursor, WINDOW)
        calendar.close()

    def test_a_page_token_google_forgot(self, harness: GoogleHarness) -> None:
        harness.server.world.page_size = 1
        for n in range(3):
            harness.calendar.book(ORGANIZER, make(harness, f"t/l/{n}/0"))
        page = harness.calendar.changes(ORGANIZER, None, WINDOW)
        harness.server.world.expire_tokens()
        with pytest.raises(CursorExpired):
            harness.calendar.changes(ORGANIZER, page.next, WINDOW)

    def test_a_full_round_that_is_refused_is_a_bug_and_not_a_reason_to_start_again(
        self, harness: GoogleHarness
    ) -> None:
        harness.server.world.fail(on="list", status=400, reason="invalid")
        with pytest.raises(Invalid):
            harness.calendar.changes(ORGANIZER, None, WINDOW)


class TestStrangeAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>proxy</html>",
            b"[]",
            b"null",
            b'{"items": 7}',
            b'{"items": [7]}',
            b'{"items": [{"id": "a"}], "timeZone": "Europe/Berlin"}',
            b'{"items": [{"start": {"date": "31.12."}, "end": {}}]}',
            b"[" * 100_000,
            b"\xff\xfe{}",
        ],
        ids=lambda b: repr(b[:24]),
    )
    def test_what_is_not_what_was_promised_makes_one_person_unknown(
        self, harness: GoogleHarness, body: bytes
    ) -> None:
        world = harness.server.world
        world.fail(on="list", body=body)
        harness.calendar.close()
        calendar = connect(harness.server, threads=1)
        answers = calendar.availability(harness.people, WINDOW)
        calendar.close()
        first, *others = [answers[p] for p in harness.people]
        assert isinstance(first, Unknown)
        assert first.code == "unreadable"
        assert CANARY not in first.reason
        assert all(isinstance(o, Known) for o in others)

    @pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Pacific Standard Time"])
    def test_a_zone_nobody_knows_is_never_utc(self, harness: GoogleHarness, zone: str) -> None:
        person = harness.people[0]
        harness.add(person, Foreign(Kind.BUSY, at(0, 0).date(), at(1, 0).date()))
        harness.server.world.fail(
            on="list",
            body=(
                b'{"timeZone": "%s", "items": [{"status": "confirmed", "start": {"date": "2026-10-20"},'
                b' "end": {"date": "2026-10-21"}}]}' % zone.encode()
            ),
        )
        answer = harness.calendar.availability([person], WINDOW)[person]
        assert isinstance(answer, Unknown)
        assert answer.code == "unknown_zone"

    @pytest.mark.parametrize(
        "body",
        [b"{}", b"[]", b"oops", b'{"calendars": 3}', b'{"calendars": {"ada@example.com": {"busy": [{}]}}}'],
    )
    def test_a_strange_free_busy_answer(self, body: bytes) -> None:
        with google("free_busy") as harness:
            harness.server.world.fail(on="query", body=body, times=10)
            answers = harness.calendar.availability(harness.people, WINDOW)
            assert {a.code for a in answers.values() if isinstance(a, Unknown)} == {"unreadable"}
            assert len(answers) == len(harness.people)

    @pytest.mark.parametrize("body", [b"{}", b"[]", b'{"id": 5}', b'{"id": "a", "etag": null}'])
    def test_a_strange_answer_to_a_write(self, harness: GoogleHarness, body: bytes) -> None:
        harness.server.world.fail(on="insert", body=body)
        with pytest.raises(Unreadable):
            harness.calendar.book(ORGANIZER, make(harness))

    def test_an_answer_without_end_is_cut_off(self, harness: GoogleHarness) -> None:
        from connectors.google.transport import Transport

        transport = Transport(max_bytes=1000)
        url = f"{harness.server.url}/calendar/v3/calendars/x/events"
        harness.server.world.fail(on="list", body=b" " * 5000, times=2)
        for headers in ({"accept-encoding": "identity"}, {"accept-encoding": "gzip"}):
            with pytest.raises(Unreadable, match="larger"):
                transport.request("GET", url, headers)
        harness.server.world.fail(on="list", body=b" " * 999)
        assert transport.request("GET", url, {}).body == b" " * 999
        transport.close()


class TestWhoMayWhat:
    @pytest.mark.parametrize("mode", ["typed", "free_busy"])
    def test_bad_addresses_are_unknown_and_the_others_are_not(self, mode: str) -> None:
        with google(mode) as harness:
            bad = ["", "no address", "a@b@c", "evil\r\n@example.com", "x" * 400 + "@example.com"]
            answers = harness.calendar.availability([*bad, harness.people[0]], WINDOW)
            assert {answers[a].code for a in bad} == {"invalid"}  # type: ignore[union-attr]
            assert isinstance(answers[harness.people[0]], Known)
            assert harness.calendar.availability(bad, WINDOW).keys() == set(bad)

    def test_a_group_is_named_as_one(self) -> None:
        with google("free_busy") as harness:
            harness.server.world.groups.add("team@example.com")
            answer = harness.calendar.availability(["team@example.com"], WINDOW)["team@example.com"]
            assert answer == Unknown("invalid", "this is the address of a group; name its members")

    def test_somebody_elses_calendar_is_not_written_to(self, harness: GoogleHarness) -> None:
        with pytest.raises(Forbidden):
            harness.calendar.book(harness.people[0], make(harness))

    def test_a_service_account_alone_cannot_invite(self, harness: GoogleHarness) -> None:
        from tests.connectors.servers.google_accounts import SERVICE_ACCOUNT

        harness.server.world.add_calendar(SERVICE_ACCOUNT)
        calendar = connect(harness.server, subject=None)
        with pytest.raises(Forbidden, match="needs a subject"):
            calendar.book(SERVICE_ACCOUNT, make(harness))
        calendar.close()

    def test_typed_where_allowed_busy_times_elsewhere(self, harness: GoogleHarness) -> None:
        shy = harness.server.world.add_calendar("shy@example.com", seen="freeBusyReader")
        for person in (shy.address, harness.people[0]):
            harness.add(person, Foreign(Kind.FOCUS, at(0, 9), at(0, 10)))
        answers = harness.calendar.availability([shy.address, harness.people[0]], WINDOW)
        assert [(a.typed, a.busy[0].verdict) for a in answers.values() if isinstance(a, Known)] == [
            (False, "busy"),
            (True, "focus"),
        ]

    def test_a_room_directory_without_rights(self, harness: GoogleHarness) -> None:
        harness.server.accounts.admins.clear()
        with pytest.raises(Forbidden):
            harness.calendar.rooms()

    def test_the_directory_is_read_page_by_page_and_knows_rooms_from_things(
        self, harness: GoogleHarness
    ) -> None:
        world = harness.server.world
        world.page_size = 2
        world.add_room("beamer@resource.calendar.google.com", "Beamer", resourceCategory="OTHER")
        world.add_room(
            "big@resource.calendar.google.com",
            "Big",
            capacity=20,
            buildingId="B2",
            generatedResourceName="B2-1-Big (20)",
            featureInstances=[{"feature": {"name": "Whiteboard"}}, {"odd": 1}, 7],
        )
        rooms = {r.address: r for r in harness.calendar.rooms()}
        assert "beamer@resource.calendar.google.com" not in rooms
        big = rooms["big@resource.calendar.google.com"]
        assert (big.name, big.capacity, big.building, big.features) == (
            "B2-1-Big (20)",
            20,
            "B2",
            ("Whiteboard",),
        )


class TestMessages:
    def test_everybody_is_told(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)
        harness.calendar.cancel(booked.ref)
        mails = harness.server.world.mails
        assert [what for what, _, _ in mails] == ["invite"] * 2 + ["change"] * 2 + ["cancel"] * 2
        assert {to for _, _, to in mails} == set(harness.people[:2])

    def test_the_message_stands_before_the_text_when_the_event_goes(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.calendar.cancel(booked.ref, "The position is filled")
        (stored,) = harness.server.world.find(ORGANIZER, booked.ref.id)
        assert stored.cancelled
        assert stored.body["description"] == "The position is filled\n\nAgenda"
        assert [c["query"]["sendUpdates"] for c in harness.server.calls("patch")] == [["none"]]

    def test_a_message_is_not_written_twice(self, harness: GoogleHarness) -> None:
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.world.fail(on="delete", drop=True, times=SWIFT.attempts)
        with pytest.raises(Transient):
            harness.calendar.cancel(booked.ref, "Sorry")
        harness.calendar.cancel(booked.ref, "Sorry")
        (stored,) = harness.server.world.find(ORGANIZER, booked.ref.id)
        assert stored.body["description"] == "Sorry\n\nAgenda"
        harness.calendar.cancel(booked.ref, "Sorry")

    def test_a_meet_link_at_once_and_one_that_takes_a_while(self, harness: GoogleHarness) -> None:
        at_once = harness.calendar.book(ORGANIZER, make(harness, "t/l/1/0", conference=True))
        assert at_once.join_url is not None
        assert at_once.join_url.startswith("https://meet.google.com/")
        harness.server.world.pending_conferences = True
        later = harness.calendar.book(ORGANIZER, make(harness, "t/l/2/0", conference=True))
        assert (later.join_url, later.join_pending) == (None, True)
        harness.settle()
        assert harness.calendar.get(later.ref).join_url
        assert harness.calendar.book(ORGANIZER, make(harness, "t/l/3/0")).join_pending is False

    def test_a_link_is_added_and_taken_away(self, harness: GoogleHarness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(ORGANIZER, intent)
        booked = harness.calendar.reschedule(booked.ref, replace(intent, conference=True), booked.etag)
        url = booked.join_url
        assert url
        moved = replace(intent, conference=True, start=at(2, 9), end=at(2, 10))
        booked = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert booked.join_url == url
        assert harness.calendar.reschedule(booked.ref, intent, booked.etag).join_url is None

    def test_what_goes_over_the_wire(self, harness: GoogleHarness) -> None:
        intent = make(
            harness,
            reminders=(10, 60),
            location="Room 1",
            attendees=(
                Attendee(harness.people[0], "Ada"),
                Attendee(harness.people[1], role=Role.OPTIONAL),
                Attendee(harness.rooms[0], role=Role.ROOM),
            ),
        )
        booked = harness.calendar.book(ORGANIZER, intent)
        (call,) = harness.server.calls("insert")
        body = call["body"]
        assert call["query"]["sendUpdates"] == ["all"]
        assert call["query"]["conferenceDataVersion"] == ["1"]
        assert body["id"] == booked.ref.id
        assert len(body["id"]) == 26
        assert body["start"] == {"dateTime": "2026-10-21T10:00:00+02:00", "timeZone": "Europe/Berlin"}
        assert [(a["email"], a.get("optional"), a.get("resource")) for a in body["attendees"]] == [
            (harness.people[0], None, None),
            (harness.people[1], True, None),
            (harness.rooms[0], None, True),
        ]
        assert body["reminders"] == {
            "useDefault": False,
            "overrides": [{"method": "popup", "minutes": 10}, {"method": "popup", "minutes": 60}],
        }
        properties = body["extendedProperties"]["private"]
        assert properties["loopwright_key"] == intent.key
        assert properties["loop"] == "loop-1"
        assert "conferenceData" not in body

    @pytest.mark.parametrize(
        "change",
        [
            {"reminders": (5,) * 6},
            {"reminders": (-1,)},
            {"reminders": (40_321,)},
            {"tags": (("loopwright_key", "other"),)},
            {"tags": (("x" * 45, "1"),)},
            {"tags": (("x", "1" * 1025),)},
            {"attendees": (Attendee("nobody"),)},
            {"attendees": (Attendee("a@example.com"), Attendee("A@example.com"))},
            {"key": "x" * 501},
            {"key": "a\nb"},
            {"end": at(30, 0)},
        ],
        ids=repr,
    )
    def test_what_google_would_refuse_is_refused_here_with_its_name(
        self, harness: GoogleHarness, change: dict[str, object]
    ) -> None:
        with pytest.raises(Invalid) as caught:
            harness.calendar.book(ORGANIZER, make(harness, **change))
        assert any(name in str(caught.value) for name in change)
        assert harness.server.world.log == []

    def test_a_rooms_answer_and_a_comment_are_seen(self, harness: GoogleHarness) -> None:
        room = Attendee(harness.rooms[0], role=Role.ROOM)
        intent = make(harness, attendees=(Attendee(harness.people[0]), room))
        booked = harness.calendar.book(ORGANIZER, intent)
        harness.settle()
        harness.answer(harness.people[0], booked.ref, Reply.TENTATIVE, "maybe a little late")
        event = harness.calendar.get(booked.ref)
        assert replies(event) == {harness.people[0]: Reply.TENTATIVE, room.address: Reply.ACCEPTED}
        assert event.attendees[0].comment == "maybe a little late"
        kept = harness.calendar.reschedule(booked.ref, replace(intent, title="New"), event.etag)
        event = harness.calendar.get(kept.ref)
        assert event.attendees[0].comment == "maybe a little late"
        assert replies(event) == {harness.people[0]: Reply.TENTATIVE, room.address: Reply.ACCEPTED}


def test_settings_that_make_no_sense() -> None:
    from connectors.google.calendar import GoogleCalendar
    from connectors.tokens import MemoryTokens

    with pytest.raises(Invalid, match="mode"):
        GoogleCalendar(MemoryTokens(), mode="other")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="impersonate"):
        GoogleCalendar(MemoryTokens(), impersonate=True)


def test_no_calendar_of_that_name(  # every verb names the same thing
) -> None:
    with google() as harness:
        calendar, missing = harness.calendar, "nobody@example.com"
        for act in (
            lambda: calendar.changes(missing, None, WINDOW),
            lambda: calendar.book(missing, make(harness)),
            lambda: calendar.find(missing, "t/l/1/0"),
            lambda: calendar.find_all(missing, WINDOW),
        ):
            with pytest.raises(NotFound):
                act()
        with pytest.raises(Gone):
            calendar.get(EventRef(missing, "0" * 26))


def test_errors_are_one_line_each() -> None:
    with google(retry=Retry(attempts=1)) as harness:
        for status in (300, 302, 400, 403, 404, 409, 410, 412, 418, 429, 500, 503, 401):
            harness.server.world.fail(on="insert", status=status, reason="some-Reason\nwith more", times=2)
            with pytest.raises(ConnectorError) as caught:
                harness.calendar.book(ORGANIZER, make(harness, f"t/l/{status}/0"))
            assert "\n" not in str(caught.value)
            assert CANARY not in str(caught.value)
            harness.server.world.faults.clear()
