"""The demo's weeks: readable, believable, the same for the same seed, and good for the demo's story."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from connectors.errors import Invalid
from connectors.local import LocalCalendar
from connectors.types import Availability, Busy, Known, Unknown, Verdict, Window
from scheduler.demo.calendars import write_calendars
from scheduler.demo.company import OUT, SEED, UNREADABLE, applications, demo_company, demo_requests
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.domain.time import at
from solver.problem.plan import Status
from solver.rules.check import violations
from tests.house.tree import ROOT
from tests.scheduler.demo.demo_kit import picture, planned

MONDAY = date(2026, 11, 23)
COMPANY = demo_company()
BERLIN = ZoneInfo("Europe/Berlin")
SLOT = timedelta(minutes=15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calendars")
    write_calendars(path, COMPANY, MONDAY, SEED)
    return path


@pytest.fixture(scope="module")
def seen(folder: Path) -> Mapping[str, Availability]:
    """Everybody's fortnight by id."""
    start = datetime.combine(MONDAY, time(), UTC)
    window = Window(start, start + timedelta(days=14))
    accounts = {x.id: x.account.address for x in (*COMPANY.people, *COMPANY.rooms)}
    accounts["organizer"] = COMPANY.organizer.address
    found = LocalCalendar(folder).availability(list(accounts.values()), window)
    return {id: found[address] for id, address in accounts.items()}


def known(seen: Mapping[str, Availability], id: str) -> Known:
    state = seen[id]
    assert isinstance(state, Known), f"{id}: {state}"
    return state


def blocks(seen: Mapping[str, Availability], id: str, verdict: Verdict) -> list[tuple[str, str]]:
    """Blocks of one verdict as ``Tue 09:00`` in Berlin, for reading."""
    return [
        (f"{b.start.astimezone(BERLIN):%a%d %H:%M}", f"{b.end.astimezone(BERLIN):%a%d %H:%M}")
        for b in known(seen, id).busy
        if b.verdict is verdict
    ]


def test_every_calendar_is_readable_and_has_something_in_it_but_one(seen: Mapping[str, Availability]) -> None:
    assert isinstance(seen[UNREADABLE], Unknown)
    assert seen[UNREADABLE].code == "unreadable"
    for id in set(seen) - {UNREADABLE}:
        assert len(known(seen, id).busy) >= 2, id


def test_there_is_one_file_for_everybody(folder: Path) -> None:
    assert len(list(folder.glob("*.ics"))) == len(COMPANY.people) + len(COMPANY.rooms) + 1
    rooms = {r.address: r for r in LocalCalendar(folder).rooms()}
    assert {r.account.address for r in COMPANY.rooms} == set(rooms)
    for room in COMPANY.rooms:
        told = rooms[room.account.address]
        assert (told.name, told.capacity, set(told.features)) == (room.name, room.capacity, room.features)


def share(person: Person, busy: tuple[Busy, ...], day: date) -> float | None:
    """How much of somebody's working day is taken."""
    zone = ZoneInfo(person.zone)
    slots = [
        at(day, h.start, zone) + n * SLOT
        for h in person.hours
        if h.weekday == day.weekday()
        for n in range((at(day, h.end, zone) - at(day, h.start, zone)) // SLOT)
    ]
    return sum(any(b.start <= s < b.end for b in busy) for s in slots) / len(slots) if slots else None


def test_the_weeks_are_full_but_not_too_full(seen: Mapping[str, Availability]) -> None:
    usual: list[float] = []
    for person in COMPANY.people:
        if person.id == UNREADABLE:
            continue
        days = [share(person, known(seen, person.id).busy, MONDAY + timedelta(days=n)) for n in range(14)]
        working = [d for d in days if d is not None and d < 0.95]
        assert len(working) >= 6, person.id
        assert all(0.2 <= d <= 0.9 for d in working), (person.id, working)
        usual += working
    assert 0.40 <= sum(usual) / len(usual) <= 0.60


def test_everything_that_a_calendar_can_say_is_in_there(seen: Mapping[str, Availability]) -> None:
    kinds = Counter(b.verdict for s in seen.values() if isinstance(s, Known) for b in s.busy)
    assert set(kinds) == set(Verdict)
    places = {p.where for s in seen.values() if isinstance(s, Known) for p in s.places}
    assert places == {"home", "office"}


def test_the_stand_up_skips_a_day_and_moves_on_two(seen: Mapping[str, Availability]) -> None:
    """Selin's 15-minute blocks: 09:30 every day but the moved Wednesday and the Friday without one."""
    short = [
        f"{b.start.astimezone(BERLIN):%a %H:%M}" for b in known(seen, "selin").busy if b.end - b.start == SLOT
    ]
    assert short[:4] == ["Mon 09:30", "Tue 09:30", "Wed 10:00", "Thu 09:30"]
    assert short[4:] == ["Mon 09:30", "Tue 11:00", "Wed 09:30", "Thu 09:30", "Fri 09:30"]


def test_out_of_office_holidays_and_what_does_not_block(seen: Mapping[str, Availability]) -> None:
    away = Verdict.OUT_OF_OFFICE
    assert blocks(seen, "katja", away) == [("Wed02 08:00", "Wed02 18:00")]
    assert blocks(seen, "greta", away) == [("Tue24 00:00", "Fri27 00:00")]
    assert blocks(seen, "lena", away) == [("Mon30 00:00", "Wed02 00:00")]
    assert blocks(seen, "lena", Verdict.UNANSWERED) == [("Tue24 13:30", "Tue24 15:00")]
    assert blocks(seen, "matej", Verdict.TENTATIVE) == [("Wed25 11:00", "Wed25 12:00")]
    birthday = [b for b in known(seen, "selin").busy if b.end - b.start >= timedelta(hours=20)]
    assert birthday == []
    declined = (at(date(2026, 11, 24), time(13, 30), BERLIN), at(date(2026, 11, 24), time(15), BERLIN))
    assert all((b.start, b.end) != declined for b in known(seen, "tomas").busy)


def events(folder: Path, address: str) -> Iterator[icalendar.Event]:
    """A file's events, read with nothing but the icalendar library."""
    calendar = icalendar.Calendar.from_ical((folder / f"{address}.ics").read_bytes())
    yield from calendar.walk("VEVENT")


def test_other_programs_can_read_the_files(folder: Path) -> None:
    for thing in (*COMPANY.people, *COMPANY.rooms):
        if thing.id == UNREADABLE:
            continue
        address = thing.account.address
        found = list(events(folder, address))
        single = [str(e["UID"]) for e in found if "RECURRENCE-ID" not in e]
        assert len(single) == len(set(single)), address
        assert all("X-LOOPWRIGHT-KEY" not in e for e in found)
        named = {e["DTSTART"].params.get("TZID") for e in found} - {None}
        calendar = icalendar.Calendar.from_ical((folder / f"{address}.ics").read_bytes())
        assert named <= {str(t["TZID"]) for t in calendar.walk("VTIMEZONE")}


def test_private_and_cancelled_events_and_exceptions_are_written_as_such(folder: Path) -> None:
    jonas = list(events(folder, "jonas.weber@talwerk.example"))
    assert any(e.get("CLASS") == "PRIVATE" for e in jonas)
    assert sum("RECURRENCE-ID" in e for e in jonas) == 3
    tomas = list(events(folder, "tomas.dvorak@talwerk.example"))
    assert any(e.get("STATUS") == "CANCELLED" for e in tomas)
    standup = next(e for e in jonas if e["SUMMARY"] == "Backend stand-up" and "RRULE" in e)
    assert "EXDATE" in standup


# --- the same seed -----------------------------------------------------------------------------------


def fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.glob("*.ics")):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_every_process(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import date\n"
        "from scheduler.demo.calendars import write_calendars\n"
        "from scheduler.demo.company import demo_company\n"
        f"write_calendars(Path(sys.argv[1]), demo_company(), date.fromisoformat('{MONDAY}'), {SEED})"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT), "TZ": "Pacific/Auckland"}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment, cwd=ROOT
    )
    assert fingerprint(tmp_path / "again") == fingerprint(folder)


def test_another_seed_gives_other_weeks(folder: Path, tmp_path: Path) -> None:
    write_calendars(tmp_path / "other", COMPANY, MONDAY, SEED + 1)
    assert fingerprint(tmp_path / "other") != fingerprint(folder)


def test_only_a_monday_will_do_and_nothing_is_written_over(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="first_monday: 2026-11-24 is a Tuesday; give a Monday"):
        write_calendars(tmp_path, COMPANY, MONDAY + timedelta(days=1), SEED)
    assert list(tmp_path.iterdir()) == []
    before = fingerprint(folder)
    with pytest.raises(Invalid, match="is already there"):
        write_calendars(folder, COMPANY, MONDAY, SEED)
    assert fingerprint(folder) == before


# --- the story ---------------------------------------------------------------------------------------

MONDAYS = [MONDAY, date(2027, 3, 15), date(2027, 7, 5)]
"""Winter; when only New York has changed its clocks; summer."""


@pytest.fixture(scope="module", params=MONDAYS, ids=str)
def weeks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, date]:
    path = tmp_path_factory.mktemp("weeks")
    write_calendars(path, COMPANY, request.param, SEED)
    return path, request.param


def offered(monday: date) -> list[Mapping[str, str]]:
    windows: list[Mapping[str, str]] = demo_requests(monday, datetime.now(UTC)).webhook["data"]["windows"]
    return windows


def test_every_decline_but_the_managers_can_be_repaired(folder: Path) -> None:
    first, _ = applications()
    seen = picture(folder, MONDAY, first, "onsite-loop", offered(MONDAY), BookMode.BOOK)
    assert seen.unknown == (UNREADABLE,)
    encoded, result = planned(seen)
    loop = result.plan.loops["lp"]
    assert loop is not None
    taken = {
        (person, encoded.sessions.spec[id])
        for id, assigned in loop.sessions.items()
        for seat in assigned.people
        for person in seat
        if person != first.hiring_manager
    }
    assert len(taken) >= 7
    for decline in sorted(taken):
        asked_again = replace(seen, loop=replace(seen.loop, declined=(decline,)))
        _, repaired = planned(asked_again)
        assert repaired.plan.loops["lp"] is not None, decline


def test_the_best_plan_of_the_first_loop_is_one_full_day(weeks: tuple[Path, date]) -> None:
    folder, monday = weeks
    first, _ = applications()
    encoded, result = planned(picture(folder, monday, first, "onsite-loop", offered(monday), BookMode.BOOK))
    assert result.status is Status.OPTIMAL
    assert violations(encoded.problem, result.plan) == ()
    loop = result.plan.loops["lp"]
    assert loop is not None
    days = {encoded.scale.instant(a.start).astimezone(BERLIN).date() for a in loop.sessions.values()}
    assert days == {monday + timedelta(days=1)}


def test_the_second_request_fails_for_the_managers_day_out_and_for_nothing_else(
    weeks: tuple[Path, date],
) -> None:
    folder, monday = weeks
    _, second = applications()
    request = demo_requests(monday, datetime.now(UTC)).loop_request
    seen = picture(folder, monday, second, request["template"], request["windows"], BookMode.PROPOSE)
    _, result = planned(seen)
    assert result.status is Status.INFEASIBLE
    person, _, _ = OUT
    assert person == second.hiring_manager
    subject = Subject.person(person)
    state = seen.availability[subject]
    assert isinstance(state, Known)
    here = replace(state, busy=tuple(b for b in state.busy if b.verdict is not Verdict.OUT_OF_OFFICE))
    _, other = planned(replace(seen, availability={**seen.availability, subject: here}))
    assert other.plan.loops["lp"] is not None
