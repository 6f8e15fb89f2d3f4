"""`loopwright privacy`: erase, export, and keep no longer than needed, over the real queue of jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from scheduler import config, wiring
from scheduler.cli.main import app
from scheduler.domain.privacy.erasure import Words
from scheduler.services import jobs
from scheduler.services.company.read import read_company
from tests.scheduler.kit import COMPANY
from tests.scheduler.storage.samples import application

ADA = application(hiring_manager="hana", recruiter="rolf")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["privacy", *words])


def test_a_candidate_is_exported_then_erased_and_jobs_that_name_them_go() -> None:
    runtime = wiring.build(config.load())
    wiring.migrate(runtime)
    with runtime.app.db.write() as tx:
        tx.company.replace(read_company(COMPANY.read_text(), "yaml", "company.yaml"), runtime.app.clock())
        tx.applications.put(ADA)
        jobs.look(runtime.app, tx, "gh", ADA.candidate.email, "sweep")
        jobs.look(runtime.app, tx, "gh", "other@example.org", "sweep")
    wiring.make_organizers_calendar(runtime)
    told = json.loads(run("export", "--email", ADA.candidate.email).output)
    assert told["stored"]["applications"][0]["candidate_name"] == ADA.candidate.name
    assert "--yes" in run("erase", "--email", ADA.candidate.email).output
    erased = run("erase", "--email", ADA.candidate.email, "--yes", "--json")
    assert erased.exit_code == 0, erased.output
    assert json.loads(erased.stdout)["state"] == "done"
    assert json.loads(erased.stdout)["counts"]["jobs"] == 1
    queued = [str(w.input) for w in runtime.queue.client.list_workflows()]
    assert len(queued) == 2, "another candidate's, and the erasure's own"
    assert runtime.queue.forget_words(Words("x", (), ("other@example.org",))) == 1
    runtime.close()
    kept = b"".join(p.read_bytes() for p in Path(".loopwright").rglob("*") if p.is_file())
    assert ADA.candidate.email.encode() not in kept and ADA.candidate.name.encode() not in kept
    assert "done" in run("erasures").output
    assert json.loads(run("erasures", "--json").stdout)[0]["state"] == "done"
    assert run("export", "--email", ADA.candidate.email).exit_code != 0
    assert "0 messages" in run("keep").output
