"""Views of the queue that people keep: by name, each with an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput, Missing
from scheduler.services.overview import views
from tests.scheduler.kit import Kit, make


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def test_a_view_is_kept_by_name_and_its_address_stays(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        first = views.keep(kit.app, tx, "rolf", "Mine", "owner=rolf")
        kit.clock.forward(minutes=1)
        views.keep(kit.app, tx, "rolf", "All", "state=all")
        again = views.keep(kit.app, tx, "rolf", "Mine", "owner=rolf&state=proposed")
        views.keep(kit.app, tx, "hana", "Mine", "owner=hana")
        assert again.id == first.id
        assert views.opened(tx, first.id).query == "owner=rolf&state=proposed"
        assert [v.name for v in tx.views.of("rolf")] == ["Mine", "All"]
        assert [v.query for v in tx.views.of("hana")] == ["owner=hana"]


def test_only_whose_it_is_removes_it(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        view = views.keep(kit.app, tx, "rolf", "Mine", "")
        with pytest.raises(Missing):
            views.remove(tx, "hana", view.id)
        views.remove(tx, "rolf", view.id)
        with pytest.raises(Missing):
            views.opened(tx, view.id)


def test_nobody_keeps_none_and_nobody_keeps_too_many(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        with pytest.raises(BadInput, match="who you are"):
            views.keep(kit.app, tx, "", "Mine", "")
        for number in range(views.MOST):
            views.keep(kit.app, tx, "rolf", f"View {number}", "")
        with pytest.raises(BadInput, match="remove one first"):
            views.keep(kit.app, tx, "rolf", "One more", "")
        views.keep(kit.app, tx, "rolf", "View 0", "late=yes")
