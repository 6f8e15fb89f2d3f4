"""What people look at: the queue with its ages, the days, what waits, and people by name; one statement for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.finding import LoopsWanted
from scheduler.domain.loops import Application, BookMode, Candidate, LoopState
from scheduler.domain.time import Span
from scheduler.services.overview import days, named, one, queue
from scheduler.services.overview.queue import Age
from tests.scheduler.kit import NOW, Kit, make
from tests.stories.kit import MARA, ask

LEVEL = timedelta(days=4)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def applicant(n: int) -> Application:
    person = Candidate(f"Candidate {n}", f"c{n}@example.org", "Europe/Lisbon")
    return replace(MARA, id=f"app-{n}", candidate=person)


@contextmanager
def statements(kit: Kit) -> Iterator[list[str]]:
    """What is asked of the database in the block."""
    said: list[str] = []

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sa.event.listen(kit.app.db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(kit.app.db.engine, "before_cursor_execute", note)


def test_a_loop_that_waits_grows_old_and_one_that_is_booked_does_not(kit: Kit) -> None:
    waits, booked = ask(kit, "short", BookMode.PROPOSE), ask(kit, application=applicant(2))
    assert booked.state is LoopState.CONFIRMED
    for after, age in ((1.9, Age.FRESH), (2.1, Age.AGEING), (4.1, Age.LATE)):
        assert queue.age_of(waits, NOW + timedelta(days=after), LEVEL) is age
        assert queue.age_of(booked, NOW + timedelta(days=after), LEVEL) is None


def test_a_queue_takes_as_many_statements_for_twelve_loops_as_for_two(kit: Kit) -> None:
    taken = []
    for n in range(12):
        ask(kit, "short", BookMode.PROPOSE, application=applicant(n), windows=())
        if n + 1 in (2, 12):
            with statements(kit) as said, kit.app.db.read() as tx:
                assert len(queue.rows(tx, LoopsWanted(), NOW, LEVEL, 50)) == n + 1
            taken.append(len(said))
    assert taken[0] == taken[1]


def test_days_hold_what_is_booked_with_names(kit: Kit) -> None:
    loop = ask(kit)
    week = Span(NOW, NOW + timedelta(days=6))
    with kit.app.db.read() as tx:
        found, more = days.meetings(tx, week, 50)
        first, cut = days.meetings(tx, week, 1)
        assert days.meetings(tx, Span(NOW, NOW + timedelta(hours=1)), 50) == ([], False)
    assert {m.interview.loop for m in found} == {loop.id} and not more and cut and len(first) == 1
    assert {m.application.candidate.name for m in found} == {"Mara Lind"}
    assert all(name[0].isupper() for m in found for _, name in m.seats)
    assert {m.place for m in found} & {"Oak", "Elm"}


def test_people_are_named_as_others_name_them(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        for text in ("anna", "ANNA@testwerk.example", "Anna Arndt", "anna arndt"):
            assert named.person(tx, text, "owner").id == "anna"
        with pytest.raises(BadInput, match="owner: nobody here is called 'anne'"):
            named.person(tx, "anne", "owner")
    ask(kit)
    with kit.app.db.read() as tx:
        assert [p.id for p in named.owners(tx)] == ["rolf"]


def test_a_whole_loop_has_its_plans_and_what_happened_since(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        whole = one.whole(tx, loop.id)
        assert one.since(tx, loop.id, whole.version, ()) == []
        with pytest.raises(Missing):
            one.whole(tx, "lp_none")
    assert whole.plans and whole.taken is None and whole.name("rolf") == "Rolf Reck"
    assert [p.rank for p, _ in whole.plans] == sorted(p.rank for p, _ in whole.plans)
    with kit.app.db.write() as tx:
        tx.loops.assign(loop.id, "hana", "person:rolf", NOW)
    with kit.app.db.read() as tx:
        assert [f.what for f in one.since(tx, loop.id, whole.version, ())] == ["loop_assigned"]
        assert one.since(tx, loop.id, whole.version, {"loop_assigned"}) == []
