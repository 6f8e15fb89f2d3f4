"""One person, several applications: never in two interviews at once, however they are written."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries
from scheduler.domain.bookings import Interview
from scheduler.domain.errors import Taken, WrongState
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.domain.proposals import ProposalState
from scheduler.services.afterwards import conflicts
from scheduler.services.asking import requests
from scheduler.services.booking import choose
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked, look

TWO = Path(__file__).with_name("two-applications.yaml")
MORNING = (("2026-03-11T09:00", "2026-03-11T12:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, TWO.read_text(encoding="utf-8"))


def applied(n: int, address: str = "mara@example.org", name: str = "Mara Lind") -> Application:
    return Application(f"app-{n}", Candidate(name, address, "Europe/Lisbon"), "Engineer", "hana", "rolf")


def talks(kit: Kit, *loops: Loop) -> list[Interview]:
    return [booked(kit, loop.id)["talk"] for loop in loops]


def apart(rows: list[Interview]) -> bool:
    return all(not a.span.overlaps(b.span) for n, a in enumerate(rows) for b in rows[:n])


def test_two_applications_of_one_person_never_meet_at_one_time(kit: Kit) -> None:
    loops = [ask(kit, "solo", windows=MORNING, application=applied(n)) for n in (1, 2, 1)]
    assert [loop.state for loop in loops] == [LoopState.CONFIRMED] * 3
    assert apart(talks(kit, *loops))
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


@pytest.mark.parametrize(
    ("address", "name", "same"),
    [
        ("Mara@Example.ORG", "Mara Lind", True),
        ("mara@example.org", "Lind, Mara J.", True),
        ("mara+jobs@example.org", "Mara Lind", False),
        ("mara@example.com", "Mara Lind", False),
    ],
)
def test_who_somebody_is_is_told_by_the_address_in_any_case(
    kit: Kit, address: str, name: str, same: bool
) -> None:
    first = ask(kit, "solo", windows=MORNING, application=applied(1))
    second = ask(kit, "solo", windows=MORNING, application=applied(2, address, name))
    assert apart(talks(kit, first, second)) is same


def offered(kit: Kit, loop: Loop) -> str:
    with kit.app.db.read() as tx:
        return next(p.id for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED)


@pytest.fixture
def careless(tmp_path: Path) -> Kit:
    """What is on offer is not kept free of other plans."""
    return make(
        tmp_path,
        TWO.read_text(encoding="utf-8").replace("undo_minutes: 0", "undo_minutes: 0, offer_hours: 0"),
    )


def test_of_two_plans_made_at_once_the_second_is_refused_and_made_anew(careless: Kit) -> None:
    kit = careless
    loops = [
        ask(kit, "solo", BookMode.PROPOSE, windows=MORNING, application=applied(n, address))
        for n, address in ((1, "mara@example.org"), (2, "MARA@example.org"))
    ]
    choose.choose(kit.app, offered(kit, loops[0]), "person:rolf")
    with pytest.raises(Taken, match="the candidate"):
        choose.choose(kit.app, offered(kit, loops[1]), "person:rolf")
    kit.run()
    assert look(kit, loops[1].id).state is LoopState.PROPOSED
    choose.choose(kit.app, offered(kit, loops[1]), "person:rolf")
    kit.run()
    assert apart(talks(kit, *loops))


def test_of_two_who_say_yes_at_the_same_moment_one_gets_the_candidate(careless: Kit) -> None:
    kit = careless
    loops = [ask(kit, "solo", BookMode.PROPOSE, windows=MORNING, application=applied(n)) for n in (1, 2)]
    plans = [offered(kit, loop) for loop in loops]
    gate, said = threading.Barrier(2, timeout=30), []

    def yes(plan: str) -> None:
        gate.wait()
        try:
            choose.choose(kit.app, plan, "person:rolf")
            said.append("held")
        except (Taken, WrongState) as refusal:
            said.append(refusal.code)

    both = [threading.Thread(target=yes, args=(plan,)) for plan in plans]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(said) == ["held", "taken"]


def test_a_repair_does_not_move_one_onto_the_other(kit: Kit) -> None:
    loops = [ask(kit, "solo", windows=MORNING, application=applied(n)) for n in (1, 2)]
    first, second = talks(kit, *loops)
    for person in ("anna", "ben"):
        add_entries(
            kit.folder, f"{person}@acme.example", [Entry("Dentist", second.span.start, second.span.end)]
        )
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 7)
    kit.run()
    moved = talks(kit, *loops)
    assert moved[1].span != second.span
    assert moved[0].span == first.span and apart(moved)


def test_between_a_call_and_a_visit_there_is_time_for_the_way(tmp_path: Path) -> None:
    call = "  - {id: call, title: Call, notice_hours: 1, interviews: [{id: talk, title: Talk, minutes: 45, modality: video, seats: [{pool: engineers}]}]}\n"
    visit = "  - {id: visit, title: Visit, notice_hours: 1, travel: 60, interviews: [{id: talk, title: Talk, minutes: 45, seats: [{pool: engineers}]}]}\n"
    kit = make(
        tmp_path, COMPANY.read_text(encoding="utf-8").replace("templates:\n", f"templates:\n{call}{visit}")
    )
    day = (("2026-03-11T09:00", "2026-03-11T17:00"),)
    first = ask(kit, "call", windows=day, application=applied(1))
    there = ask(kit, "visit", windows=day, application=applied(2))
    second = ask(kit, "call", windows=day, application=applied(3))
    other = ask(kit, "visit", windows=day, application=applied(4))
    rows = sorted(talks(kit, first, there, second, other), key=lambda i: i.span)
    for earlier, later in itertools.pairwise(rows):
        minutes = (later.span.start - earlier.span.end).total_seconds() / 60
        assert minutes >= (60 if earlier.modality is not later.modality else 0)


def test_plans_made_at_once_leave_time_for_the_way_as_well(tmp_path: Path) -> None:
    text = TWO.read_text(encoding="utf-8").replace("minutes: 45, modality: video,", "minutes: 45,")
    text = text.replace("notice_hours: 1", "notice_hours: 1\n    travel: 60\n    debrief: false")
    text = text.replace(
        "policy:",
        "  - {id: call, title: Call, notice_hours: 1, debrief: false, interviews: [{id: talk, title: Talk, minutes: 45, modality: video, seats: [{person: ben}]}]}\npolicy:",
    ).replace(
        "pools:",
        "rooms: [{id: oak, name: Oak, site: berlin, capacity: 4, calendar: oak@acme.example}]\npools:",
    )
    kit = make(tmp_path, text)
    day = (("2026-03-11T09:00", "2026-03-11T12:00"),)
    call = ask(kit, "call", BookMode.PROPOSE, windows=day, application=applied(1))
    visit = ask(kit, "solo", BookMode.PROPOSE, windows=day, application=applied(2))
    assert call.state is visit.state is LoopState.PROPOSED
    choose.choose(kit.app, offered(kit, call), "person:rolf")
    kit.run()
    with kit.app.db.read() as tx:
        first = tx.proposals.of_loop(visit.id)[0].interviews[0].span
    gap = abs((first.start - booked(kit, call.id)["talk"].span.end).total_seconds()) / 60
    assert gap < 60, "the plans have to be in each other's way for this to tell anything"
    with pytest.raises(Taken, match="the candidate"):
        choose.choose(kit.app, offered(kit, visit), "person:rolf")


def test_an_address_that_changes_takes_the_booked_time_along(kit: Kit) -> None:
    first = ask(kit, "solo", windows=MORNING, application=applied(1, "typo@example.org"))
    with kit.app.db.write() as tx:
        requests.keep(tx, applied(1))
    second = ask(kit, "solo", windows=MORNING, application=applied(2))
    assert apart(talks(kit, first, second))
    third = ask(kit, "solo", windows=MORNING, application=applied(3, "typo@example.org", "Toni Typo"))
    assert not apart(talks(kit, first, third))


def test_no_reservation_tells_an_address(kit: Kit) -> None:
    loop = ask(kit, "solo", windows=MORNING, application=applied(1))
    with kit.app.db.read() as tx:
        subjects = {r.subject for r in tx.reservations.of_loop(loop.id)}
    person = replace(applied(9)).candidate
    assert person.subject in subjects
    assert not any("mara" in str(subject) or "app-1" in str(subject) for subject in subjects)
