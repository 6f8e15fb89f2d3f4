"""A stage advance is acted on once, in whatever order and however often it is told."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest

from connectors.hiring.signatures import Forged
from scheduler.domain.hiring.automations import ALL
from scheduler.domain.hiring.connections import AdvanceState, Connection
from scheduler.domain.loops import LoopState
from scheduler.services.app import App
from scheduler.services.asking import leaving
from scheduler.services.booking import cancel
from scheduler.services.hiring import arriving, looking, stopping
from scheduler.storage.repositories.inbox import Delivery
from tests.connectors.servers.hiring.base import Applied, Told
from tests.scheduler.services.hiring.kit import SECRET, Hiring


def test_who_reaches_a_stage_has_a_loop(each: Hiring) -> None:
    applied = each.apply()
    ended = each.advance(applied, "Talks")
    (loop,) = each.loops()
    assert "loop" in [d.outcome for d in ended]
    assert loop.application == f"main:{applied.id}"
    assert (loop.state, loop.labels[leaving.STAGE]) == (LoopState.AWAITING_CANDIDATE, "Talks")
    with each.kit.app.db.read() as tx:
        known = tx.applications.get(loop.application)
    assert known is not None
    assert (known.hiring_manager, known.recruiter, known.job) == ("hana", "rolf", "Backend Engineer")
    assert (known.candidate.name, known.candidate.email) == ("Mara Lind", "mara@example.org")


def test_a_stage_without_a_rule_asks_for_nothing(each: Hiring) -> None:
    ended = each.advance(each.apply(), "Decision")
    assert ended[0].outcome.startswith("no_loop: no automation for the stage 'Decision'")
    assert [a.state for a in each.advances()] == [AdvanceState.NOTHING]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_whatever_order_they_come_the_last_stage_counts(hiring: Hiring, order: tuple[int, ...]) -> None:
    """Four moves whose webhooks come late and mixed: what stands at the end is what stands in the system."""
    applied, sent = hiring.apply(), []
    for stage in ("Talks", "Decision", "Talks", "Decision"):
        hiring.move(applied, stage)
        sent += hiring.server.hook(applied, "a-secret-of-the-hiring-system-1")
    for n in order:
        hiring.send(*sent[n])
        hiring.kit.run()
    assert hiring.loops() == []
    hiring.advance(applied, "Talks")
    for n in order:
        hiring.send(*sent[n])
        hiring.kit.run()
    assert [loop.state for loop in hiring.loops()] == [LoopState.AWAITING_CANDIDATE]


def test_another_visit_is_another_loop_and_the_first_ends(each: Hiring) -> None:
    applied = each.apply()
    for stage in ("Talks", "Decision", "Talks"):
        each.advance(applied, stage)
    assert sorted(loop.state for loop in each.loops()) == [LoopState.AWAITING_CANDIDATE, LoopState.CANCELLED]


def test_the_same_message_many_times_at_once_is_one_loop(each: Hiring) -> None:
    applied = each.apply()
    each.move(applied, "Talks")
    sent = each.server.hook(applied, "a-secret-of-the-hiring-system-1") * 4
    threads = [threading.Thread(target=each.send, args=message) for message in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with each.kit.app.db.read() as tx:
        kept = tx.inbox.page()
    assert len(kept) == len(sent) // 4
    workers = [threading.Thread(target=arriving.work, args=(each.kit.app, d.id)) for d in kept * 3]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert len(each.loops()) == 1
    assert len(each.advances()) == 1


@pytest.mark.parametrize("standing", ["rejected", "withdrawn", "hired"])
def test_who_is_closed_leaves_no_open_loop(each: Hiring, standing: str) -> None:
    applied = each.apply()
    each.advance(applied, "Talks")
    each.server.world.close(applied, standing)
    (ended, *_) = [each.delivery(id) for id in _worked(each, applied)]
    assert ended.outcome.startswith("closed: ")
    assert [loop.state for loop in each.loops()] == [LoopState.CANCELLED]


def _worked(hiring: Hiring, applied: object) -> list[str]:
    ids = hiring.hook(applied)  # type: ignore[arg-type]
    hiring.kit.run()
    return ids


def test_what_comes_at_once_is_few_jobs_and_each_message_kept_once(hiring: Hiring) -> None:
    every = [hiring.apply(email=f"c{n}@example.org") for n in range(9)]
    for applied in every:
        hiring.move(applied, "Talks")
    app = hiring.kit.app
    sent = [pair for applied in every for pair in hiring.server.hook(applied, SECRET)]
    heard = [(arriving.hear(app, "main", "greenhouse", body, headers), body) for body, headers in sent]
    given = [("hiring:main", message, body) for message, body in heard]
    kept = arriving._keep(app, [*given, given[0]])
    assert [new for _, new in kept] == [True] * len(given) + [False]
    assert kept[-1][0] == kept[0][0], "the second of the same is the first"
    assert arriving._keep(app, given) == [(id, False) for id, _ in kept[:-1]]
    assert 1 < len(hiring.kit.jobs.waiting) <= 4
    hiring.kit.run(400)
    assert {loop.application for loop in hiring.loops()} == {f"main:{a.id}" for a in every}


def test_one_message_that_fails_among_others_has_a_job_of_its_own(
    hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = looking.look, []

    def failing(app: App, connection: Connection, theirs: str, cause: str) -> tuple[str, str | None]:
        seen.append(theirs)
        if theirs == "1":
            raise RuntimeError("a mistake of ours")
        return real(app, connection, theirs, cause)

    monkeypatch.setattr(looking, "look", failing)
    with hiring.kit.app.db.write() as tx:
        fresh = [
            Delivery(f"d{n}", "hiring:main", f"k{n}", "", b"{}", hiring.kit.clock(), about=str(n))
            for n in range(3)
        ]
        tx.inbox.receive_all(fresh)
    arriving.work_all(hiring.kit.app, ["d0", "d1", "d2"])
    assert seen == ["0", "1", "2"], "the others are worked on"
    assert [bool(hiring.delivery(id).outcome) for id in ("d0", "d1", "d2")] == [True, False, True]
    assert [(name, payload) for name, payload, _ in hiring.kit.jobs.waiting] == [
        ("intake", {"delivery": "d1"})
    ]


def test_a_secret_that_another_process_has_changed_counts_at_once(hiring: Hiring) -> None:
    """What is known of a connection is believed for a second, and read again before a message is refused."""
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    hiring.hook(applied)
    other = "another-secret-of-the-system-2"
    with hiring.kit.app.db.write() as tx:
        tx.hiring.change("main", secret=hiring.kit.app.systems.vault.seal(other))
    assert hiring.hook(applied, other)


def test_who_is_closed_and_opened_again_in_the_same_visit_has_a_loop(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.advance(applied, "Talks")
    closed_and_opened(hiring, applied)
    first, second = hiring.loops()
    assert (first.state, second.state) == (LoopState.CANCELLED, LoopState.AWAITING_CANDIDATE)
    assert [(a.state, a.loop) for a in hiring.advances()] == [(AdvanceState.STARTED, second.id)]
    closed_and_opened(hiring, applied)
    assert [loop.state for loop in hiring.loops()] == [LoopState.CANCELLED] * 2 + [
        LoopState.AWAITING_CANDIDATE
    ]
    hiring.hook(applied)
    hiring.kit.run()
    assert len(hiring.loops()) == 3, "once for each time that it was opened"


def test_what_a_person_called_off_stays_so_when_the_application_is_opened_again(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.advance(applied, "Talks")
    cancel.cancel(hiring.kit.app, hiring.loops()[0].id, "person:rolf")
    closed_and_opened(hiring, applied)
    assert [loop.state for loop in hiring.loops()] == [LoopState.CANCELLED]


def test_what_waited_when_the_application_was_closed_waits_again(hiring: Hiring) -> None:
    with hiring.kit.app.db.write() as tx:
        stopping.pause(hiring.kit.app, tx, ALL, "test")
    applied = hiring.apply()
    hiring.advance(applied, "Talks")
    hiring.server.world.close(applied, "rejected")
    heard(hiring, applied)
    assert [a.state for a in hiring.advances()] == [AdvanceState.ENDED]
    hiring.server.world.close(applied, "active")
    heard(hiring, applied)
    assert [a.state for a in hiring.advances()] == [AdvanceState.WAITING]
    with hiring.kit.app.db.write() as tx:
        stopping.resume(hiring.kit.app, tx, ALL, "test")
    hiring.kit.run()
    assert [a.state for a in hiring.advances()] == [AdvanceState.STARTED]


def heard(hiring: Hiring, applied: Applied) -> None:
    hiring.kit.clock.now = max(hiring.kit.clock.now, hiring.server.world.now)
    hiring.hook(applied)
    hiring.kit.run()


def closed_and_opened(hiring: Hiring, applied: Applied) -> None:
    hiring.server.world.close(applied, "rejected")
    heard(hiring, applied)
    hiring.server.world.close(applied, "active")
    heard(hiring, applied)


def test_who_is_deleted_or_merged_leaves_no_open_loop(each: Hiring) -> None:
    applied = each.apply()
    each.advance(applied, "Talks")
    each.server.world.now += timedelta(minutes=1)
    applied.updated, applied.standing = each.server.world.now, "rejected"
    sent = each.server.hook(applied, "a-secret-of-the-hiring-system-1")
    applied.deleted = True
    for message in sent:
        each.send(*message)
    each.kit.run()
    assert [loop.state for loop in each.loops()] == [LoopState.CANCELLED]


def test_a_system_that_is_down_for_an_hour_loses_nothing(each: Hiring) -> None:
    applied = each.apply()
    each.move(applied, "Talks")
    ids = each.hook(applied)
    each.server.down = True
    each.kit.run(200)
    for _ in range(3):
        assert [each.delivery(id).outcome for id in ids] == [""] * len(ids)
        each.kit.clock.forward(minutes=20)
        each.work_again()
    with each.kit.app.db.read() as tx:
        (known,) = tx.hiring.list()
    assert known.fault and known.fault_since is not None
    each.server.down = False
    each.work_again()
    assert len(each.loops()) == 1
    with each.kit.app.db.read() as tx:
        assert [c.fault for c in tx.hiring.list()] == [""]


def test_after_a_day_without_an_answer_a_message_is_a_dead_letter_and_can_be_replayed(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    (id,) = hiring.hook(applied)
    hiring.server.down = True
    hiring.kit.clock.forward(hours=25)
    hiring.kit.run(200)
    assert hiring.delivery(id).outcome.startswith("dead_letter: Greenhouse: ")
    hiring.server.down = False
    arriving.replay(hiring.kit.app, id, "test")
    hiring.kit.run(200)
    assert len(hiring.loops()) == 1


def test_an_earlier_reading_does_not_overtake_a_later_one(hiring: Hiring) -> None:
    """Two messages are worked on at once: the first read the old stage, and is slower to act."""
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    server, app = hiring.server, hiring.kit.app
    real = server.connect()
    ats = app.systems.ats("main", server.system, hiring.connection.credentials)
    assert ats is not None
    then: list[object] = []

    def slow(id: str) -> object:
        found = real.application(id)
        if not then:
            then.append(found)
            hiring.kit.clock.forward(seconds=1)
            hiring.server.world.move(applied, "Decision")
            looking.look(app, hiring.connection, id, "second")
        return found

    ats.application = slow  # type: ignore[method-assign, assignment]
    outcome, loop = looking.look(app, hiring.connection, applied.id, "first")
    assert outcome.startswith("superseded") and loop is None
    assert hiring.loops() == []


def test_who_was_in_the_stage_before_we_were_connected_is_left_alone(hiring: Hiring) -> None:
    hiring.server.world.now -= timedelta(days=3)
    applied = hiring.apply()
    hiring.server.world.move(applied, "Talks")
    hiring.hook(applied)
    hiring.kit.run()
    assert hiring.loops() == []
    assert "before the hiring system was connected" in hiring.advances()[0].why


def test_a_forged_message_is_not_kept(each: Hiring) -> None:
    applied = each.apply()
    with pytest.raises(Forged):
        each.hook(applied, "another-secret-of-somebody-else")
    with each.kit.app.db.read() as tx:
        assert tx.inbox.page() == []


def test_an_answer_that_cannot_be_read_is_waited_with(hiring: Hiring) -> None:
    applied = hiring.apply()
    hiring.move(applied, "Talks")
    (id,) = hiring.hook(applied)
    hiring.server.refuse = [Told(200, {"access_token": "x", "expires_in": 3600}), Told(200, {"no": "list"})]
    hiring.kit.run()
    assert hiring.delivery(id).outcome == ""
    assert hiring.kit.again == [("intake", 300.0)]


def test_our_own_writing_comes_back_and_changes_nothing(each: Hiring) -> None:
    applied = each.apply()
    each.advance(applied, "Talks")
    each.server.world.now += timedelta(minutes=1)
    applied.updated = each.server.world.now
    ended = [each.delivery(id) for id in _worked(each, applied)]
    assert {d.outcome for d in ended if d.received_at} <= {
        "loop",
        "known: this visit was worked on (started)",
    }
    assert len(each.loops()) == 1
