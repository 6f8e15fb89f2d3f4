"""A booking reads each thing once: rows of the database, and calendars.

Numbers of statements are the same on every run: they are counted, never timed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.types import Window
from scheduler.domain.bookings import Write, WriteState
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.services.booking import choose, perform
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import MARA, ask, look

MOST = 88
"""Statements of one booking of five interviews, from *yes* until everybody and the candidate are told."""
ROUTINE = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")


@dataclass
class Counted:
    statements: list[str] = field(default_factory=list)
    calendars: list[Window] = field(default_factory=list)


@contextmanager
def counted(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Every statement and every look into calendars while the block runs."""
    found, engine = Counted(), kit.app.db.engine
    real = type(kit.calendar).availability

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(ROUTINE):
            found.statements.append(statement)

    def availability(calendar: Any, addresses: Any, window: Window) -> Any:
        found.calendars.append(window)
        return real(calendar, addresses, window)

    sa.event.listen(engine, "before_cursor_execute", note)
    with monkeypatch.context() as patch:
        patch.setattr(type(kit.calendar), "availability", availability)
        yield found
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def offered(kit: Kit) -> tuple[Loop, str]:
    loop = ask(kit, mode=BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        plan = tx.proposals.of_loop(loop.id)[0]
    assert len(plan.interviews) == 5
    return loop, plan.id


def test_a_booking_of_five_interviews_asks_for_little(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, plan = offered(kit)
    with counted(kit, monkeypatch) as found:
        choose.choose(kit.app, plan, "person:rolf")
        kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert len(found.statements) <= MOST
    assert len(found.calendars) == 1, "read when the plan is chosen, and not again for what was just seen"


def test_a_large_company_and_a_full_week_ask_for_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are booked all week, and the company has many more people: nothing is asked one by one."""
    strangers = "".join(f"  - {{id: p{n}, name: P{n}, email: p{n}@testwerk.example}}\n" for n in range(100))
    text = COMPANY.read_text(encoding="utf-8").replace("\npools:", f"{strangers}\npools:")
    counts = []
    for name, company, others in (("small", None, 0), ("large", text, 4)):
        kit = make(tmp_path / name, company)
        for n in range(others):
            _another(kit, n)
        loop, plan = offered(kit)
        with counted(kit, monkeypatch) as found:
            choose.choose(kit.app, plan, "person:rolf")
            kit.run()
        assert look(kit, loop.id).state is LoopState.CONFIRMED
        counts.append(len(found.statements))
    # a lease that is renewed meanwhile adds a few; a question for each person or loop would add a hundred
    assert counts[1] <= counts[0] + 8


def _another(kit: Kit, n: int) -> None:
    day = 10 + n % 4
    window = ((f"2026-03-{day}T09:00", f"2026-03-{day}T17:00"),)
    candidate = Candidate(f"C{n}", f"c{n}@example.org", "Europe/Berlin")
    ask(kit, "short", BookMode.BOOK, window, replace(MARA, id=f"other-{n}", candidate=candidate))


@pytest.mark.parametrize(("later", "looks"), [(timedelta(0), 1), (perform.FRESH, 2), (-perform.FRESH, 2)])
def test_what_was_just_seen_is_not_read_again_and_what_is_older_is(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, later: timedelta, looks: int
) -> None:
    """Also where the clock of whoever chose is ahead: then nobody knows how old it is."""
    loop, plan = offered(kit)
    with counted(kit, monkeypatch) as found:
        choose.choose(kit.app, plan, "person:rolf")
        kit.clock.now += later
        kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert len(found.calendars) == looks
    assert len(set(map(str, found.calendars))) == 1, "the same times, whoever looks"


def test_a_row_that_nobody_looked_for_is_looked_for(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """One write without a look is enough to look again for all."""
    loop, plan = offered(kit)
    choose.choose(kit.app, plan, "person:rolf")
    with kit.app.db.write() as tx:
        (row, *_) = [r for r in tx.ledger.of_loop(loop.id, {WriteState.TODO}) if r.write is Write.BOOK]
        payload = {k: v for k, v in row.payload.items() if k != choose.SEEN}
        tx.connection.execute(
            sa.text("update lw_ledger set payload = :p where id = :id"),
            {"p": json.dumps(payload), "id": row.id},
        )
    with counted(kit, monkeypatch) as found:
        kit.run()
    assert len(found.calendars) == 1
