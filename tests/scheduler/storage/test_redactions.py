"""Facts that lost words, and a candidate's words in the tables, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.domain.facts import WORDS_ERASED, Fact
from scheduler.domain.loops import Candidate
from scheduler.domain.privacy.erasure import Erasure, ErasureState, Words, digest_of
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, application, with_loops

ADA = Candidate("Zoë Kanarien", "zoe.kanarien@example.net", "UTC")
WORDS = Words("erased-1", (ADA.name,), (ADA.email,), {"ada-app-1": "erased-1"})


def filled(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        tx.facts.add(Fact(NOW, "person:a", "noted", "person:b", "", "", "", {"text": "ZOË kanarien called"}))
        tx.facts.add(Fact(NOW, "person:a", "noted", "person:b", "", "", "", {"text": "of nobody"}))
        tx.facts.add(Fact(NOW, "person:a", "noted", "application:ada-app-1", "", "", "", {"text": "so kind"}))


def test_facts_lose_words_and_the_chain_holds(database: Database) -> None:
    filled(database)
    with database.write() as tx:
        (named,) = [f for f in tx.facts.list(99) if "called" in str(f.data)]
        tx.facts.redact("er_1", [replace(named, data={"text": "erased-1 called"})], "system:privacy", NOW)
    with database.read() as tx:
        assert tx.facts.verify() is None
        now = next(f for f in tx.facts.list(99) if f.seq == named.seq)
        assert (now.hash, now.data) == (named.hash, {"text": "erased-1 called"})
        assert tx.facts.list(99)[-1].what == WORDS_ERASED
    with pytest.raises(sa.exc.DBAPIError, match="facts are only added"), database.write() as tx:
        tx.connection.exec_driver_sql(f"UPDATE lw_facts SET hash = 'x' WHERE seq = {named.seq}")
    with pytest.raises(sa.exc.DBAPIError, match="facts are only added"), database.write() as tx:
        tx.connection.exec_driver_sql(f"UPDATE lw_facts SET actor = 'x' WHERE seq = {named.seq + 1}")
    with database.write() as tx:
        tx.connection.exec_driver_sql(f"UPDATE lw_facts SET actor = 'x' WHERE seq = {named.seq}")
    with database.read() as tx:
        assert tx.facts.verify() == named.seq


def test_a_candidate_is_forgotten_whatever_the_case_of_their_letters(database: Database) -> None:
    with_loops(database)
    with database.write() as tx:
        loop = tx.loops.list(limit=1)[0]
        mine = replace(application(), id="ada-app-1", candidate=ADA)
        tx.applications.put(mine)
        tx.loops.add(replace(loop, id="lp-ada", application=mine.id, stage_visit="v-ada-app-1"), "x", "")
        tx.facts.add(
            Fact(NOW, "person:a", "noted", "loop:lp-ada", "", "", "", {"text": "so kind", "kind": "k"})
        )
        tx.facts.add(Fact(NOW, "person:a", "noted", "person:b", "", "", "", {"text": "ZOË kanarien called"}))
        tx.inbox.receive("webhook", "1", "d", b'{"name": "Zo\\u00eb Kanarien"}', NOW)
        tx.erasures.add(
            Erasure("er_1", "erased-1", ErasureState.ENDING, "x", NOW, digests=(digest_of(mine.id),))
        )
    with database.write() as tx:
        assert [a.id for a in tx.candidates.applications("ZOE.kanarien@example.net")] == [mine.id]
        theirs = tx.candidates.theirs([mine])
        assert theirs.loops == ("lp-ada",)
        counts = tx.candidates.forget(
            "er_1", theirs, WORDS, {mine.id: ("erased-1", "erased-1", "1@erased.invalid")}, NOW
        )
    assert counts["lw_facts"] >= 2 and counts["lw_inbox"] == 1
    with database.read() as tx:
        assert tx.facts.verify() is None
        assert tx.applications.get(mine.id) is None and tx.erasures.knows(mine.id)
        assert not tx.erasures.knows("ada-app-2")
        found = tx.loops.get("lp-ada")
        assert found is not None and found.application == "erased-1"
        text = str([f.data for f in tx.facts.list(99)]).casefold()
        assert "kanarien" not in text and "so kind" not in text and "erased-1 called" in text
    database.compact()
