"""What the tests of matters share."""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.attention.matters import Kind, Standing
from scheduler.services.attention import care
from scheduler.services.attention.care import Shown, Wanted
from tests.scheduler.kit import Kit

EVERY = Wanted(standings=frozenset(Standing))


def shown(kit: Kit, wanted: Wanted | None = None, **more: object) -> list[Shown]:
    with kit.app.db.read() as tx:
        return care.look(kit.app, tx, wanted or Wanted(), **more)  # type: ignore[arg-type]


def kinds(kit: Kit, wanted: Wanted | None = None) -> list[Kind]:
    return [one.kept.matter.kind for one in shown(kit, wanted)]


def only(found: Sequence[Shown]) -> Shown:
    (one,) = found
    return one
