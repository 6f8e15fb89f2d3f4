"""What comes in twice is worked on once, and what was answered is answered the same again."""

from __future__ import annotations

import threading

import pytest

from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.storage import Database
from scheduler.storage.repositories.inbox import Answer, Delivery
from tests.scheduler.storage.samples import NOW, minutes

BODY = b'{"a": 1}\x00\xff'


def test_a_delivery_is_kept_once_with_the_bytes_it_came_with(database: Database) -> None:
    with database.write() as tx:
        first, new = tx.inbox.receive("ats", "d-1", "sha", BODY, NOW)
        assert new
    with database.write() as tx:
        again, new = tx.inbox.receive("ats", "d-1", "other", b"forged later", minutes(1))
        assert not new
        other, new = tx.inbox.receive("calendar", "d-1", "sha", BODY, NOW)
        assert new
    assert again == first == Delivery(first.id, "ats", "d-1", "sha", BODY, NOW)
    assert other.id != first.id
    with database.read() as tx:
        assert tx.inbox.get(first.id) == first
        assert tx.inbox.get("nothing") is None


def test_of_many_copies_at_once_one_is_new(database: Database) -> None:
    barrier, news, faults = threading.Barrier(10, timeout=30), [], []

    def deliver() -> None:
        barrier.wait()
        try:
            with database.write() as tx:
                news.append(tx.inbox.receive("ats", "d-1", "sha", BODY, NOW))
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=deliver) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(new for _, new in news) == [False] * 9 + [True]
    assert len({delivery.id for delivery, _ in news}) == 1


def test_what_became_of_a_delivery_is_said_once(database: Database) -> None:
    with database.write() as tx:
        delivery, _ = tx.inbox.receive("ats", "d-1", "sha", BODY, NOW)
        assert tx.inbox.finish(delivery.id, "loop", "loop-1", minutes(2))
        assert not tx.inbox.finish(delivery.id, "no_template", at=minutes(3))
        found = tx.inbox.get(delivery.id)
        with pytest.raises(Missing, match="no delivery"):
            tx.inbox.finish("nothing", "loop")
    assert found is not None
    assert (found.outcome, found.loop, found.finished_at) == ("loop", "loop-1", minutes(2))


def test_pending_deliveries_come_oldest_first(database: Database) -> None:
    with database.write() as tx:
        ids = {n: tx.inbox.receive("ats", f"d-{n}", "sha", BODY, minutes(n))[0].id for n in (5, 1, 3, 9)}
        tx.inbox.finish(ids[3], "superseded")
        assert [d.delivery_id for d in tx.inbox.pending(older_than=minutes(5))] == ["d-1", "d-5"]
        assert [d.delivery_id for d in tx.inbox.pending(older_than=minutes(9), limit=1)] == ["d-1"]


def test_the_same_key_gets_the_same_answer(database: Database) -> None:
    with database.write() as tx:
        assert tx.inbox.answer("k", "POST /loops", "sha") is None
        tx.inbox.keep_answer("k", "POST /loops", 201, '{"id": "ä"}')
    with database.write() as tx:
        assert tx.inbox.answer("k", "POST /loops", "sha") == Answer(201, '{"id": "ä"}')
        assert tx.inbox.answer("k", "POST /other", "sha") is None
        with pytest.raises(BadInput, match="Idempotency-Key: was used for another request; send a new key"):
            tx.inbox.answer("k", "POST /loops", "other sha")
        with pytest.raises(Missing, match="idempotency key"):
            tx.inbox.keep_answer("never asked", "POST /loops", 201, "")


def test_a_request_that_failed_may_be_sent_again_with_its_key(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        assert tx.inbox.answer("k", "POST /loops", "sha") is None
        raise ZeroDivisionError
    with database.write() as tx:
        assert tx.inbox.answer("k", "POST /loops", "a better request") is None


def test_a_key_sent_many_times_at_once_has_its_effect_once(database: Database) -> None:
    barrier, answers, faults = threading.Barrier(8, timeout=30), [], []

    def send(number: int) -> None:
        barrier.wait()
        try:
            with database.write() as tx:
                found = tx.inbox.answer("k", "POST /loops", "sha")
                if found is None:
                    tx.cursors.put("effects", (tx.cursors.get("effects") or "") + "x", NOW)
                    tx.inbox.keep_answer("k", "POST /loops", 201, str(number))
                    found = Answer(201, str(number))
            answers.append(found)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(answers)) == 1
    with database.read() as tx:
        assert tx.cursors.get("effects") == "x"


def test_old_keys_are_forgotten(database: Database) -> None:
    with database.write() as tx:
        for n in (1, 2, 3):
            tx.inbox.answer(f"k-{n}", "r", "sha", at=minutes(n))
            tx.inbox.keep_answer(f"k-{n}", "r", 200, "")
        assert tx.inbox.forget_answers(before=minutes(3)) == 2
        assert tx.inbox.answer("k-3", "r", "sha") == Answer(200, "")
        assert tx.inbox.answer("k-1", "r", "another") is None


def test_cursors_are_kept_and_replaced(database: Database) -> None:
    with database.write() as tx:
        assert tx.cursors.get("a@example.org") is None
        tx.cursors.put("a@example.org", "1", NOW)
        tx.cursors.put("a@example.org", "2", NOW)
        assert tx.cursors.get("a@example.org") == "2"


def test_a_claim_outlives_its_transaction_and_ends_with_its_minute(database: Database) -> None:
    def claim(digest: str, at: int) -> Answer | None:
        with database.write() as tx:
            return tx.inbox.claim_answer("k", "POST /choose", digest, minutes(at))

    assert claim("sha", 0) is None
    with pytest.raises(WrongState, match="under way: send it again"):
        claim("sha", 0)
    with pytest.raises(BadInput, match="another request"):
        claim("other", 0)
    assert claim("sha", 2) is None, "whoever had it has ended"
    with pytest.raises(WrongState, match="under way"):
        claim("sha", 2)
    with database.write() as tx:
        tx.inbox.keep_answer("k", "POST /choose", 200, "{}")
    assert claim("sha", 2) == Answer(200, "{}")


def test_a_claim_that_is_given_up_may_be_had_again(database: Database) -> None:
    with database.write() as tx:
        assert tx.inbox.claim_answer("k", "POST /choose", "sha", minutes(0)) is None
        tx.inbox.give_up_claim("k", "POST /choose")
        assert tx.inbox.claim_answer("k", "POST /choose", "better", minutes(0)) is None
        tx.inbox.keep_answer("k", "POST /choose", 200, "{}")
        tx.inbox.give_up_claim("k", "POST /choose")
    with database.write() as tx:
        assert tx.inbox.claim_answer("k", "POST /choose", "better", minutes(0)) == Answer(200, "{}")
