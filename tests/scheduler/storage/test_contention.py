"""Nobody's time is taken twice, and nobody waits for ever, when many want it at once."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import sqlalchemy as sa

from scheduler.domain.bookings import Reservation
from scheduler.domain.errors import Taken
from scheduler.domain.loops import LoopState
from scheduler.storage import Database, Unavailable
from scheduler.storage.invariants import check
from scheduler.storage.locks import lock_subjects
from tests.scheduler.storage.samples import NOW, hold, minutes, taken, with_loops


@contextmanager
def together(*work: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Run all of it at once; what went wrong is there at the end of the block."""
    barrier, faults = threading.Barrier(len(work), timeout=60), []

    def run(one: Callable[[], None]) -> None:
        try:
            barrier.wait()
            one()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield faults


def test_of_thirty_who_want_the_same_time_one_gets_it(database: Database) -> None:
    loops = [f"loop-{n}" for n in range(30)]
    with_loops(database, *loops)
    winners: list[str] = []

    def book(loop: str) -> None:
        rows = [
            hold("person:anna", 0, 45, loop),
            hold("room:oak", 0, 45, loop),
            hold(f"candidate:{loop}", 0, 45, loop),
        ]
        random.Random(loop).shuffle(rows)
        try:
            with database.write() as tx:
                tx.reservations.take(rows)
            winners.append(loop)
        except Taken as fault:
            assert set(map(str, fault.subjects)) <= {"person:anna", "room:oak"}

    with together(*(lambda loop=loop: book(loop) for loop in loops)) as faults:
        assert faults == []
    assert len(winners) == 1
    assert {r.loop for r in taken(database)} == set(winners)
    assert len(taken(database)) == 3


def test_those_who_name_the_same_people_the_other_way_round_do_not_wait_in_a_circle(
    postgres_database: Database,
) -> None:
    """Both have begun, as far as somebody who holds one of them lets them."""
    people = [f"person:{n}" for n in range(5)]
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    def want(order: list[str]) -> None:
        with postgres_database.write() as tx:
            lock_subjects(tx.connection, order)

    with ThreadPoolExecutor(2) as pool:
        with postgres_database.write() as tx:
            lock_subjects(tx.connection, people[2:3])
            both = [pool.submit(want, order) for order in (people, people[::-1])]
            while tx.connection.execute(waiting).scalar_one() < 2:
                time.sleep(0.01)
        faults = [one.exception(timeout=60) for one in both]
    assert faults == [None, None]


def scramble(database: Database, loop: str, seed: int, rounds: int) -> None:
    """Whole lives of one loop at random: take, swap, confirm, release, expire, with facts between."""
    chance = random.Random(seed)

    def draw(interview: str) -> list[Reservation]:
        people = chance.sample(["person:a", "person:b", "person:c", "room:x", "room:y"], 3)
        start = chance.randrange(0, 12) * 5
        return [hold(p, start, start + chance.choice([5, 15, 30]), loop, interview) for p in people]

    for _ in range(rounds):
        try:
            with database.write() as tx:
                tx.loops.change(loop, "a", "c", NOW, "touched", labels={})
                verb = chance.randrange(5)
                if verb == 0:
                    tx.reservations.take(draw("i-1"))
                elif verb == 1:
                    tx.reservations.swap(loop, ["i-1", "i-2"], [*draw("i-1"), *draw("i-2")])
                elif verb == 2:
                    tx.reservations.confirm(loop)
                elif verb == 3:
                    tx.reservations.release(loop, ["i-1"])
        except Taken:
            pass
        if verb == 4:
            with database.write() as tx:
                for expired in tx.reservations.expire(minutes(60)):
                    tx.loops.change(expired, "system", "expiry", NOW, "hold_expired", labels={})


def test_at_random_and_at_once_nothing_overlaps_and_nobody_waits_in_a_circle(database: Database) -> None:
    loops = [f"loop-{n}" for n in range(8)]
    with_loops(database, *loops)
    # A deadlock would end one of them with `Unavailable`.
    with together(
        *(lambda n=n, loop=loop: scramble(database, loop, n, 25) for n, loop in enumerate(loops))
    ) as faults:
        assert faults == []
    with database.read() as tx:
        assert check(tx, NOW) == []
        assert tx.facts.verify() is None


def _process(url: str, loop: str, seed: int, gate: object, results: object) -> None:
    database = Database(url)
    gate.wait()  # type: ignore[attr-defined]
    try:
        with database.write() as tx:
            tx.reservations.take([hold("person:anna", 0, 45, loop)])
        results.put("won")  # type: ignore[attr-defined]
    except Taken:
        results.put("taken")  # type: ignore[attr-defined]
    gate.wait()  # type: ignore[attr-defined]
    try:
        scramble(database, loop, seed, 10)
        results.put("fine")  # type: ignore[attr-defined]
    except Unavailable as fault:
        results.put(f"unavailable: {fault}")  # type: ignore[attr-defined]
    database.dispose()


def test_processes_keep_out_of_each_others_way_too(database: Database) -> None:
    loops = [f"loop-{n}" for n in range(3)]
    with_loops(database, *loops)
    url = database.engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    gate, results = spawn.Barrier(len(loops), timeout=60), spawn.Queue()
    workers = [
        spawn.Process(target=_process, args=(url, loop, n, gate, results)) for n, loop in enumerate(loops)
    ]
    for worker in workers:
        worker.start()
    said = sorted(results.get(timeout=90) for _ in range(2 * len(workers)))
    for worker in workers:
        worker.join(timeout=30)
    assert said == ["fine"] * 3 + ["taken"] * 2 + ["won"]
    with database.read() as tx:
        assert check(tx, NOW) == []


def test_expiry_leaves_a_loop_that_is_being_worked_on(postgres_database: Database) -> None:
    with_loops(postgres_database, "loop-1", "loop-2", state=LoopState.HELD)
    with postgres_database.write() as tx:
        tx.reservations.take([hold("room:oak", 0, 30)])
        tx.reservations.take([hold("room:elm", 0, 30, "loop-2")])
    done: list[list[str]] = []

    def expire() -> None:
        with postgres_database.write() as tx:
            done.append(tx.reservations.expire(minutes(61)))

    with postgres_database.write() as tx:
        tx.loops.move("loop-1", LoopState.BOOKING, expect={LoopState.HELD}, actor="a", cause="c", at=NOW)
        with together(expire) as faults:
            assert faults == []
        tx.reservations.confirm("loop-1")
    assert done == [["loop-2"]]
    expire()
    assert done[1] == []
    assert [r.loop for r in taken(postgres_database)] == ["loop-1"]
