"""What following the organizer's calendar costs; what it does is told in tests/stories/test_afterwards.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.types import Reply
from scheduler.domain.bookings import SeatState
from scheduler.services.afterwards import replies
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, booked, replied


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@contextmanager
def tables_read(kit: Kit) -> Iterator[Counter[str]]:
    """How often each table is selected from, and ``in write`` how often while the one writer was held."""
    read: Counter[str] = Counter()
    state = {"writing": False}

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        if words[0].upper() == "BEGIN":
            state["writing"] = "IMMEDIATE" in statement.upper()
        if words[0].upper() == "SELECT":
            table = words[words.index("FROM") + 1].rstrip(",")
            read[table] += 1
            read[f"{table} in write"] += state["writing"]

    sa.event.listen(kit.app.db.engine, "before_cursor_execute", note)
    yield read
    sa.event.remove(kit.app.db.engine, "before_cursor_execute", note)


def test_people_and_rooms_are_read_once_for_a_page_and_never_while_writing(kit: Kit) -> None:
    loop = ask(kit)
    with tables_read(kit) as read:
        assert replies.sync(kit.app) == 5
    assert (read["lw_people"], read["lw_rooms"]) == (1, 1)
    assert read["lw_interviews in write"] == 0, "what is no news is not written"
    talk = next(iter(booked(kit, loop.id).values()))
    with tables_read(kit) as read:
        replied(kit, talk, talk.seats[0].person, Reply.ACCEPTED)
    assert (read["lw_people in write"], read["lw_rooms in write"]) == (0, 0)
    assert read["lw_interviews in write"] >= 1, "the look for statements inside a write sees them"


def test_more_events_cost_no_more_looks_at_people(kit: Kit) -> None:
    ask(kit, "short")
    with tables_read(kit) as one:
        few = replies.sync(kit.app)
    ask(kit, application=replace(MARA, id="app-2"))
    with tables_read(kit) as two:
        assert replies.sync(kit.app) > few
    assert (two["lw_people"], two["lw_rooms"]) == (one["lw_people"], one["lw_rooms"])


def test_an_answer_counts_whatever_the_case_of_the_address(kit: Kit) -> None:
    loop = ask(kit, "short")
    seat = booked(kit, loop.id)["talk"].seats[0]
    with kit.app.db.write() as tx:
        person = tx.people.get(seat.person)
        assert person is not None
        tx.connection.execute(
            sa.text("UPDATE lw_people SET email = upper(email) WHERE id = :id"), {"id": person.id}
        )
    replied(kit, booked(kit, loop.id)["talk"], seat.person, Reply.ACCEPTED)
    assert booked(kit, loop.id)["talk"].seats[0].state is SeatState.ACCEPTED
