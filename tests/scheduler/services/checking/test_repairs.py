"""`doctor --repair` puts right what can be put right, says so line by line, and does nothing blindly."""

from __future__ import annotations

import functools
import json
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest
from typer.testing import CliRunner

from connectors.types import EventRef
from scheduler import wiring
from scheduler.cli.main import app
from scheduler.domain.loops import LoopState
from scheduler.services.checking import events, heads, repairs, times
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.checking.planted import organizer_file
from tests.scheduler.services.checking.test_heads import cut
from tests.stories.kit import ask, booked, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    ask(made, "short")
    made.clock.forward(minutes=10)
    return made


def sql(kit: Kit, statement: str) -> None:
    with kit.app.db.write() as tx:
        tx.connection.exec_driver_sql(statement)


def left(kit: Kit) -> list[str]:
    with kit.app.db.read() as tx:
        found = list(times.look(tx, kit.clock()).lines())
    return [*found, *(f.text for f in events.look(kit.app).faults)]


def test_where_nothing_is_wrong_nothing_is_done(kit: Kit) -> None:
    assert list(repairs.repair(kit.app)) == []


def test_times_are_reserved_again_and_freed(kit: Kit) -> None:
    sql(kit, "UPDATE lw_reservations SET subject = 'person:nobody' WHERE subject LIKE 'candidate:%'")
    assert len(left(kit)) >= 2
    done = list(repairs.repair(kit.app))
    assert any(line.startswith("freed the time of person:nobody") for line in done)
    assert any(line.startswith("reserved again the time of the candidate") for line in done)
    assert left(kit) == [] and list(repairs.repair(kit.app)) == []


def test_a_time_that_is_somebody_elses_now_stays_told(kit: Kit) -> None:
    sql(kit, "UPDATE lw_reservations SET interview = 'gone' WHERE subject LIKE 'candidate:%'")
    with kit.app.db.write() as tx:
        (row, *_) = [r for r in tx.reservations.since(kit.clock()) if str(r.subject).startswith("candidate:")]
        tx.reservations.give_up(row)
        tx.connection.exec_driver_sql(
            "INSERT INTO lw_interviews SELECT 'other', loop, 'other', title, kind, modality, start_at, end_at, room,"
            " state, revision, calendar, '', '', '', '', elsewhere FROM lw_interviews WHERE spec <> 'debrief' LIMIT 1"
        )
    before = len(left(kit))
    list(repairs.repair(kit.app))
    assert 0 < len(left(kit)) < before


def test_an_event_of_no_interview_is_cancelled(kit: Kit) -> None:
    sql(kit, "UPDATE lw_interviews SET state = 'cancelled' WHERE spec = 'debrief'")
    sql(kit, "DELETE FROM lw_reservations WHERE interview LIKE '%debrief'")
    (line,) = repairs.repair(kit.app)
    assert line.startswith("cancelled the orphaned event test/")
    assert left(kit) == []


def test_an_event_that_a_person_moved_or_deleted_is_told_and_not_touched(kit: Kit) -> None:
    with organizer_file(kit) as calendar:
        one, two, *_ = [e for e in calendar.walk("VEVENT") if "X-LOOPWRIGHT-KEY" in e]
        calendar.subcomponents.remove(one)
        for name in ("DTSTART", "DTEND"):
            two[name].dt += timedelta(minutes=15)
    path = kit.folder / f"{kit.company.organizer.address}.ics"
    before = {str(e["UID"]) for e in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")}
    done = list(repairs.repair(kit.app))
    assert len(done) == 2 and all(line.startswith("told whoever has loop") for line in done)
    assert {str(e["UID"]) for e in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")} == before
    with kit.app.db.read() as tx:
        (loop,) = tx.loops.list()
    assert loop.state is LoopState.NEEDS_ATTENTION
    assert {r.kind for r in loop.reasons} == {"moved", "deleted"}
    assert len(left(kit)) == 2 and list(repairs.repair(kit.app)) == []  # told once


def test_the_only_event_left_of_an_interview_is_never_taken_away(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        (loop,) = tx.loops.list()
    talk = next(i for i in booked(kit, loop.id).values() if i.spec != "debrief")
    sql(kit, f"UPDATE lw_interviews SET event_id = 'another' WHERE id = '{talk.id}'")
    kinds = sorted(f.kind for f in events.look(kit.app).faults)
    assert kinds == ["doubled", "gone"]
    list(repairs.repair(kit.app))
    assert kit.calendar.get(EventRef(talk.calendar, talk.event_id)).key.endswith("/0")


def test_an_expired_hold_is_freed(kit: Kit) -> None:
    sql(kit, "UPDATE lw_reservations SET state = 'held', expires_at = '2026-03-09T07:00:00.000000Z'")
    (loop,) = {r.split("loop ")[1] for r in repairs.repair(kit.app) if r.startswith("freed the expired hold")}
    assert look(kit, loop).id == loop


class TestCommand:
    @pytest.fixture(autouse=True)
    def rules_never_age(self, monkeypatch: pytest.MonkeyPatch, kit: Kit) -> None:
        monkeypatch.setattr("scheduler.cli.doctor._OLD_RULES", 1_000)
        monkeypatch.setenv("LOOPWRIGHT_DEPLOYMENT", "test")
        monkeypatch.setattr(wiring, "build", functools.partial(wiring.build, clock=kit.clock))

    def doctor(self, kit: Kit, *words: str, status: int) -> list[dict[str, str]]:
        data = str(kit.folder.parent)
        result = CliRunner().invoke(app, ["doctor", "--data", data, "--json", *words])
        assert result.exit_code == status, result.output
        found: list[dict[str, str]] = json.loads(result.stdout)
        return found

    def test_a_head_that_was_kept_elsewhere(self, kit: Kit, tmp_path: Path) -> None:
        copy = tmp_path / "elsewhere" / "heads"
        copy.parent.mkdir()
        heads.note(kit.app, copy)
        assert [
            f["text"][:2] for f in self.doctor(kit, "--head", str(copy), status=0) if f["name"] == "chain"
        ] == ["1 "]
        cut(kit, keep=3)
        told = [f["text"] for f in self.doctor(kit, "--head", str(copy), status=1) if not f["ok"]]
        assert any("cut off" in text for text in told)
        assert any("was noted and is no longer" in text or "cut off" in text for text in told)

    def test_a_file_that_is_none_is_one_line(self, kit: Kit) -> None:
        result = CliRunner().invoke(app, ["doctor", "--data", str(kit.folder.parent), "--head", "/nowhere"])
        assert result.exit_code == 2 and result.stderr.startswith("/nowhere: cannot be read")

    def test_the_status_is_that_of_what_remains(self, kit: Kit) -> None:
        sql(kit, "UPDATE lw_interviews SET state = 'cancelled' WHERE spec = 'debrief'")
        names = {f["name"] for f in self.doctor(kit, status=1) if not f["ok"]}
        assert {"event.orphaned", "events", "promise"} <= names
        done = [f["text"] for f in self.doctor(kit, "--repair", status=0) if f["name"] == "repair"]
        assert any("orphaned event" in text for text in done)

    def test_a_ledger_row_that_was_taken_out(self, kit: Kit) -> None:
        sql(kit, "DELETE FROM lw_ledger WHERE id = (SELECT id FROM lw_ledger WHERE write = 'mail' LIMIT 1)")
        (text,) = [f["text"] for f in self.doctor(kit, "--repair", status=1) if f["name"] == "promise"]
        assert "was noted and is no longer in the ledger" in text


def test_no_transaction_is_open_while_somebody_reads_what_was_done(kit: Kit) -> None:
    sql(kit, "DELETE FROM lw_reservations WHERE interview LIKE '%debrief'")
    done = []
    for line in repairs.repair(kit.app):
        with kit.app.db.write() as tx:  # would be refused inside another one of this thread
            done.append((line, len(tx.loops.list())))
    assert done and all(line.startswith("reserved again") for line, _ in done)


def test_what_is_overdue_is_told_once_for_each_loop(kit: Kit) -> None:
    sql(kit, "UPDATE lw_ledger SET state = 'todo', due_at = NULL, noted_at = '2026-03-09T06:00:00.000000Z'")
    kit.clock.forward(minutes=5)
    with kit.app.db.read() as tx:
        (loop,) = tx.loops.list()
        due = len(tx.ledger.due(kit.clock()))
    for _ in range(2):  # the second time nothing new is queued, and nothing else is said
        said = [line for line in repairs.repair(kit.app) if "overdue" in line]
        assert said == [
            f"{due} overdue writes of loop {loop.id} are in the queue, once an hour at most; a worker does them"
        ]
