"""Years of interviews do not weigh on the next booking: what is over is put away, and nothing looks for it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from connectors import mail
from scheduler import config, wiring
from scheduler.cli.main import app as cli
from scheduler.cli.serve import working
from scheduler.config import Settings
from scheduler.domain.bookings import LOOKED_BACK
from scheduler.domain.errors import BadInput
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services import archiving
from scheduler.services.afterwards import conflicts, replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import reconcile
from scheduler.services.checking import booked, events
from scheduler.services.jobs import Job
from tests.scheduler.kit import Kit, make
from tests.stories.kit import DAYS, MARA, look


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def confirmed(kit: Kit) -> str:
    request = LoopRequest(MARA, "short", DAYS, "Europe/Berlin", BookMode.BOOK)
    loop = requests.ask(kit.app, request, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    return loop.id


def organizer_file(kit: Kit) -> str:
    return (kit.folder / f"{kit.company.organizer.address}.ics").read_text()


def test_what_is_over_is_put_away_and_nothing_looks_for_it(kit: Kit) -> None:
    id = confirmed(kit)
    kit.clock.forward(days=90)
    replies.sync(kit.app)
    reconcile.sweep(kit.app)
    kit.run()
    before = look(kit, id)
    assert "BEGIN:VEVENT" in organizer_file(kit)

    assert archiving.archive(kit.app, 60).events > 0
    assert "BEGIN:VEVENT" not in organizer_file(kit)
    replies.sync(kit.app)
    reconcile.sweep(kit.app)
    reconcile.orphans(kit.app)
    conflicts.watch(kit.app, 7, 600.0)
    kit.run()
    after = look(kit, id)
    assert (after.state, after.reasons) == (before.state, before.reasons)
    assert events.look(kit.app).faults == []
    assert archiving.archive(kit.app, 60).events == 0


def test_what_the_doctor_still_looks_at_stays(kit: Kit) -> None:
    confirmed(kit)
    with pytest.raises(BadInput, match="days: 13 is too few"):
        archiving.archive(kit.app, 13)
    assert timedelta(days=LOOKED_BACK) > max(booked.BACK, reconcile._BACK)
    assert archiving.archive(kit.app, LOOKED_BACK).events == 0
    assert "BEGIN:VEVENT" in organizer_file(kit)


def test_a_calendar_that_cannot_be_written_is_told_and_the_rest_goes_on(kit: Kit) -> None:
    confirmed(kit)
    kit.clock.forward(days=90)
    (kit.folder / "archive").write_text("a file where the folder is to be")
    app = replace(kit.app, shelves={"mails": lambda _: 3})
    done = archiving.archive(app, 60)
    assert done.others == {"mails": 3}
    assert [line.split(":")[0] for line in done.faults] == [kit.company.organizer.address]
    assert "BEGIN:VEVENT" in organizer_file(kit)


def test_mails_go_into_the_folder_of_their_month(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    for name, when in {
        "old": datetime(2026, 3, 5, tzinfo=UTC),
        "new": datetime(2026, 6, 1, tzinfo=UTC),
    }.items():
        (outbox / f"{name}.eml").write_text(name)
        os.utime(outbox / f"{name}.eml", (when.timestamp(), when.timestamp()))
    assert mail.archive(outbox, datetime(2026, 5, 1, tzinfo=UTC)) == 1
    assert (outbox / "archive" / "2026-03" / "old.eml").read_text() == "old"
    assert (outbox / "new.eml").exists()
    assert mail.archive(tmp_path / "none", datetime(2026, 5, 1, tzinfo=UTC)) == 0


def test_jobs_that_are_done_are_let_go_of_and_those_that_wait_are_not(tmp_path: Path) -> None:
    runtime = wiring.build(config.load(data=tmp_path))
    wiring.migrate(runtime)
    try:
        with working(runtime):
            for key, delay in {"plan:gone": 0.0, "plan:later": 3600.0}.items():
                with runtime.app.db.write() as tx:
                    runtime.queue.enqueue(tx, Job.PLAN, {"loop": "lp_none"}, key=key, delay=delay)
            end = time.monotonic() + 60
            soon = datetime.now(UTC) + timedelta(days=1)
            while runtime.queue.forget(soon) == 0 and time.monotonic() < end:
                time.sleep(0.1)
        left = [job.workflow_id for job in runtime.queue.client.list_workflows()]
        assert left == ["plan:later"]
        assert runtime.queue.forget(soon) == 0
    finally:
        runtime.close()


def test_the_command_says_what_it_put_away(tmp_path: Path) -> None:
    kit = make(tmp_path)
    confirmed(kit)
    kit.app.db.dispose()
    said = CliRunner().invoke(cli, ["archive", "--data", str(tmp_path), "--days", "60"])
    assert (said.exit_code, said.stdout) == (0, "put away: 5 events, 0 mails, 0 jobs\n")
    said = CliRunner().invoke(cli, ["archive", "--data", str(tmp_path), "--days", "3"])
    assert said.exit_code != 0
    assert "days: 3 is too few" in said.output


def test_a_setting_says_when(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).archive_days == 60
    with pytest.raises(ValidationError, match="archive_days"):
        Settings(data=tmp_path, archive_days=5)
    runtime = wiring.build(Settings(data=tmp_path, archive_days=30))
    try:
        assert runtime.periodic().archive_days == 30
    finally:
        runtime.close()


def test_a_worker_sees_to_it_once_a_day_and_not_at_all_for_nought(kit: Kit) -> None:
    confirmed(kit)
    kit.clock.forward(days=90)
    archiving.daily(kit.app, 0)
    assert "BEGIN:VEVENT" in organizer_file(kit)
    archiving.daily(kit.app, 60)
    assert "BEGIN:VEVENT" not in organizer_file(kit)
