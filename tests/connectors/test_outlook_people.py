"""Who is busy, from Outlook: what it costs, who is unknown and why, what the service asks us to bear."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from math import ceil

import pytest

from connectors.errors import ConnectorError, Invalid, Transient
from connectors.outlook.calendar import Mode, OutlookCalendar
from connectors.tokens import MemoryTokens
from connectors.types import Attendee, Known, Role, Unknown, Verdict, Window
from tests.connectors.conformance_kit import WINDOW, at, known, make
from tests.connectors.harness import CANARY, Foreign, Kind
from tests.connectors.servers.graph_harness import KEY, GraphHarness, StaticBearer, graph_harness

ODD = b"""{"value": [{"scheduleId": "ada@contoso.example", "scheduleItems": [5], "start": "x", "end": {},
"attendees": [5], "responseStatus": "x", "showAs": 5, "isAllDay": false, "id": "AAMk1", "changeKey": "CK",
"singleValueExtendedProperties": [5]}]}"""
MODES: tuple[Mode, Mode] = ("typed", "free_busy")


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness("free_busy") as harness:
        yield harness


@pytest.fixture
def typed() -> Iterator[GraphHarness]:
    with graph_harness("typed") as harness:
        yield harness


def crowd(harness: GraphHarness, number: int) -> list[str]:
    people = [f"p{n}@contoso.example" for n in range(number)]
    with harness.server.locked() as world:
        for person in people:
            world.add_mailbox(person)
    return people


# --- cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12, 20, 21, 200])
def test_free_busy_costs_one_request_per_twenty_people(harness: GraphHarness, number: int) -> None:
    people = crowd(harness, number)
    answers = harness.calendar.availability(people, WINDOW)
    assert harness.server.count() == harness.server.count("getSchedule") == ceil(number / 20)
    assert all(isinstance(answers[p], Known) for p in people)
    assert max(len(seen.body["Schedules"]) for seen in harness.server.requests) <= 20


def test_the_same_person_is_asked_about_once(harness: GraphHarness) -> None:
    asked = ["Ada@contoso.example", "ada@CONTOSO.example"]
    answers = harness.calendar.availability(asked, WINDOW)
    assert set(answers) == set(asked)
    assert len(harness.server.requests[0].body["Schedules"]) == 1


def test_a_long_window_costs_one_request_per_sixty_one_days(harness: GraphHarness) -> None:
    window = Window(at(0, 0), at(0, 0) + timedelta(days=150))
    over = at(0, 0) + timedelta(days=61)
    harness.add(harness.people[0], Foreign(Kind.BUSY, over - timedelta(hours=1), over + timedelta(hours=1)))
    answer = known(harness.calendar, harness.people[0], window)
    assert harness.server.count("getSchedule") == 3
    assert [(b.start, b.end) for b in answer.busy] == [(over - timedelta(hours=1), over + timedelta(hours=1))]


def test_a_full_organizer_calendar_is_read_to_its_last_page(typed: GraphHarness) -> None:
    with typed.server.locked() as world:
        for n in range(450):
            start = at(0, 0).astimezone(UTC) + timedelta(minutes=30 * n)
            item = world.put(typed.organizer, subject="x", start=start, end=start + timedelta(minutes=25))
            item.properties[KEY] = f"t/l & s/{n}/0"
    assert len(typed.calendar.find_all(typed.organizer, WINDOW)) == 450
    assert typed.server.count("events") == 3


def test_a_full_calendar_is_read_to_its_last_page(typed: GraphHarness) -> None:
    for n in range(1_100):
        start = at(0, 0) + timedelta(minutes=15 * n)
        typed.add(typed.people[0], Foreign(Kind.BUSY, start, start + timedelta(minutes=5)))
    assert len(known(typed.calendar, typed.people[0]).busy) == 1_100
    assert typed.server.count("calendarView") == 3


def test_never_more_than_four_requests_in_flight_over_all_connectors_of_an_app() -> None:
    with graph_harness("typed") as harness:
        harness.server.faults.latency = 0.01
        people = crowd(harness, 40)
        connectors = [harness.calendar, *(harness.make(mode=mode) for mode in MODES)]
        with ThreadPoolExecutor(6) as pool:
            work = [pool.submit(c.availability, people, WINDOW) for c in connectors * 2]
            for done in work:
                assert all(isinstance(a, Known) for a in done.result().values())
        assert harness.server.most_in_flight == 4


# --- who is unknown ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_one_person_who_cannot_be_read_leaves_the_others_alone(mode: Mode) -> None:
    with graph_harness(mode) as harness:
        asked = [harness.people[0], "ceo@contoso.example", "nobody@contoso.example", harness.people[1]]
        answers = harness.calendar.availability(asked, WINDOW)
        assert [getattr(answers[a], "code", "known") for a in asked] == [
            "known",
            "forbidden",
            "not_found",
            "known",
        ]
        reason = answers["ceo@contoso.example"]
        assert isinstance(reason, Unknown)
        assert ("RBAC for Applications" if mode == "typed" else "shares no free/busy") in reason.reason


def test_without_a_reader_the_first_who_can_be_used_asks_for_everybody(harness: GraphHarness) -> None:
    calendar = harness.make(reader=None)
    asked = ["nobody@contoso.example", "ceo@contoso.example", *harness.people]
    for _ in range(2):
        answers = calendar.availability(asked, WINDOW)
        codes = [getattr(answers[a], "code", "known") for a in asked]
        assert codes == ["not_found", "forbidden", *["known"] * 3]
    assert [seen.mailbox for seen in harness.server.requests] == [*asked[:3], asked[2]], "and is remembered"
    with harness.server.locked() as world:
        world.mailboxes[asked[2]].readable = False
    answers = calendar.availability(asked, WINDOW)
    assert [getattr(answers[a], "code", "known") for a in asked[2:]] == ["forbidden", "known", "known"]


def test_nobody_whose_mailbox_may_be_used(harness: GraphHarness) -> None:
    asked = ["nobody@contoso.example", "ceo@contoso.example"]
    answers = harness.make(reader=None).availability(asked, WINDOW)
    assert [getattr(answers[a], "code", "known") for a in asked] == ["not_found", "forbidden"]


def test_a_reader_who_may_not_be_used_makes_everybody_unknown_and_is_named(harness: GraphHarness) -> None:
    calendar = harness.make(reader="ceo@contoso.example")
    for answer in calendar.availability(harness.people, WINDOW).values():
        assert isinstance(answer, Unknown)
        assert answer.code == "forbidden"
        assert "asked as ceo@contoso.example" in answer.reason


def test_one_bad_answer_among_many_makes_only_its_person_unknown(typed: GraphHarness) -> None:
    people = crowd(typed, 60)
    typed.server.faults.refuse = [(500, "ErrorInternalServerError", None)] * 3 + [(400, "BadRequest", None)]
    answers = typed.calendar.availability(people, WINDOW)
    assert [a.code for a in answers.values() if isinstance(a, Unknown)] == ["invalid"]


def test_one_address_that_spoils_the_whole_question_is_found_by_halving(harness: GraphHarness) -> None:
    people = crowd(harness, 20)
    harness.server.routes.poison = people[13]
    answers = harness.calendar.availability(people, WINDOW)
    assert [a for a in people if isinstance(answers[a], Unknown)] == [people[13]]
    assert harness.server.count() <= 11
    alone = harness.calendar.availability([people[13]], WINDOW)[people[13]]
    assert isinstance(alone, Unknown)
    assert alone.code == "invalid"


@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_address_is_not_even_asked_about(mode: Mode) -> None:
    with graph_harness(mode) as harness:
        odd = ["", "ada", "..", "a b@c", "<a@b.c>", "a@b.c\r\nX: y", "me/../x@y"]
        answers = harness.calendar.availability([*odd, harness.people[0]], WINDOW)
        assert [getattr(answers[a], "code", "known") for a in odd[:6]] == ["invalid"] * 6
        assert isinstance(answers[harness.people[0]], Known)
        assert harness.calendar.availability(odd[:2], WINDOW).keys() == {"", "ada"}


@pytest.mark.parametrize("mode", MODES)
def test_nobody_could_be_asked_is_an_error_not_a_list_of_unknowns(mode: Mode) -> None:
    with graph_harness(mode) as harness:
        harness.server.faults.throttle = (500, None)
        with pytest.raises(Transient):
            harness.calendar.availability(harness.people, WINDOW)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"value": {}}', b'{"value": [5]}', b"\xff", ODD]
)
@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_is_none_makes_people_unknown_never_free(mode: Mode, body: bytes) -> None:
    with graph_harness(mode) as harness:
        harness.server.faults.mangle = lambda _text: body
        answer = harness.calendar.availability(harness.people[:1], WINDOW)[harness.people[0]]
        assert isinstance(answer, Unknown)
        assert answer.code == "unreadable"


def test_a_mode_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="mode"):
        OutlookCalendar(MemoryTokens(), mode="everything", sign_in=StaticBearer())  # type: ignore[arg-type]


# --- zones ---------------------------------------------------------------------------------------


def test_an_all_day_event_lies_in_the_mailbox_zone_read_once_a_day(typed: GraphHarness) -> None:
    person = typed.people[0]
    with typed.server.locked() as world:
        world.mailboxes[person].zone = "Tokyo Standard Time"
        world.put(person, subject="x", start=date(2026, 10, 21), end=date(2026, 10, 22), zone="UTC")
    for _ in range(2):
        (block,) = known(typed.calendar, person).busy
        assert block.start == datetime(2026, 10, 20, 15, tzinfo=UTC)
    assert typed.server.count("mailboxSettings") == 1


def test_without_the_right_to_settings_the_events_own_zone_places_it(typed: GraphHarness) -> None:
    typed.server.routes.settings_granted = False
    for person in typed.people[:2]:
        with typed.server.locked() as world:
            day = date(2026, 10, 21)
            world.put(person, subject="x", start=day, end=date(2026, 10, 22), zone="Tokyo Standard Time")
        (block,) = known(typed.calendar, person).busy
        assert block.start == datetime(2026, 10, 20, 15, tzinfo=UTC)
    assert typed.server.count("mailboxSettings") == 1, "not asked again for an hour"


def test_a_mailbox_in_a_custom_zone_is_placed_by_the_event_and_a_custom_event_by_its_end(
    typed: GraphHarness,
) -> None:
    person = typed.people[0]
    with typed.server.locked() as world:
        world.mailboxes[person].zone = "tzone://Microsoft/Custom"
        world.put(person, subject="x", start=date(2026, 10, 21), end=date(2026, 10, 22))
    (block,) = known(typed.calendar, person).busy
    assert block.start == datetime(2026, 10, 21, 4, tzinfo=UTC)  # New York


# --- our own ---------------------------------------------------------------------------------------


def test_in_the_organizers_own_calendar_our_events_are_told_by_their_key(typed: GraphHarness) -> None:
    intent = make(typed)
    typed.calendar.book(typed.organizer, intent)
    typed.add(typed.organizer, Foreign(Kind.BUSY, at(1, 12), at(1, 13)))
    answer = known(typed.calendar, typed.organizer)
    assert [(b.key, b.verdict) for b in answer.busy] == [(intent.key, Verdict.BUSY), (None, Verdict.BUSY)]


def test_a_room_is_busy_as_soon_as_it_accepts(harness: GraphHarness) -> None:
    room = harness.rooms[0]
    harness.calendar.book(harness.organizer, make(harness, attendees=(Attendee(room, role=Role.ROOM),)))
    harness.settle()
    assert [b.verdict for b in known(harness.calendar, room).busy] == [Verdict.BUSY]


def test_the_directory_of_rooms_is_read_to_its_end_once_a_day(harness: GraphHarness) -> None:
    with harness.server.locked() as world:
        for n in range(150):
            world.add_room(
                f"room{n}@contoso.example", f"Room {n}", capacity=n or None, isWheelChairAccessible=True
            )
    rooms = harness.calendar.rooms()
    assert len(rooms) == 152
    assert rooms[0].capacity == 6
    assert rooms[2].capacity is None
    assert rooms[-1].features == ("accessible",)
    assert harness.calendar.rooms() == rooms
    assert harness.server.count("rooms") == 2


# --- what never comes out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": [5]}',
        b'{"id": "AAMk1", "changeKey": "CK", "start": 5, "end": "x", "attendees": 5, "onlineMeeting": 5}',
        b'{"id": "AAMk1", "changeKey": "CK", "start": {}, "end": {}, "attendees": [{"status": 5}]}',
        ODD,
    ],
)
def test_an_answer_of_an_odd_shape_is_unreadable_everywhere(typed: GraphHarness, body: bytes) -> None:
    booked = typed.calendar.book(typed.organizer, make(typed))
    cursor = typed.calendar.changes(typed.organizer, None, WINDOW).next
    key = f'"singleValueExtendedProperties": [{{"id": "{KEY}", "value": "{make(typed).key}"}}]'
    tagged = body.replace(b'"id": "AAMk1"', b'"id": "AAMk1", ' + key.encode(), 1)
    calls = (
        lambda: typed.calendar.get(booked.ref),
        lambda: typed.calendar.find(typed.organizer, make(typed).key),
        lambda: typed.calendar.find_all(typed.organizer, WINDOW),
        lambda: typed.calendar.changes(typed.organizer, cursor, WINDOW),
        lambda: typed.calendar.cancel(booked.ref),
        lambda: typed.calendar.reschedule(booked.ref, make(typed), booked.etag),
        lambda: typed.calendar.book(typed.organizer, make(typed, "t/l/new/0")),
        lambda: typed.calendar.rooms(),
        lambda: typed.calendar.subscribe(typed.organizer, "https://us.example/x"),
    )
    for call in calls:
        for text in (body, tagged):
            typed.server.faults.mangle = lambda _text, t=text: t  # type: ignore[misc]
            try:
                call()
            except ConnectorError as error:
                assert error.code in ("unreadable", "gone", "conflict", "invalid")


@pytest.mark.parametrize("mode", MODES)
def test_no_text_of_a_foreign_event_reaches_values_errors_or_logs(
    mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with graph_harness(mode) as harness:
        calendar, organizer, person = harness.calendar, harness.organizer, harness.people[0]
        for address in (organizer, person):
            for hour, kind in enumerate(Kind):
                harness.add(address, Foreign(kind, at(0, 6 + hour), at(0, 7 + hour)))
        booked = calendar.book(organizer, make(harness))
        page = calendar.changes(organizer, None, WINDOW)
        told: list[object] = [
            calendar.availability([person, organizer], WINDOW),
            page,
            calendar.changes(organizer, page.next, WINDOW),
            calendar.find_all(organizer, WINDOW),
            calendar.find(organizer, make(harness).key),
            calendar.get(booked.ref),
            calendar.rooms(),
            calendar.check(organizer),
        ]
        secret = f'{{"error": {{"code": "{CANARY} x", "message": "{CANARY}"}}}}'.encode()
        for mangled in (secret, f'{{"value": "{CANARY}"}}'.encode(), CANARY.encode()):
            for call in (
                lambda: calendar.availability([person], WINDOW),
                lambda: calendar.changes(organizer, None, WINDOW),
                lambda: calendar.get(booked.ref),
            ):
                harness.server.faults.refuse = []
                harness.server.faults.mangle = lambda _text, m=mangled: m  # type: ignore[misc]
                try:
                    told.append(call())
                except ConnectorError as error:
                    told += [str(error), repr(error), error.__cause__, error.__context__]
        assert CANARY not in repr(told)
    assert CANARY not in caplog.text
    for name in (organizer, person, "token-1", "deltatoken", make(harness).key):
        assert name not in caplog.text, "nor addresses, tokens, cursors and keys"
