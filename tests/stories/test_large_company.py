"""A loop's way costs no more because the company is large: whoever it does not touch is not read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.people import Person, Pool
from scheduler.services.afterwards import conflicts, left, replies
from scheduler.services.booking import choose, offers, reconcile
from scheduler.storage.repositories.people import Register
from scheduler.wiring import OwnerZones
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import ask, look

STRANGERS = 30


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    people = [f"x{n}" for n in range(STRANGERS)]
    lines = "".join(f"  - {{id: {p}, name: {p}, email: {p}@testwerk.example}}\n" for p in people)
    pool = f"  - {{id: strangers, name: Strangers, qualified: [{', '.join(people)}]}}\n"
    text = COMPANY.read_text(encoding="utf-8")
    text = text.replace("\npools:\n", f"{lines}\npools:\n{pool}", 1)
    return make(tmp_path, text)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of all people and pools that are read from now on."""
    seen: set[str] = set()
    real = Register._read

    def note(self: Any, query: Any) -> Sequence[Any]:
        found = real(self, query)
        seen.update(value.id for value in found if isinstance(value, Person | Pool))
        return found

    monkeypatch.setattr(Register, "_read", note)
    return seen


def strangers(ids: Collection[str]) -> list[str]:
    return sorted(i for i in ids if i == "strangers" or (i[:1] == "x" and i[1:].isdigit()))


def test_a_loop_reads_only_whom_it_touches(kit: Kit, decoded: set[str]) -> None:
    loop = ask(kit, mode=BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        told = offers.told(tx, tx.proposals.of_loop(loop.id))
    assert all(seat.name != seat.person for _, interviews in told for i in interviews for seat in i.seats)
    choose.choose(kit.app, told[0][0].id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert {"anna", "hana", "engineers"} <= decoded, "the loop's own people are read"
    assert strangers(decoded) == []


def test_a_round_reads_only_who_is_booked(kit: Kit, decoded: set[str]) -> None:
    ask(kit, mode=BookMode.BOOK)
    decoded.clear()
    kit.clock.forward(minutes=5)
    replies.sync(kit.app)
    assert conflicts.look(kit.app, 7) > 0
    left.look(kit.app)
    assert reconcile.orphans(kit.app) == []
    assert "hana" in decoded
    assert strangers(decoded) == []


def test_whose_zone_a_calendar_has_is_told_without_reading_people(kit: Kit, decoded: set[str]) -> None:
    zone = OwnerZones(kit.app.db)
    assert zone("Nora@testwerk.example") == "America/New_York"
    assert zone("x3@testwerk.example") == zone("oak@testwerk.example") == "Europe/Berlin"
    assert zone("nobody@testwerk.example") is None
    assert decoded == set()


def test_a_page_reads_itself_alone(kit: Kit, decoded: set[str]) -> None:
    with kit.app.db.read() as tx:
        first = [p.id for p in tx.people.page(5)]
        assert set(first) == decoded
        second = [p.id for p in tx.people.page(5, first[-1])]
        every = [p.id for p in tx.people.list()]
    assert [*first, *second] == every[:10]
