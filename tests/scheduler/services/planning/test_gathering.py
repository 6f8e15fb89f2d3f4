"""Several loops are read at once, on both databases: each as it would be alone, and what is wrong with one is its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler.domain.loops import Application, Loop
from scheduler.services.planning import picture
from scheduler.services.planning.picture import gather, gather_all
from scheduler.storage import Database
from tests.postgres_server import PostgresServer
from tests.scheduler.kit import Kit, make
from tests.stories.test_together import want


@pytest.fixture(params=["sqlite", "postgresql"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    kit = make(tmp_path)
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        kit.app.db.dispose()
        db = Database(server.create_database("gathering"))
        db.migrate()
        with db.write() as tx:
            tx.company.replace(kit.company, kit.clock())
        kit = replace(kit, app=replace(kit.app, db=db))
    yield kit
    kit.app.db.dispose()
    if request.param == "postgresql":
        server.drop_database("gathering")


def test_a_loop_whose_statement_fails_costs_the_others_nothing(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = [want(kit, number) for number in range(3)]
    alone = [gather(kit.app, loop) for loop in (loops[0], loops[2])]
    real = picture._Company.roster

    def refused(self: Any, loop: Loop, application: Application, also: set[str]) -> Any:
        if loop.id == loops[1].id:  # as the database does: its transaction goes on only from a savepoint
            self._tx.connection.execute(sa.text("SELECT no_such_column"))
        return real(self, loop, application, also)

    monkeypatch.setattr(picture._Company, "roster", refused)
    found, failed = gather_all(kit.app, loops)
    assert list(failed) == [loops[1].id]
    assert list(found) == [loops[0].id, loops[2].id]
    for one in alone:
        together = found[one.loop.id]
        assert (together.application, together.roster, together.rooms) == (
            one.application,
            one.roster,
            one.rooms,
        )
        assert together.availability.keys() == one.availability.keys()
