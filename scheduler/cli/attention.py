"""`loopwright attention`: what needs a person, the most urgent first.

Told by `tests/scheduler/cli/test_attention.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from rich.table import Table

from scheduler import config, wiring
from scheduler.api.attention.models import MatterOut
from scheduler.cli.faults import out
from scheduler.domain.attention.matters import Kind
from scheduler.domain.errors import BadInput
from scheduler.domain.time import zone
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown, Wanted
from scheduler.services.company.faults import nearest


def run(
    data: Path | None, owner: str | None, kinds: Collection[str], zone_name: str, limit: int, *, as_json: bool
) -> None:
    clock = zone(zone_name or "UTC", "--zone")
    wanted = Wanted(None if owner is None else owner.removeprefix("-"), _kinds(kinds))
    runtime = wiring.build(config.load(data=data))
    try:
        runtime.app.db.migrate()
        with runtime.app.db.read() as tx:
            found = care.look(runtime.app, tx, wanted, limit)
            by_kind, _ = care.counts(runtime.app, tx, wanted)
    finally:
        runtime.close()
    if as_json:
        out.print_json(json.dumps([MatterOut.of(shown).model_dump(mode="json") for shown in found]))
        return
    if not found:
        out.print("nothing needs a person")
        return
    table = Table("due", "owner", "what", "about", box=None, pad_edge=False)
    for shown in found:
        matter = shown.kept.matter
        due = _when(matter.due.astimezone(clock)) if matter.due else ""
        table.add_row(due, shown.kept.owner or "-", matter.text, _about(shown))
    out.print(table)
    total = sum(by_kind.values())
    if total > len(found):
        out.print(f"{total - len(found)} more: give a higher --limit")


def _about(shown: Shown) -> str:
    return ", ".join(filter(None, [shown.about, shown.kept.matter.loop]))


def _when(at: datetime) -> str:
    return f"{at:%a %d %b %H:%M}"


def _kinds(names: Collection[str]) -> frozenset[Kind] | None:
    known = [kind.value for kind in Kind]
    for name in names:
        if name not in known:
            raise BadInput("--kind", f"{name!r} is none", nearest(name, known))
    return frozenset(map(Kind, names)) if names else None
