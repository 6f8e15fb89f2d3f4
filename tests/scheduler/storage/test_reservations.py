"""Nobody's time is taken twice: case by case, and against a model."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from scheduler.domain.bookings import Hold, Reservation
from scheduler.domain.errors import BadInput, Taken
from scheduler.domain.subjects import Subject
from scheduler.storage import Database
from scheduler.storage.tables import reservations
from tests.scheduler.storage.samples import NOW, hold, minutes, span, taken, with_loops

ANNA, OAK, ELM = Subject.person("anna"), Subject.room("oak"), Subject.room("elm")


def test_what_is_free_is_taken_and_touching_is_no_overlap(database: Database) -> None:
    with_loops(database)
    rows = [hold("person:anna", 0, 30), hold("person:anna", 30, 60), hold("room:oak", 0, 30)]
    with database.write() as tx:
        tx.reservations.take(rows)
        tx.reservations.take([])
    assert taken(database) == rows


@pytest.mark.parametrize(
    ("start", "end"), [(0, 30), (10, 20), (-10, 40), (-10, 1), (29, 40), (0, 20), (10, 30)]
)
def test_what_is_taken_is_refused_by_name_and_nothing_stays(database: Database, start: int, end: int) -> None:
    with_loops(database, "loop-1", "loop-2")
    first = hold("person:anna", 0, 30)
    with database.write() as tx:
        tx.reservations.take([first])
    wanted = [
        hold("candidate:x", start, end, "loop-2"),
        hold("person:anna", start, end, "loop-2"),
        hold("room:oak", start, end, "loop-2"),
    ]
    with database.write() as tx:
        with pytest.raises(Taken, match=r"^no longer free: person:anna$") as caught:
            tx.reservations.take(wanted)
        assert tx.reservations.of_loop("loop-2") == []
        tx.cursors.put("a", "1", NOW)  # the transaction goes on
    assert caught.value.subjects == (ANNA,)
    assert taken(database) == [first]
    with database.read() as tx:
        assert tx.cursors.get("a") == "1"


def test_rows_that_overlap_each_other_are_refused(database: Database) -> None:
    with_loops(database)
    with pytest.raises(Taken, match="person:bob"), database.write() as tx:
        tx.reservations.take([hold("person:bob", 0, 30), hold("person:bob", 20, 50), hold("room:oak", 0, 9)])
    assert taken(database) == []


@pytest.mark.parametrize("state", ["held", "confirmed"])
def test_the_database_itself_refuses_an_overlap(database: Database, state: str) -> None:
    """Whoever writes past this module, with SQL of their own, meets the constraint."""
    with_loops(database)
    with database.write() as tx:
        tx.reservations.take([hold("person:anna", 0, 30), hold("person:anna", 40, 60)])
    row = {
        "subject": "person:anna",
        "start_at": minutes(29),
        "end_at": minutes(31),
        "loop": "loop-1",
        "interview": "i-9",
        "state": state,
        "expires_at": minutes(60),
    }
    with pytest.raises(sa.exc.IntegrityError, match="overlap"), database.write() as tx:
        tx.connection.execute(sa.insert(reservations), row)
    grown = sa.update(reservations).where(reservations.c.start_at == minutes(0)).values(end_at=minutes(41))
    with pytest.raises(sa.exc.IntegrityError, match="overlap"), database.write() as tx:
        tx.connection.execute(grown)
    assert len(taken(database)) == 2


def test_a_hold_must_say_when_it_expires(database: Database) -> None:
    with_loops(database)
    with pytest.raises(sa.exc.IntegrityError), database.write() as tx:
        tx.reservations.take([replace(hold("room:oak", 0, 30), expires_at=None)])


def test_confirmed_time_does_not_expire(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    with database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, 30), hold("person:anna", 0, 30)])
        tx.reservations.take([hold("room:oak", 30, 60, "loop-2")])
        assert tx.reservations.confirm("loop-1") == 2
        assert tx.reservations.confirm("loop-1") == 0
        assert tx.reservations.expire(minutes(60)) == ["loop-2"]
        assert tx.reservations.expire(minutes(60)) == []
    assert {(r.state, r.expires_at) for r in taken(database)} == {(Hold.CONFIRMED, None)}


def test_a_hold_may_be_extended_before_it_expires(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, 30), hold("person:anna", 0, 30)])
        assert tx.reservations.extend("loop-1", minutes(90)) == 2
        assert tx.reservations.expire(minutes(89)) == []
        assert tx.reservations.expire(minutes(90)) == ["loop-1"]
        assert tx.reservations.extend("loop-1", minutes(200)) == 0


def test_released_time_is_free_again(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    with database.write() as tx:
        tx.reservations.take(
            [hold("room:oak", 0, 30, interview="a"), hold("room:oak", 30, 60, interview="b")]
        )
        assert tx.reservations.release("loop-1", ["a", "c"]) == 1
        assert tx.reservations.release("loop-1", []) == 0
        tx.reservations.take([hold("room:oak", 0, 30, "loop-2")])
        assert tx.reservations.release("loop-1") == 1
        tx.reservations.take([hold("room:oak", 30, 60, "loop-2", "other")])
    assert [r.loop for r in taken(database)] == ["loop-2", "loop-2"]


def test_a_swap_moves_an_interview_into_its_own_old_time(database: Database) -> None:
    with_loops(database)
    old = [hold("person:anna", 0, 45, interview="a"), hold("room:oak", 0, 45, interview="a")]
    other = hold("person:anna", 60, 90, interview="b")
    new = [hold("person:anna", 15, 60, interview="a"), hold("room:elm", 15, 60, interview="a")]
    with database.write() as tx:
        tx.reservations.take([*old, other])
        tx.reservations.swap("loop-1", ["a"], new)
    assert taken(database) == sorted([*new, other], key=lambda r: (r.subject, r.span))


def test_a_swap_into_somebody_elses_time_leaves_all_as_it_was(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    old = [hold("person:anna", 0, 45), hold("room:oak", 0, 45)]
    with database.write() as tx:
        tx.reservations.take(old)
        tx.reservations.take([hold("person:anna", 50, 60, "loop-2")])
    before = taken(database)
    with database.write() as tx:
        with pytest.raises(Taken) as caught:
            tx.reservations.swap("loop-1", ["i-1"], [hold("person:anna", 10, 55), hold("room:oak", 10, 55)])
        assert caught.value.subjects == (ANNA,)
    assert taken(database) == before


def test_a_swap_without_new_time_is_a_release(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.reservations.take([hold("person:anna", 0, 45)])
        tx.reservations.swap("loop-1", ["i-1"], [])
        tx.reservations.swap("loop-1", [], [hold("person:anna", 0, 45)])
    assert taken(database) == [hold("person:anna", 0, 45)]


def test_what_is_taken_of_subjects_is_seen_in_a_window(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")
    with database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, 60), hold("room:oak", 61, 90), hold("room:elm", 0, 60)])
        tx.reservations.take([hold("person:anna", 60, 120, "loop-2")])
        tx.reservations.confirm("loop-2")
    with database.read() as tx:
        found = tx.reservations
        window = span(60, 61)
        assert found.of_subjects([OAK], window) == []
        assert found.of_subjects([OAK, ELM], span(59, 60)) == [
            hold("room:elm", 0, 60),
            hold("room:oak", 0, 60),
        ]
        both = [OAK, ANNA]
        assert {r.loop for r in found.of_subjects(both, span(0, 99))} == {"loop-1", "loop-2"}
        assert {r.loop for r in found.of_subjects(both, span(0, 99), except_loop="loop-1")} == {"loop-2"}
        assert {r.loop for r in found.of_subjects(both, span(0, 99), now=minutes(59))} == {"loop-1", "loop-2"}
        assert {r.loop for r in found.of_subjects(both, span(0, 99), now=minutes(60))} == {"loop-2"}
        assert found.of_subjects([], span(0, 99)) == []


def test_a_day_is_the_longest_that_can_be_taken_and_is_seen_to_its_end(database: Database) -> None:
    with_loops(database)
    day = 24 * 60
    with database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, day)])
        assert tx.reservations.of_subjects([OAK], span(day - 1, day)) == [hold("room:oak", 0, day)]
        with pytest.raises(Taken):
            tx.reservations.take([hold("room:oak", day - 1, day)])
    with pytest.raises(BadInput, match="room:elm for more than a day"), database.write() as tx:
        tx.reservations.take([hold("room:elm", 0, day + 1)])


class Slots(RuleBasedStateMachine):
    """The reservations beside a dictionary that says who has which ten minutes."""

    database: Database
    loops = st.sampled_from(["loop-1", "loop-2"])
    interviews = st.sampled_from(["a", "b"])
    rows = st.lists(
        st.tuples(st.sampled_from(["person:p", "room:q"]), st.integers(0, 6), st.integers(1, 3)), max_size=3
    )

    def __init__(self) -> None:
        super().__init__()
        self.model: list[Reservation] = []
        with self.database.write() as tx:
            tx.connection.execute(sa.delete(reservations))

    def _rows(self, loop: str, interview: str, drawn: list[tuple[str, int, int]]) -> list[Reservation]:
        return [hold(s, 10 * start, 10 * (start + length), loop, interview) for s, start, length in drawn]

    def _clash(self, kept: list[Reservation], wanted: list[Reservation]) -> bool:
        rows = [*kept, *wanted]
        return any(
            a.subject == b.subject and a.span.overlaps(b.span) for n, a in enumerate(rows) for b in rows[:n]
        )

    @rule(loop=loops, interview=interviews, drawn=rows)
    def take(self, loop: str, interview: str, drawn: list[tuple[str, int, int]]) -> None:
        wanted = self._rows(loop, interview, drawn)
        clash = self._clash(self.model, wanted)
        with self.database.write() as tx:
            if clash:
                with pytest.raises(Taken):
                    tx.reservations.take(wanted)
            else:
                tx.reservations.take(wanted)
                self.model += wanted

    @rule(loop=loops, interview=interviews, drawn=rows)
    def swap(self, loop: str, interview: str, drawn: list[tuple[str, int, int]]) -> None:
        wanted = self._rows(loop, interview, drawn)
        kept = [r for r in self.model if (r.loop, r.interview) != (loop, interview)]
        clash = self._clash(kept, wanted)
        with self.database.write() as tx:
            if clash:
                with pytest.raises(Taken):
                    tx.reservations.swap(loop, [interview], wanted)
            else:
                tx.reservations.swap(loop, [interview], wanted)
                self.model = kept + wanted

    @rule(loop=loops, interview=st.none() | interviews)
    def release(self, loop: str, interview: str | None) -> None:
        with self.database.write() as tx:
            tx.reservations.release(loop, None if interview is None else [interview])
        self.model = [r for r in self.model if r.loop != loop or interview not in (None, r.interview)]

    @rule(loop=loops)
    def confirm(self, loop: str) -> None:
        with self.database.write() as tx:
            tx.reservations.confirm(loop)
        self.model = [
            replace(r, state=Hold.CONFIRMED, expires_at=None) if r.loop == loop else r for r in self.model
        ]

    @rule()
    def expire(self) -> None:
        with self.database.write() as tx:
            tx.reservations.expire(minutes(60))
        self.model = [r for r in self.model if r.state is Hold.CONFIRMED]

    @invariant()
    def same(self) -> None:
        assert taken(self.database) == sorted(self.model, key=lambda r: (r.loop, r.subject, r.span))


def test_reservations_do_what_the_model_does(database: Database) -> None:
    with_loops(database, "loop-1", "loop-2")

    class Machine(Slots):
        pass

    Machine.database = database
    fast = settings(max_examples=25, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(Machine, settings=fast)  # type: ignore[no-untyped-call]
