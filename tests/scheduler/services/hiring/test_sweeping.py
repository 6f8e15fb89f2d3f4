"""A system that never sends its webhooks loses no advance, and what needs a person is listed."""

from __future__ import annotations

from datetime import timedelta

from scheduler.domain.attention.matters import Kind
from scheduler.domain.hiring.automations import ALL
from scheduler.domain.hiring.connections import AdvanceState
from scheduler.services.hiring import stopping, sweeping, waiting
from tests.scheduler.services.attention.kit import kinds, only, shown
from tests.scheduler.services.hiring.kit import Hiring


def test_a_system_that_never_sends_webhooks_is_swept(each: Hiring) -> None:
    every = [each.apply(email=f"c{n}@example.org") for n in range(3)]
    for applied in every[:2]:
        each.move(applied, "Talks")
    assert sweeping.sweep(each.kit.app) >= 2
    each.kit.run(200)
    assert {loop.application for loop in each.loops()} == {f"main:{a.id}" for a in every[:2]}
    each.kit.clock.forward(minutes=10)
    each.server.world.now = each.kit.clock()
    each.move(every[2], "Talks")
    sweeping.sweep(each.kit.app)
    each.kit.run(200)
    assert len(each.loops()) == 3


def test_who_was_rejected_without_a_webhook_is_found_too(each: Hiring) -> None:
    applied = each.apply()
    each.advance(applied, "Talks")
    each.server.world.close(applied)
    sweeping.sweep(each.kit.app)
    each.kit.run(200)
    assert [loop.state.value for loop in each.loops()] == ["cancelled"]


def test_a_system_that_is_down_is_swept_from_where_it_was(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    hiring.server.down = True
    assert sweeping.sweep(hiring.kit.app) == 0
    hiring.kit.clock.forward(hours=2)
    with hiring.kit.app.db.read() as tx:
        (waits,) = waiting.advances(tx, hiring.kit.clock())
        assert (waits.what, waits.connection) == ("connection_fault", "main")
    told = only(shown(hiring.kit)).kept.matter
    assert (told.kind, told.subject) == (Kind.CONNECTION, "connection:main")
    assert told.text.startswith("the hiring system main does not answer as it should: ")
    hiring.server.down = False
    assert sweeping.sweep(hiring.kit.app) == 1
    hiring.kit.run()
    assert len(hiring.loops()) == 1
    with hiring.kit.app.db.read() as tx:
        assert waiting.advances(tx, hiring.kit.clock()) == []
    assert kinds(hiring.kit) == []


def test_a_message_that_was_not_worked_on_is_told_of_after_a_quarter_of_an_hour(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    (id,) = hiring.hook(applied)
    now = hiring.kit.clock()
    with hiring.kit.app.db.read() as tx:
        assert waiting.advances(tx, now) == []
        (waits,) = waiting.advances(tx, now + timedelta(minutes=16))
    assert (waits.what, waits.id, waits.about) == ("delivery_waits", id, applied.id)
    hiring.kit.clock.forward(minutes=16)
    assert Kind.LATE in kinds(hiring.kit)


def _waiting(hiring: Hiring) -> None:
    """One advance that waits, since every automation is paused."""
    hiring.server.world.now = hiring.kit.clock()
    hiring.move(hiring.apply(), "Talks")
    with hiring.kit.app.db.write() as tx:
        stopping.pause(hiring.kit.app, tx, ALL, "person:rolf")
    sweeping.sweep(hiring.kit.app)
    hiring.kit.run()
    assert [a.state for a in hiring.advances()] == [AdvanceState.WAITING]


def test_looks_at_a_system_that_is_down_do_not_pile_up(hiring: Hiring) -> None:
    _waiting(hiring)
    hiring.server.down = True
    for _ in range(4):
        hiring.kit.clock.forward(minutes=10)
        sweeping.sweep(hiring.kit.app)
        hiring.kit.run()
    assert hiring.kit.again == []
    hiring.server.down = False
    with hiring.kit.app.db.write() as tx:
        assert stopping.resume(hiring.kit.app, tx, ALL, "person:rolf") == 0, "it is not known to answer yet"
    sweeping.sweep(hiring.kit.app)
    hiring.kit.run()
    assert len(hiring.loops()) == 1


def test_many_messages_that_were_given_up_hide_no_advance_that_waits(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        for n in range(200):
            kept, _ = tx.inbox.receive("hiring:main", f"m{n}", "", b"", hiring.kit.clock())
            tx.inbox.finish(kept.id, "dead_letter: nobody knows it", at=hiring.kit.clock())
    hiring.kit.clock.forward(days=1)
    _waiting(hiring)
    assert Kind.ADVANCE in kinds(hiring.kit)
