"""Killed anywhere, started again: one loop, one event per interview, one mail per invitation."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from connectors.local.folder import answer
from connectors.types import Reply
from scheduler.domain.loops import LoopState
from scheduler.services.booking import layout
from scheduler.services.failpoints import NAMES
from scheduler.services.planning import plan as planning
from scheduler.storage import invariants
from tests.scheduler.kit import NOW, Kit, make
from tests.stories import copies
from tests.stories.kit import booked, events
from tests.stories.process import runtime


def run(folder: Path, what: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    """The process of the kill tests, ended at a failpoint or by itself."""
    return copies.run("tests.stories.process", folder, what, failpoint=failpoint)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def outcome(folder: Path) -> tuple[str, dict[str, int]]:
    """The loop's state and the number of live events per interview; the promises hold."""
    made = runtime(folder)
    with made.app.db.read() as tx:
        assert invariants.check(tx, NOW) == []
        loops = tx.loops.list()
        assert len(loops) == 1
        live = {i.event_id: i.spec for i in tx.interviews.of_loop(loops[0].id)}
    made.close()
    counts: dict[str, int] = dict.fromkeys(live.values(), 0)
    kit = Kit(made.app, None, None, folder / "calendars", None, None)  # type: ignore[arg-type]
    for event in events(kit, "interviews@testwerk.example"):
        counts[live.get(str(event["UID"]).split("@")[0], "orphan")] = (
            counts.get(live.get(str(event["UID"]).split("@")[0], "orphan"), 0) + 1
        )
    return loops[0].state.value, counts


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("K")])
def test_killed_while_booking(kit: Kit, tmp_path: Path, name: str) -> None:
    killed = run(tmp_path, "book", f"{name}:2" if name in ("K5", "K6", "K7", "K8", "K11") else name)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    again = run(tmp_path, "book")
    assert again.stdout.split() == ["confirmed"], again.stdout + again.stderr
    state, counts = outcome(tmp_path)
    assert state == "confirmed"
    assert counts == dict.fromkeys(["tech", "deep", "lunch", "manager", "debrief"], 1)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 5


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("C")])
def test_killed_while_cancelling(kit: Kit, tmp_path: Path, name: str) -> None:
    killed = run(tmp_path, "cancel", name if name in ("C1", "C5") else f"{name}:2")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    again = run(tmp_path, "cancel")
    assert again.stdout.split() == ["cancelled"], again.stdout + again.stderr
    assert outcome(tmp_path) == ("cancelled", {})


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("A")])
def test_killed_while_further_plans_are_looked_for(kit: Kit, tmp_path: Path, name: str) -> None:
    killed = run(tmp_path, "propose", name)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    again = run(tmp_path, "propose")
    assert again.stdout.split() == ["proposed"], again.stdout + again.stderr
    made = runtime(tmp_path)
    with made.app.db.read() as tx:
        assert invariants.check(tx, NOW) == []
        (loop,) = tx.loops.list()
        offered = tx.proposals.of_loop(loop.id)
        assert planning.looking(tx, loop) == (False, "asked")
    made.close()
    assert [p.rank for p in offered] == [1, 2, 3]
    assert len({tuple((i.span, i.people) for i in p.interviews) for p in offered}) == 3


def test_killed_while_repairing(kit: Kit, tmp_path: Path) -> None:
    assert run(tmp_path, "book").stdout.split() == ["confirmed"]
    made = runtime(tmp_path)
    here = Kit(made.app, kit.jobs, kit.clock, kit.folder, kit.calendar, kit.company)
    with made.app.db.read() as tx:
        loop = tx.loops.list()[0]
    deep = booked(here, loop.id)["deep"]
    lead = next(s.person for s in deep.seats if s.required)
    address = next(p.account.address for p in kit.company.people if p.id == lead)
    answer(kit.folder, address, layout.event_key("test", deep), Reply.DECLINED)
    made.close()
    killed = run(tmp_path, "follow", "K7")
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    again = run(tmp_path, "follow")
    assert again.stdout.split() == [LoopState.CONFIRMED.value], again.stdout + again.stderr
    state, counts = outcome(tmp_path)
    assert state == "confirmed" and set(counts.values()) == {1}
