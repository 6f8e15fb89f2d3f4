"""Everything that happened: found, followed without gaps, and exported without harm."""

from __future__ import annotations

import csv
import io
import json
import threading
import tracemalloc
from datetime import timedelta

import pytest

from scheduler.domain.facts import Fact
from scheduler.domain.finding import FactsWanted
from scheduler.services.telling import export
from scheduler.storage import Database
from tests.scheduler.api.client import BASE, Client
from tests.scheduler.kit import NOW, Kit

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("http://x";"a")')


def _noted(kit: Kit, count: int = 20, **more: str) -> None:
    with kit.app.db.write() as tx:
        for n in range(count):
            data = {"person": "anna" if n % 2 else "hana"}
            tx.facts.add(
                Fact(NOW + timedelta(hours=n), "api:token", f"thing_{n % 3}", "loop:l", data=data, **more)
            )


def test_facts_are_found_across_loops(api: Client) -> None:
    loop = api.loop()
    mine = api.ask(f"/facts?loop={loop['id']}")
    assert [f["what"] for f in mine][:2] == ["loop_requested", "loop_moved"]
    assert {f["actor"] for f in api.ask("/facts?who=api:token")} == {"api:token"}
    _noted(api.kit)
    assert len(api.ask("/facts?what=thing_1")) == 7
    assert len(api.ask("/facts?person=anna")) == 10
    day = api.ask("/facts?what=thing_0&from=2026-03-09&to=2026-03-09&zone=Europe/Berlin")
    assert [f["at"][:13] for f in day] == [
        "2026-03-09T07",
        "2026-03-09T10",
        "2026-03-09T13",
        "2026-03-09T16",
        "2026-03-09T19",
        "2026-03-09T22",
    ]
    first = api.ask("/facts?what=thing_2&limit=2")
    assert len(api.ask(f"/facts?what=thing_2&after={first[-1]['seq']}")) == 4
    assert "no fact 999" in api.refused(422, "/facts?after=999")["detail"]
    assert "give zone" in api.refused(422, "/facts?from=2026-03-09T07:00")["detail"]


def test_a_follower_gets_every_change_once_and_in_order(api: Client) -> None:
    api.loop()
    seen: list[int] = []
    after = 0
    while True:
        page = api.ask(f"/changes?after={after}&limit=2")
        seen += [change["seq"] for change in page["changes"]]
        after = page["next"]
        if not page["more"]:
            break
    with api.kit.app.db.read() as tx:
        assert seen == [fact.seq for fact in tx.facts.list()] == list(range(1, len(seen) + 1))
    assert api.ask(f"/changes?after={after}") == {"changes": [], "next": after, "more": False}
    _noted(api.kit, 1)
    assert [c["seq"] for c in api.ask(f"/changes?after={after}")["changes"]] == [after + 1]
    assert api.refused(422, "/changes?after=-1")["errors"][0]["field"] == "after"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_change_comes_late_while_many_write(kind: str, kit: Kit, request: pytest.FixtureRequest) -> None:
    """A number that is given before its transaction is kept could be passed by a reader. None is."""
    db = kit.app.db if kind == "sqlite" else Database(request.getfixturevalue("fresh_postgres_url"))
    db.migrate()
    writers, each, done = 6, 15, threading.Event()
    seen: list[int] = []

    def write(who: int) -> None:
        for n in range(each):
            with db.write() as tx:
                for _ in range(1 + (who + n) % 3):
                    tx.facts.add(Fact(NOW, f"system:{who}", "thing", f"loop:{n}"))

    def follow() -> None:
        while True:
            last = done.is_set()
            with db.read() as tx:
                page = tx.facts.list(7, after=seen[-1] if seen else 0)
            seen.extend(fact.seq for fact in page)
            if last and not page:
                return

    with db.read() as tx:
        seen.extend(fact.seq for fact in tx.facts.list(1000))
    began = len(seen)
    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    follower.join()
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) - began == sum(1 + (w + n) % 3 for w in range(writers) for n in range(each))
    if kind == "postgresql":
        db.dispose()


def test_an_export_holds_what_was_asked_for_however_much(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 7)
    _noted(api.kit, 30)
    with api.kit.app.db.read() as tx:
        every = tx.found_facts.page(FactsWanted(what="thing_1"), 100)
    answer = api.get(f"{BASE}/facts/export?what=thing_1&format=jsonl")
    assert answer.headers["content-type"].startswith("application/jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [(f["seq"], f["data"]) for f in lines] == [(f.seq, dict(f.data)) for f in every]
    answer = api.get(f"{BASE}/facts/export?what=thing_1")
    assert answer.headers["content-disposition"] == 'attachment; filename="facts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [int(row["seq"]) for row in rows] == [f.seq for f in every]
    assert json.loads(rows[0]["data"]) == dict(every[0].data)
    assert "did you mean 'format'?" in api.refused(422, "/facts/export?fromat=csv")["detail"]


def test_no_cell_of_an_export_is_a_formula(api: Client) -> None:
    for text in EVIL:
        _noted(api.kit, 1, cause=text, before=text)
    body = api.get(f"{BASE}/facts/export?loop=l").text
    rows = list(csv.reader(io.StringIO(body, newline="")))
    assert [row[5] for row in rows[1:]] == ["'" + text for text in EVIL]
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n\uff1d"))]
    plain = [
        json.loads(line) for line in api.get(f"{BASE}/facts/export?loop=l&format=jsonl").text.splitlines()
    ]
    assert [f["before"] for f in plain] == list(EVIL)


def test_an_export_does_not_fill_the_memory(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 50)
    with kit.app.db.write() as tx:
        for n in range(3000):
            tx.facts.add(Fact(NOW, "api:token", "thing", f"loop:{n}", data={"text": "x" * 1000}))
    tracemalloc.start()
    size = sum(len(text) for text in export.csv_lines(export.everything(kit.app, FactsWanted())))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 3_000_000
    assert peak < size / 3
