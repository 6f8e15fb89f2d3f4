"""The end of the facts' chain is noted outside of the database: who cuts it off is found out."""

from __future__ import annotations

import fcntl
import os
import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.services.checking import heads
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = make(tmp_path)
    ask(made, "short")
    return made


def broken(kit: Kit, path: Path) -> list[str]:
    with kit.app.db.read() as tx:
        return list(heads.compare(tx, heads.read(path)))


def cut(kit: Kit, keep: int) -> None:
    """Whoever may do anything on the database: take the newest facts out and mend the head."""
    with kit.app.db.write() as tx:
        names = tx.connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'lw_facts'"
        ).scalars()
        for name in list(names):
            tx.connection.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.connection.exec_driver_sql(f"DELETE FROM lw_facts WHERE seq > {keep}")
        tx.connection.exec_driver_sql(
            "UPDATE lw_fact_chain SET seq = (SELECT max(seq) FROM lw_facts), "
            "hash = (SELECT hash FROM lw_facts ORDER BY seq DESC LIMIT 1)"
        )


def test_a_head_is_noted_when_it_has_moved(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    assert heads.note(kit.app, path) and not heads.note(kit.app, path)
    (line,) = path.read_text().splitlines()
    assert re.fullmatch(r"2026-03-09T07:00:00\+00:00 \d+ [0-9a-f]{64}", line)
    assert path.stat().st_mode & 0o777 == 0o600
    assert broken(kit, path) == []


def test_a_worker_that_looked_earlier_writes_no_older_head_behind(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    heads.note(kit.app, path)
    (known,) = heads.read(path)
    path.write_text(f"{known}\n{replace(known, seq=known.seq + 5)}\n")
    assert not heads.note(kit.app, path)
    assert [h.seq for h in heads.read(path)] == [known.seq, known.seq + 5]


def test_what_another_worker_is_just_adding_is_not_written_over(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    heads.note(kit.app, path)
    (known,) = heads.read(path)
    with kit.app.db.write() as tx:
        tx.facts.add(Fact(kit.clock(), "a", "b", "c"))
    theirs = os.open(tmp_path, os.O_RDONLY)
    with ThreadPoolExecutor(1) as pool:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        ours = pool.submit(heads.note, kit.app, path)
        assert wait([ours], timeout=0.2).not_done
        path.write_text(f"{known}\n{replace(known, seq=known.seq + 5)}\n")
        os.close(theirs)
        assert not ours.result(timeout=60)
    assert [h.seq for h in heads.read(path)] == [known.seq, known.seq + 5]


def test_of_days_before_the_last_head_is_kept(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    for _ in range(3):
        for n in range(2):
            with kit.app.db.write() as tx:
                tx.facts.add(Fact(kit.clock(), "a", "b", f"c{n}"))
            assert heads.note(kit.app, path)
            kit.clock.forward(hours=1)
        kit.clock.now += timedelta(days=1)
    assert [h.at[8:13] for h in heads.read(path)] == ["09T08", "10T10", "11T11", "11T12"]
    assert broken(kit, path) == []


def test_a_chain_that_was_cut_off_is_found(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    heads.note(kit.app, path)
    cut(kit, keep=3)
    with kit.app.db.read() as tx:
        assert tx.facts.verify() is None  # the chain itself does not show it
    lines = broken(kit, path)
    assert len(lines) == 1 and "cut off" in lines[0]
    assert lines[0].startswith("the facts end at 3, but on 2026-03-09")


def test_and_one_that_went_on_after_the_cut(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "chain-heads"
    heads.note(kit.app, path)
    (noted,) = heads.read(path)
    cut(kit, keep=3)
    with kit.app.db.write() as tx:
        for n in range(noted.seq):
            tx.facts.add(Fact(kit.clock(), "a", "b", f"c{n}"))
    with kit.app.db.read() as tx:
        assert tx.facts.verify() is None
    (line,) = broken(kit, path)
    assert line.startswith(f"fact {noted.seq} is another one")


@pytest.mark.parametrize(
    "text", ["nothing of that kind", "2026-03-09T07:00:00Z 12", "2026-03-09T07:00:00Z x " + 64 * "0"]
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "heads"
    path.write_text(text)
    with pytest.raises(BadInput, match="is no chain head"):
        heads.read(path)
    with pytest.raises(BadInput, match="cannot be read"):
        heads.read(tmp_path)
