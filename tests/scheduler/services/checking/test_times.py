"""Reservations that are missing, stand for nothing, or leave no buffer are found; each is planted by plain SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.loops import Application, Candidate
from scheduler.services.checking import times
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, booked

OTTO = Application(
    "app-2", Candidate("Otto Ost", "otto@example.org", "Europe/Berlin"), "Backend Engineer", "hana", "rolf"
)
STEPS = "title: Short loop\n    notice_hours: 1\n"


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    text = COMPANY.read_text(encoding="utf-8")
    made = make(tmp_path, text.replace(STEPS, f"{STEPS}    buffer: 10\n"))
    ask(made, "short")
    return made


def lines(kit: Kit) -> list[str]:
    with kit.app.db.read() as tx:
        return list(times.look(tx, kit.clock()).lines())


def sql(kit: Kit, statement: str) -> None:
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql(statement)


def test_what_is_booked_is_reserved(kit: Kit) -> None:
    assert lines(kit) == []
    ask(kit, "onsite", application=OTTO)
    assert lines(kit) == []


@pytest.mark.parametrize("kind", ["person", "candidate"])
def test_a_time_that_is_not_reserved_any_more(kit: Kit, kind: str) -> None:
    sql(kit, f"DELETE FROM lw_reservations WHERE subject LIKE '{kind}:%'")
    found = lines(kit)
    assert found and all(line.endswith("is not reserved") for line in found)
    assert ("the candidate of loop" in found[0]) is (kind == "candidate")


def test_a_time_cut_short_by_its_buffer(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        (loop,) = tx.loops.list()
    talk = next(iter(booked(kit, loop.id).values()))
    assert loop.template.buffer > 0
    sql(
        kit,
        "UPDATE lw_reservations SET end_at = (SELECT end_at FROM lw_interviews WHERE id = interview)"
        f" WHERE interview = '{talk.id}' AND subject LIKE 'person:%'",
    )
    assert any(f"of {talk.id} is not reserved" in line for line in lines(kit))


def test_a_time_that_stands_for_nothing(kit: Kit) -> None:
    sql(
        kit,
        "INSERT INTO lw_reservations SELECT 'person:nobody', start_at, end_at, loop, interview, state, expires_at"
        " FROM lw_reservations LIMIT 1",
    )
    (line,) = lines(kit)
    assert "person:nobody" in line and "does not need it" in line
    sql(kit, "UPDATE lw_interviews SET state = 'cancelled'")
    assert len(lines(kit)) > 1


def test_two_meetings_without_a_buffer_between(kit: Kit) -> None:
    ask(kit, "short", application=OTTO)
    with kit.app.db.read() as tx:
        first, second = tx.loops.list()
    one, other = (next(iter(booked(kit, loop.id).values())) for loop in (first, second))
    who = f"person:{one.seats[0].person}"
    sql(kit, f"DELETE FROM lw_reservations WHERE subject = '{who}'")
    for interview, loop, begin, end in (
        (one, first, "2026-03-11T09:00", "2026-03-11T09:45"),
        (other, second, "2026-03-11T09:50", "2026-03-11T10:50"),
    ):
        times_ = f"'{begin}:00.000000Z', '{end}:00.000000Z'"
        sql(
            kit,
            f"INSERT INTO lw_reservations VALUES ('{who}', {times_}, '{loop.id}', '{interview.id}', 'confirmed', NULL)",
        )
    assert any(f"{who} has no buffer between" in line for line in lines(kit))
