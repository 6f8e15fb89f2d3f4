"""What is decided is written while everybody else plans (decision 124)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scheduler.services.jobs import Job, Share, share, threads
from scheduler.workers.engine import QUEUE, queue_of
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
