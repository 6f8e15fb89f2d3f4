"""What reminders are worked out from, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scheduler.domain.bookings import SeatState, Write
from scheduler.domain.loops import LoopState
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, interview, loop, minutes, with_loops, write

HOUR = timedelta(hours=1)


def test_who_says_nothing_is_found_until_they_are_reminded(database: Database) -> None:
    with_loops(database, state=LoopState.CONFIRMED)
    one = interview(event_id="event-1", calendar="hr")
    row = write("w-1", interview=one.id)
    with database.write() as tx:
        tx.interviews.put_all([one])
        tx.ledger.add_all([row], NOW)
    later = NOW + HOUR
    silent = sorted(s.person for s in one.seats if s.state in (SeatState.ASSIGNED, SeatState.INVITED))
    assert silent

    def found(since: object = later, **more: object) -> list[str]:
        with database.read() as tx:
            rows = tx.interviews.unanswered(NOW - HOUR, since, 100, **more)  # type: ignore[arg-type]
        assert all(row[:2] == (one.loop, one.id) for row in rows)
        return sorted(person for *_, person in rows)

    assert found() == silent and found(loop=one.loop) == silent
    assert found(loop="another") == []
    assert found(NOW - HOUR) == [], "it was written since"
    with database.write() as tx:
        mail = replace(row, id="w-2", key="r", interview=f"unanswered:{silent[0]}", write=Write.MAIL)
        tx.ledger.add_all([mail], minutes(5))
        assert tx.ledger.known(["r", "s"]) == {"r"}
        assert tx.ledger.noted([one.loop, "another"], mail.interview) == {one.loop: minutes(5)}
    assert found() == silent[1:]
    with (
        database.write() as tx
    ):  # neither another loop nor a mail to the candidate is an invitation of theirs
        tx.loops.add(
            loop("loop-2", state=LoopState.CONFIRMED, stage_visit="v2"), actor="system", cause="test"
        )
        other = interview("i-2", loop="loop-2", event_id="event-2", calendar="hr", seats=())
        tx.interviews.put_all([other])
        tx.ledger.add_all([write("w-5", loop="loop-2", interview="i-2")], minutes(8))
        tx.ledger.add_all([replace(row, id="w-6", key="mail", write=Write.MAIL)], minutes(8))
    assert found() == silent[1:]
    with database.write() as tx:
        tx.ledger.add_all([replace(row, id="w-3", key="again")], minutes(10))
    assert found() == silent, "it was written anew since they were reminded"
