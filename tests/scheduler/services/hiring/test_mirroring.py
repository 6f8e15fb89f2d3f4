"""The hiring system shows what is booked, moved, answered and taken back, once each."""

from __future__ import annotations

from dataclasses import replace

from scheduler.domain.bookings import SeatState
from scheduler.domain.hiring.automations import Automation, Without
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.booking import cancel
from scheduler.services.hiring import connecting, stopping
from tests.connectors.servers.hiring.base import Told
from tests.scheduler.services.hiring.kit import Hiring

RULE = Automation(
    "talks", "Talks", "short", BookMode.BOOK, undo_minutes=0, without_windows=Without.OFFICE_HOURS
)


def booked(hiring: Hiring, rule: Automation = RULE) -> str:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, rule, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    assert loop.state is LoopState.CONFIRMED
    hiring.mirror()
    return loop.id


def people(hiring: Hiring, loop: str) -> list[list[str]]:
    with hiring.kit.app.db.read() as tx:
        interviews = tx.interviews.of_loop(loop)
        emails = {p.id: p.email for p in tx.people.list()}
    live = [[s for s in i.seats if s.state is not SeatState.REPLACED] for i in interviews]
    return sorted(sorted(emails[s.person] for s in seats) for seats in live)


def test_what_is_booked_is_shown(each: Hiring) -> None:
    loop = booked(each)
    assert sorted(i["people"] for i in each.server.shown()) == people(each, loop)
    asked = len(each.server.asked)
    each.mirror()
    assert len(each.server.asked) == asked


def test_what_is_cancelled_is_taken_back(each: Hiring) -> None:
    loop = booked(each)
    assert each.server.shown()
    cancel.cancel(each.kit.app, loop, "test")
    each.kit.run()
    each.mirror()
    assert each.server.shown() == []


def test_a_plan_that_waits_for_a_yes_is_not_shown(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, replace(RULE, mode=BookMode.PROPOSE), "test")
    hiring.advance(hiring.apply(), "Talks")
    hiring.mirror()
    assert hiring.server.shown() == []


def test_a_connection_that_is_not_to_be_written_to_is_not(hiring: Hiring) -> None:
    connecting.change(hiring.kit.app, "main", "test", writes=False)
    booked(hiring)
    assert hiring.server.shown() == []


def test_a_system_that_is_down_is_written_to_when_it_is_back(each: Hiring) -> None:
    with each.kit.app.db.write() as tx:
        stopping.put(each.kit.app, tx, RULE, "test")
    each.advance(each.apply(), "Talks")
    (loop,) = each.loops()
    each.server.down = True
    each.mirror()
    assert [name for name, _ in each.kit.again] == ["mirror"]
    each.server.down = False
    each.kit.jobs.waiting.append(("mirror", {"loop": loop.id}, 0))
    each.kit.run()
    assert sorted(i["people"] for i in each.server.shown()) == people(each, loop.id)


def test_what_the_system_refuses_is_noted_and_tried_again_some_times(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.put(hiring.kit.app, tx, RULE, "test")
    hiring.advance(hiring.apply(), "Talks")
    (loop,) = hiring.loops()
    server = hiring.server
    real = server.answer

    def refusing(asked: object) -> object:
        return Told(422) if asked.method == "POST" and "interviews" in asked.path else real(asked)  # type: ignore[attr-defined, arg-type]

    server.answer = refusing  # type: ignore[method-assign, assignment]
    hiring.mirror()
    for _ in range(8):
        hiring.kit.jobs.waiting.append(("mirror", {"loop": loop.id}, 0))
        hiring.kit.run()
    with hiring.kit.app.db.read() as tx:
        written = tx.advances.written([i.id for i in tx.interviews.of_loop(loop.id)])
    assert {w.tries for w in written.values()} == {5}
    assert all("422" in w.error for w in written.values())
