"""Finding loops, interviews and facts: what comes out, in pages that stay, and from which index."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler.domain.bookings import InterviewState, Seat, SeatState
from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.finding import FactsWanted, InterviewsWanted, LoopsWanted
from scheduler.domain.loops import Candidate, Loop, LoopState
from scheduler.domain.templates import SeatKind
from scheduler.domain.time import Span
from scheduler.storage import Database
from scheduler.storage.database import Tx
from scheduler.storage.repositories.reading.loops import MOST_COUNTED
from tests.scheduler.storage.samples import NOW, application, interview, loop, minutes, span

NAMES = ("Ada Kaya", "Björn Östlund", "Łucja Żak", "山田太郎", "Maria-José O'Neil", "ada lovelace")
JOBS = ("Backend Engineer", "Designer")
SHORT = [LoopState.PLANNING, LoopState.CONFIRMED, LoopState.CANCELLED]


def filled(database: Database, count: int = 60) -> list[Loop]:
    """Loops of several applications, states, owners, stages and moments, in the order of their asking."""
    dice = random.Random(4)
    made = []
    with database.write() as tx:
        for n, name in enumerate(NAMES):
            candidate = Candidate(name, f"c{n}@example.net", "Europe/Istanbul")
            tx.applications.put(
                application(
                    f"app-{n}",
                    candidate=candidate,
                    job=JOBS[n % 2],
                    recruiter=("bob", "cleo")[n % 2],
                    stage="Talks",
                )
            )
        for n in range(count):
            found = loop(
                f"l-{dice.randrange(10**6):06}-{n}",
                application=f"app-{n % len(NAMES)}",
                owner="",
                state=dice.choice(SHORT),
                created_at=minutes(n // 3),
                updated_at=minutes(n // 3),
                labels={"stage": "On site"} if n % 4 == 0 else {},
            )
            made.append(tx.loops.add(found, actor="system", cause="test"))
            when = span(n * 100, n * 100 + 45)
            seats = (Seat("anna" if n % 5 else "dora", SeatKind.LEAD, number=0),)
            tx.interviews.put_all([interview(f"i-{n}", loop=found.id, span=when, seats=seats)])
    return sorted(made, key=lambda found: (found.created_at, found.id))


def pages(tx: Tx, wanted: LoopsWanted, limit: int = 7) -> list[str]:
    found: list[str] = []
    while page := tx.found_loops.page(wanted, limit, found[-1] if found else None):
        found += [row.id for row in page]
    return found


def number(found: Loop) -> int:
    return int(found.id.rpartition("-")[2])


def test_every_filter_gives_what_plain_python_gives_page_by_page(database: Database) -> None:
    every = filled(database)
    day = Span(minutes(1000), minutes(2000))
    cases: list[tuple[LoopsWanted, Callable[[Loop], bool]]] = [
        (LoopsWanted(), lambda _: True),
        (LoopsWanted(states=frozenset(SHORT[:2])), lambda one: one.state in SHORT[:2]),
        (LoopsWanted(owner="bob"), lambda one: number(one) % 2 == 0),
        (
            LoopsWanted(job="Designer", states=frozenset(SHORT[1:])),
            lambda one: number(one) % 2 and one.state in SHORT[1:],
        ),
        (LoopsWanted(stage="On site"), lambda one: number(one) % 4 == 0),
        (LoopsWanted(stage="Talks"), lambda one: number(one) % 4 != 0),
        (LoopsWanted(template="onsite"), lambda _: True),
        (LoopsWanted(template="other"), lambda _: False),
        (LoopsWanted(application="app-3"), lambda one: one.application == "app-3"),
        (LoopsWanted(person="dora"), lambda one: number(one) % 5 == 0),
        (LoopsWanted(window=day), lambda one: 10 <= number(one) < 20),
        (LoopsWanted(window=day, person="dora", owner="bob"), lambda one: number(one) == 10),
        (LoopsWanted(asked_after=minutes(5), asked_until=minutes(7)), lambda one: 18 <= number(one) < 24),
        (LoopsWanted(text="ada"), lambda one: number(one) % 6 in (0, 5)),
        (LoopsWanted(text="KAYA, ad"), lambda one: number(one) % 6 == 0),
        (LoopsWanted(text="bjorn ost"), lambda one: number(one) % 6 == 1),
        (LoopsWanted(text="太郎"), lambda one: number(one) % 6 == 3),
        (
            LoopsWanted(text="o'neil jose", states=frozenset(SHORT[:1])),
            lambda one: number(one) % 6 == 4 and one.state is SHORT[0],
        ),
        (LoopsWanted(text="c2@example.net"), lambda one: number(one) % 6 == 2),
        (LoopsWanted(text="nobody"), lambda _: False),
        (LoopsWanted(text=every[17].id), lambda one: one.id == every[17].id),
    ]
    with database.read() as tx:
        for wanted, fits in cases:
            assert pages(tx, wanted) == [one.id for one in every if fits(one)], wanted
            counted = {s: n for s, n in tx.found_loops.counts(wanted).items() if n}
            told = [one.state for one in every if fits(one)]
            assert counted == {s: told.count(s) for s in set(told)}, wanted


def test_a_page_goes_on_where_the_last_one_ended_whatever_came_and_went_meanwhile(database: Database) -> None:
    every = filled(database)
    with database.read() as tx:
        first = tx.found_loops.page(LoopsWanted(), 20)
    with database.write() as tx:
        tx.loops.add(
            loop("l-late", application="app-0", created_at=minutes(3), updated_at=NOW), "system", "test"
        )
        tx.loops.change(first[-1].id, "system", "test", minutes(9), "loop_noted", replans=3)
    with database.read() as tx:
        rest = pages(tx, LoopsWanted(), 20)
        later = tx.found_loops.page(LoopsWanted(), 100, first[-1].id)
    assert [one.id for one in (*first, *later)] == [one.id for one in every]
    assert len(rest) == len(every) + 1


def test_a_page_behind_nothing_is_refused(database: Database) -> None:
    filled(database, 3)
    with database.read() as tx:
        for ask in (
            lambda: tx.found_loops.page(LoopsWanted(), 5, "l-gone"),
            lambda: tx.found_interviews.page(InterviewsWanted(span(0, 10)), 5, "i-gone"),
            lambda: tx.found_facts.page(FactsWanted(), 5, 999),
        ):
            with pytest.raises(BadInput, match=r"^after: no (loop|interview|fact) .*the page before"):
                ask()
        for text, fault in (("- !", "no letter"), (" ".join(map(str, range(9))), "9 words")):
            with pytest.raises(BadInput, match=fault):
                tx.found_loops.page(LoopsWanted(text=text), 5)


def test_a_count_ends_where_nobody_reads_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.storage.repositories.reading.loops.MOST_COUNTED", 5)
    filled(database)
    assert MOST_COUNTED == 1000
    with database.read() as tx:
        assert set(tx.found_loops.counts(LoopsWanted(states=frozenset(SHORT))).values()) == {6}


def test_a_loop_is_its_recruiters_until_it_is_given_away(database: Database) -> None:
    every = filled(database, 12)
    mine = [one.id for one in every if one.application == "app-0"]
    with database.write() as tx:
        assert tx.loops.assign(mine[0], "dora", "person:bob", NOW).owner == "dora"
        tx.loops.assign(mine[0], "dora", "person:bob", NOW)
        tx.applications.put(application("app-0", recruiter="erik", job="Painter"))
    with database.read() as tx:
        assert pages(tx, LoopsWanted(owner="dora")) == [mine[0]]
        assert pages(tx, LoopsWanted(owner="erik")) == mine[1:]
        assert pages(tx, LoopsWanted(job="Painter")) == mine
        assert pages(tx, LoopsWanted(text="bjorn")) == [one.id for one in every if one.application == "app-1"]
        told = [f for f in tx.facts.list(limit=1000) if f.what == "loop_assigned"]
        assert [(f.before, f.after, f.actor) for f in told] == [("bob", "dora", "person:bob")]
    with database.write() as tx:
        assert tx.loops.assign(mine[0], None, "person:bob", NOW).owner == "erik"
        tx.applications.put(application("app-0", recruiter="fred"))
    with database.read() as tx:
        assert pages(tx, LoopsWanted(owner="fred")) == mine


def test_a_claimed_loop_has_the_owner_it_was_given_in_the_same_transaction(database: Database) -> None:
    filled(database, 7)
    with database.write() as tx:
        (given, kept) = (one.id for one in tx.loops.list(application="app-0"))
        assert [tx.loops.claim(id).owner for id in (given, kept)] == ["bob", "bob"]  # type: ignore[union-attr]
        tx.loops.assign(given, "dora", "person:bob", NOW)
        tx.applications.put(application("app-0", recruiter="erik"))
        assert [tx.loops.claim(id).owner for id in (given, kept)] == ["dora", "erik"]  # type: ignore[union-attr]
        with pytest.raises(ZeroDivisionError), tx.connection.begin_nested():
            tx.loops.assign(given, "fred", "person:bob", NOW)
            raise ZeroDivisionError
        assert tx.loops.claim(given).owner == "dora"  # type: ignore[union-attr]


def test_interviews_of_a_stretch_of_time_are_found_without_a_person(database: Database) -> None:
    every = filled(database)
    names = {number(one): one.id for one in every}
    with database.write() as tx:
        tx.interviews.update("i-4", state=InterviewState.CANCELLED)
        (seat,) = tx.interviews.of_ids(["i-6"])[0].seats
        tx.interviews.update("i-6", seats=(replace(seat, state=SeatState.DECLINED),))
    window = Span(minutes(344), minutes(800))
    with database.read() as tx:

        def found(**more: str) -> list[str]:
            seen: list[str] = []
            wanted = InterviewsWanted(window, **more)
            while page := tx.found_interviews.page(wanted, 2, seen[-1] if seen else None):
                seen += [one.id for one in page]
            return seen

        assert found() == ["i-3", "i-5", "i-6", "i-7"]
        assert found(person="anna") == ["i-3", "i-7"]
        assert found(owner="bob") == ["i-6"]
        assert found(loop=names[7]) == ["i-7"]
        assert found(room="elm") == []


def _noted(database: Database) -> None:
    with database.write() as tx:
        for n in range(40):
            data = {"person": "anna"} if n % 3 == 0 else {"reasons": [{"people": ["dora", "erik"]}]}
            at = minutes(n if n % 2 else 40 - n)  # not in the order of their numbers
            tx.facts.add(Fact(at, f"person:{'abc'[n % 3]}", f"thing_{n % 4}", f"loop:l-{n % 5}", data=data))


def test_facts_are_found_by_who_what_when_loop_and_person(database: Database) -> None:
    _noted(database)
    with database.read() as tx:
        every = sorted(tx.facts.list(limit=100), key=lambda f: (f.at, f.seq))
        cases: list[tuple[FactsWanted, Callable[[Fact], bool]]] = [
            (FactsWanted(), lambda _: True),
            (FactsWanted(actor="person:b"), lambda f: f.actor == "person:b"),
            (
                FactsWanted(what="thing_2", subject="loop:l-1"),
                lambda f: (f.what, f.subject) == ("thing_2", "loop:l-1"),
            ),
            (FactsWanted(start=minutes(7), end=minutes(20)), lambda f: minutes(7) <= f.at < minutes(20)),
            (FactsWanted(person="anna"), lambda f: f.data.get("person") == "anna"),
            (
                FactsWanted(person="erik", start=minutes(9)),
                lambda f: "reasons" in f.data and f.at >= minutes(9),
            ),
            (FactsWanted(person="a"), lambda f: f.actor == "person:a"),
        ]
        for wanted, fits in cases:
            seen: list[int] = []
            while page := tx.found_facts.page(wanted, 7, seen[-1] if seen else None):
                seen += [f.seq for f in page]
            assert seen == [f.seq for f in every if fits(f)], wanted
        assert tx.found_facts.newest() == 40
        assert len(tx.found_facts.page(FactsWanted(), 100, upto=12)) == 12


# --- from which index ------------------------------------------------------------------------------------


WEEK = Span(NOW, NOW + timedelta(days=7))
QUESTIONS: dict[str, Callable[[Tx], object]] = {
    "state": lambda tx: tx.found_loops.page(LoopsWanted(states=frozenset(SHORT)), 50),
    "state, later": lambda tx: tx.found_loops.page(LoopsWanted(states=frozenset(SHORT)), 50, "l-7"),
    "owner": lambda tx: tx.found_loops.page(LoopsWanted(owner="bob"), 50),
    "job": lambda tx: tx.found_loops.page(LoopsWanted(job="Designer", states=frozenset(SHORT)), 50),
    "text": lambda tx: tx.found_loops.page(LoopsWanted(text="Ada77 Ka7"), 50),
    "date": lambda tx: tx.found_loops.page(LoopsWanted(window=WEEK), 50),
    "person": lambda tx: tx.found_loops.page(LoopsWanted(person="dora"), 50),
    "counts": lambda tx: tx.found_loops.counts(LoopsWanted(owner="bob")),
    "interviews": lambda tx: tx.found_interviews.page(InterviewsWanted(WEEK), 50),
    "facts by what": lambda tx: tx.found_facts.page(FactsWanted(what="thing_1"), 50),
    "facts by actor": lambda tx: tx.found_facts.page(FactsWanted(actor="person:a", start=NOW), 50),
    "facts by person": lambda tx: tx.found_facts.page(FactsWanted(person="anna", start=NOW), 50),
    "facts by time": lambda tx: tx.found_facts.page(FactsWanted(start=NOW, end=WEEK.end), 50),
    "facts, later": lambda tx: tx.found_facts.page(FactsWanted(), 50, 3),
}


def _history(database: Database, count: int = 1300) -> None:
    """Enough rows, told to the planner, that reading them all through would be the dearest way."""
    with database.write() as tx:
        for n in range(400):
            candidate = Candidate(f"Ada{n} Ka{n}", f"c{n}@example.net", "Europe/Istanbul")
            tx.applications.put(
                application(f"app-{n}", candidate=candidate, job=f"j{n % 9}", recruiter=f"r{n % 9}")
            )
        for n in range(count):
            at = NOW - timedelta(hours=n)
            tx.loops.add(
                loop(
                    f"l-{n}",
                    application=f"app-{n % 400}",
                    state=list(LoopState)[n % 13],
                    created_at=at,
                    updated_at=at,
                ),
                "system",
                "test",
            )
        tx.interviews.put_all(
            [
                interview(
                    f"i-{n}",
                    loop=f"l-{n}",
                    span=Span(NOW - timedelta(hours=n), NOW - timedelta(hours=n - 1)),
                    seats=(Seat(f"p{n % 99}", SeatKind.LEAD, number=0),),
                )
                for n in range(count)
            ]
        )
        for n in range(count):
            tx.facts.add(Fact(minutes(n), f"person:p{n % 99}", f"thing_{n % 50}", f"loop:l-{n}"))
    with database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("ANALYZE")


def _plans(database: Database, ask: Callable[[Tx], object]) -> list[str]:
    """How the database carries out each statement of a question."""
    asked: list[tuple[str, object]] = []

    def listen(_c: object, _cursor: object, text: str, values: object, *_: object) -> None:
        if text.lstrip().upper().startswith(("SELECT", "WITH")):
            asked.append((text, values))

    sa.event.listen(database.engine, "before_cursor_execute", listen)
    with database.read() as tx:
        ask(tx)
        sa.event.remove(database.engine, "before_cursor_execute", listen)
        word = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        return [
            "\n".join(str(row) for row in tx.connection.exec_driver_sql(word + text, values))  # type: ignore[arg-type]
            for text, values in asked
        ]


HISTORIES = ("lw_loops", "lw_facts", "lw_interviews", "lw_seats", "lw_application_words", "lw_fact_people")


def _reads_all(plan: str) -> list[str]:
    lines = plan.splitlines()
    scans = [x for x in lines if "SCAN lw_" in x and "USING" not in x]
    scans += [x for x in lines if "Seq Scan on" in x]
    return [x for x in scans if any(name in x for name in HISTORIES)]


def test_no_question_reads_the_history_through(database: Database) -> None:
    _history(database)
    found = {
        name: [x for plan in _plans(database, ask) for x in _reads_all(plan)]
        for name, ask in QUESTIONS.items()
    }
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert datetime.now(NOW.tzinfo) > NOW
    through = _plans(
        database, lambda tx: tx.connection.execute(sa.text("SELECT * FROM lw_facts WHERE cause = 'x'")).all()
    )
    assert _reads_all(through[0])


def test_what_rows_hold_alike_is_read_once_and_each_is_as_it_is_by_itself(database: Database) -> None:
    filled(database)
    with database.read() as tx:
        found = tx.found_loops.page(LoopsWanted(), 20)
        alone = [tx.loops.get(one.id) for one in found]
    assert list(found) == alone
    assert len({id(one.template) for one in found}) == len({repr(one.template) for one in found}) < len(found)
    assert len({one.created_at for one in found}) > 1
