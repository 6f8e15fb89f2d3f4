"""Calendars as real programs keep them, and what follows for a loop: planned around, noticed, counted fairly."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.local.folder import create_calendar
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import Application, Candidate, Loop, LoopState
from scheduler.services.afterwards import conflicts
from scheduler.services.company.read import read_company
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look, replied


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def holds(kit: Kit, person: str, *lines: str) -> None:
    """The event with these lines comes into somebody's calendar file, as their own program writes it."""
    file = kit.folder / f"{person}@testwerk.example.ics"
    event = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])
    file.write_bytes(file.read_bytes().replace(b"END:VCALENDAR", event.encode()))


def lead(interview: Interview) -> str:
    return next(s.person for s in interview.seats if s.required)


def later(kit: Kit, loop: Loop) -> Loop:
    kit.clock.forward(minutes=15)
    conflicts.look(kit.app, 30)
    kit.run()
    return look(kit, loop.id)


# --- what a program writes into a weekly meeting -----------------------------------------------------

WEEKLY = (
    "UID:weekly",
    "SEQUENCE:0",
    "DTSTART;TZID=Europe/Berlin:20260107T{start}00",
    "DTEND;TZID=Europe/Berlin:20260107T{end}00",
    "RRULE:FREQ=WEEKLY;BYDAY=WE",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
)


def test_a_weekly_meeting_as_every_program_writes_it_is_planned_around(kit: Kit) -> None:
    """The manager's Wednesdays are taken until one; the candidate offers Wednesday and Thursday."""
    holds(kit, "hana", *(line.format(start="0900", end="1300") for line in WEEKLY))
    loop = ask(kit)
    assert loop.state is LoopState.CONFIRMED
    manager = booked(kit, loop.id)["manager"].span
    assert (manager.start.day, manager.start.hour >= 12) in {(11, True), (12, True), (12, False)}


def test_one_occurrence_left_out_leaves_the_others(kit: Kit) -> None:
    lines = [line.format(start="0700", end="1900") for line in WEEKLY]
    holds(kit, "hana", *lines, "EXDATE;TZID=Europe/Berlin:20260304T070000")
    loop = ask(kit)
    assert loop.state is LoopState.CONFIRMED
    assert booked(kit, loop.id)["manager"].span.start.day == 12, "the eleventh is still taken"


# --- somebody who accepted makes a meeting of their own over it -----------------------------------------


@pytest.mark.parametrize("answer", ["NEEDS-ACTION", "TENTATIVE", "ACCEPTED"])
def test_a_meeting_of_ones_own_drives_out_what_one_has_accepted(kit: Kit, answer: str) -> None:
    """Who organizes a meeting has accepted it, whatever their own line among the guests says."""
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    who = lead(deep)
    replied(kit, deep, who, Reply.ACCEPTED)
    holds(
        kit,
        who,
        "UID:own",
        f"DTSTART:{deep.span.start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{deep.span.end:%Y%m%dT%H%M%SZ}",
        f"ORGANIZER:mailto:{who}@testwerk.example",
        f"ATTENDEE;PARTSTAT={answer}:mailto:{who}@testwerk.example",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.example",
    )
    assert later(kit, loop).state is LoopState.CONFIRMED
    assert lead(booked(kit, loop.id)["deep"]) != who


def test_an_invitation_of_somebody_else_does_not(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    who = lead(deep)
    replied(kit, deep, who, Reply.ACCEPTED)
    holds(
        kit,
        who,
        "UID:theirs",
        f"DTSTART:{deep.span.start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{deep.span.end:%Y%m%dT%H%M%SZ}",
        "ORGANIZER:mailto:x@y.example",
        f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{who}@testwerk.example",
    )
    found = later(kit, loop)
    assert lead(booked(kit, loop.id)["deep"]) == who
    assert "may be busy" in found.labels["tentative"]


# --- notice and load ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "first"), [(168, 8.5), (169, 9.5), (167, 7.5)])
def test_notice_is_counted_in_hours_over_a_change_of_the_clocks(
    tmp_path: Path, hours: int, first: float
) -> None:
    """Seven days from Monday 08:30Z end at 08:30Z, which the clock in Berlin then calls 10:30."""
    text = COMPANY.read_text().replace(
        "title: Short loop\n    notice_hours: 1", f"title: Short loop\n    notice_hours: {hours}"
    )
    kit = make(tmp_path, text, now=datetime(2026, 3, 23, 8, 30, tzinfo=UTC))
    loop = ask(kit, "short", windows=(("2026-03-30T09:00", "2026-03-30T17:00"),))
    assert loop.state is LoopState.CONFIRMED
    start = min(i.span.start for i in booked(kit, loop.id).values())
    assert start == datetime(2026, 3, 30, tzinfo=UTC) + timedelta(hours=first)


SOLO = (
    "templates:\n  - id: solo\n    title: Solo\n    notice_hours: 1\n    debrief: false\n    interviews:\n"
    "      - {id: talk, title: Talk, minutes: 45, modality: video, seats: [{pool: engineers}]}\n"
)


def test_load_is_shared_and_somebody_new_catches_up(tmp_path: Path) -> None:
    text = COMPANY.read_text().replace("templates:\n", SOLO, 1)
    text = text.replace("max_day: 3\n  max_week: 8", "max_day: 6\n  max_week: 20")
    kit = make(tmp_path, text)

    def one(n: int) -> str:
        candidate = Candidate(f"Cand {n}", f"c{n}@example.org", "Europe/Berlin")
        application = Application(f"app-{n}", candidate, "Backend", "hana", "rolf")
        windows = tuple((f"2026-03-{d}T09:00", f"2026-03-{d}T17:00") for d in (10, 11, 12))
        return lead(booked(kit, ask(kit, "solo", windows=windows, application=application).id)["talk"])

    assert set(Counter(one(n) for n in range(8)).values()) == {2}, "four engineers, eight interviews"
    joined = text.replace(
        "  - {id: nora,", "  - {id: yara, name: Yara Young, email: yara@testwerk.example}\n  - {id: nora,"
    ).replace("qualified: [anna, ben, cleo, dirk]", "qualified: [anna, ben, cleo, dirk, yara]")
    create_calendar(kit.folder, "yara@testwerk.example", "Yara", "Europe/Berlin")
    with kit.app.db.write() as tx:
        tx.company.replace(read_company(joined, "yaml", "company.yaml"), kit.clock())
    assert Counter(one(n) for n in range(8, 11))["yara"] >= 2
