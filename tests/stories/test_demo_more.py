"""What the demo shows beside its tour: weeks of load, plans to choose from, a superday; asked for once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from importlib.resources import files
from pathlib import Path

from scheduler.demo import more
from scheduler.domain.proposals import BatchState
from tests.scheduler.kit import make
from tests.scheduler.web.plain import Plain


def test_there_is_something_to_look_at_on_every_screen(tmp_path: Path) -> None:
    kit = make(tmp_path, (files("scheduler.demo") / "company.yaml").read_text("utf-8"))
    for _ in range(2):
        more.ask(kit.app, date(2026, 3, 16))
        kit.run(100)
    with kit.app.db.read() as tx:
        states = Counter(loop.state.value for loop in tx.loops.list(limit=100))
        (batch,) = tx.batches.list(set(BatchState))
    assert batch.state is BatchState.OFFERED and (batch.progress.placed, batch.progress.loops) == (3, 4)
    assert states == {"confirmed": 4, "proposed": 4, "needs_attention": 1}
    site = Plain(kit)
    assert "Book all 3" in site.get(f"/superdays/{batch.id}").text
    assert site.get("/load?from=2026-03-23").text.count('<td class="heat h1"') >= 3
