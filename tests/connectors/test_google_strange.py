"""Strange answers, missing rights and settings: one clear line each, everybody else unaffected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.calls import Retry
from connectors.errors import (
    ConnectorError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Unreadable,
)
from connectors.types import EventRef, Known, Unknown
from tests.connectors.conformance_kit import WINDOW, at, make
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.google_harness import ORGANIZER, GoogleHarness, connect, google
from tests.connectors.servers.google_world import CANARY


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


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
        harness.server.world.fail(on="insert", body=body, times=2)
        with pytest.raises(Unreadable):
            harness.calendar.book(ORGANIZER, make(harness))
        booked = harness.calendar.book(ORGANIZER, make(harness))
        harness.server.world.fail(on="patch", body=body)
        with pytest.raises(Unreadable):
            harness.calendar.reschedule(booked.ref, make(harness, title="New"), booked.etag)

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
