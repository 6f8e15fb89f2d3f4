"""What is decided is written while everybody else plans (decision 124)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from dbos import DBOS

from scheduler.services.jobs import Job, Share, share, threads
from scheduler.workers.engine import QUEUE, Engine, Queue, queue_of
from tests.stories.entering import command

ROOT = Path(__file__).parents[2]


def test_writing_waits_for_no_planning(tmp_path: Path) -> None:
    done = subprocess.run(
        command("tests.stories.shares_process", f"sqlite:///{tmp_path / 'shares.sqlite3'}"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout == "done\n", done.stdout + done.stderr


@pytest.mark.parametrize("job", list(Job))
def test_every_job_has_a_share_with_threads(job: Job) -> None:
    assert threads(share(job), 1) >= 1


def test_a_job_that_was_queued_under_the_one_name_of_before_is_still_taken() -> None:
    assert QUEUE in {queue_of(job) for job in Job}
    assert {share(job) for job in (Job.PERFORM, Job.BOOK, Job.INTAKE, Job.HOOK)} == {Share.WRITE}
    assert share(Job.BATCH) != share(Job.PLAN) != share(Job.FURTHER)


def test_what_a_worker_lost_goes_back_to_the_queue_of_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, list[str]] = {}
    monkeypatch.setattr(DBOS, "resume_workflows", lambda ids, *, queue_name: given.update({queue_name: ids}))
    keys = ["plan:lp_1:1:0", "batch:b_1:1", "conflicts/7", "perform/again/0f", "mail:w_1"]
    Engine("sqlite://", Queue("sqlite://"), {}, lambda *_: None).again(keys)
    assert given == {
        queue_of(Job.PLAN): keys[:1],
        queue_of(Job.BATCH): keys[1:2],
        queue_of(Job.CONFLICTS): keys[2:3],
        queue_of(Job.PERFORM): keys[3:],
    }
