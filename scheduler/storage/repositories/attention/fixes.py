"""What would help loops without a plan, and what loops were let off.

Told by `tests/scheduler/services/asking/test_fixing.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from scheduler.domain.fixes.fix import Exemption, Fix
from scheduler.storage.mapping import Rows
from scheduler.storage.statements import upsert
from scheduler.storage.tables import exemptions, fixes

_fixes = Rows(Fix, fixes)
_exemptions = Rows(Exemption, exemptions)


class Fixes:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def replace(self, loop: str, values: Sequence[Fix]) -> None:
        """Keep these of a loop, which is claimed, and no others; what was asked or refused of one stays so."""
        known = {fix.id: fix for fix in self.of_loop(loop)}
        if known:
            self.connection.execute(sa.delete(fixes).where(fixes.c.loop == loop))
        rows = dict[str, dict[str, Any]]()
        for n, fix in enumerate(values):
            row = {**_fixes.row(fix), "loop": loop, "position": n}
            if fix.id in known:
                last = known[fix.id]
                row |= {"state": last.state.value, "actor": last.actor, "at": last.at}
            rows.setdefault(fix.id, row)
        if rows:
            self.connection.execute(sa.insert(fixes), list(rows.values()))

    def keep(self, loop: str, fix: Fix) -> Fix:
        """Keep one more of a loop, which is claimed, behind the others; returns it as it stands, asked before or not."""
        known = self.of_loop(loop)
        there = next((one for one in known if one.id == fix.id), None)
        if there is None:
            row = {**_fixes.row(fix), "loop": loop, "position": len(known)}
            self.connection.execute(sa.insert(fixes), [row])
        return there or fix

    def remove(self, loop: str, id: str) -> None:
        """Forget one; the loop is claimed."""
        self.connection.execute(sa.delete(fixes).where((fixes.c.loop == loop) & (fixes.c.id == id)))

    def of_loop(self, loop: str) -> list[Fix]:
        """The easiest first."""
        query = sa.select(fixes).where(fixes.c.loop == loop).order_by(fixes.c.position)
        return [_fixes.value(row) for row in self.connection.execute(query).mappings()]

    def change(self, loop: str, id: str, **changes: Any) -> None:
        """Change some fields of one; the loop is claimed."""
        mine = (fixes.c.loop == loop) & (fixes.c.id == id)
        self.connection.execute(sa.update(fixes).where(mine).values(_fixes.part(changes)))


class Exemptions:
    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def add(self, values: Collection[Exemption]) -> None:
        """Keep them; what a loop was let off by the same fix before is replaced. The loop is claimed."""
        rows = [{**_exemptions.row(value), "position": n} for n, value in enumerate(values)]
        upsert(self.connection, exemptions, rows, key=["loop", "fix", "position"])

    def of_loop(self, loop: str) -> tuple[Exemption, ...]:
        """In the order they were given."""
        query = sa.select(exemptions).where(exemptions.c.loop == loop)
        query = query.order_by(exemptions.c.at, exemptions.c.fix, exemptions.c.position)
        return tuple(_exemptions.value(row) for row in self.connection.execute(query).mappings())

    def remove(self, loop: str, ids: Collection[str]) -> None:
        """The loop, which is claimed, is no longer let off what these fixes let it off."""
        mine = (exemptions.c.loop == loop) & exemptions.c.fix.in_(sorted(ids))
        self.connection.execute(sa.delete(exemptions).where(mine))
