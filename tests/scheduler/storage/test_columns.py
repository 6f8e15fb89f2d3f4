"""What either database could not keep is refused by both, with a line that names the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Candidate
from scheduler.storage import Database
from scheduler.storage.columns import Instant, NotAware, clean_json, clean_text
from scheduler.storage.tables import cursors, facts
from tests.scheduler.storage.samples import NOW, application, minutes, with_loops, write

HOSTILE = ["\x00", "a\x00b", "\ud800", "ok\udfff"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^person\.name: "):
        clean_text(text, "person.name")


@pytest.mark.parametrize(
    "text", ["", "Zoë", "日本語", "🙂", "a\nb\tc", "'; DROP TABLE lw_loops; --", "\u202e", "\x7f\x01"]
)
def test_other_text_is_kept_as_it_is(database: Database, text: str) -> None:
    assert clean_text(text, "x") == text
    with database.write() as tx:
        tx.applications.put(application(candidate=Candidate(text, text, "UTC")))
    with database.read() as tx:
        found = tx.applications.get("app-1")
    assert found is not None
    assert found.candidate == Candidate(text, text, "UTC")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_wherever_it_is_stored_or_looked_up(database: Database, text: str) -> None:
    with_loops(database)
    attempts: list[tuple[str, Any]] = [
        (
            "candidate_name",
            lambda tx: tx.applications.put(application(candidate=Candidate(text, "a", "UTC"))),
        ),
        ("id", lambda tx: tx.people.get(text)),
        ("email_folded", lambda tx: tx.people.by_email(text)),
        ("delivery_id", lambda tx: tx.inbox.receive("ats", text, "d", b"\x00\xff", NOW)),
        ("payload", lambda tx: tx.ledger.add_all([write(payload={"title": ["x", text]})], NOW)),
        ("payload", lambda tx: tx.ledger.add_all([write(payload={text: 1})], NOW)),
        ("calendar", lambda tx: tx.cursors.put(text, "c", NOW)),
    ]
    for field, attempt in attempts:
        with pytest.raises(BadInput) as caught, database.write() as tx:
            attempt(tx)
        assert caught.value.field == field
    with database.read() as tx:
        assert tx.ledger.of_loop("loop-1") == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, {"a": float("-inf")}]])
def test_what_is_no_json_number_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="finite"):
        clean_json(value, "payload")


def test_deep_nesting_is_refused_long_before_the_stack_ends() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadInput, match="deeper than 50"):
        clean_json(deep, "payload")
    flat: Any = 1
    for _ in range(50):
        flat = {"a": flat}
    assert clean_json(flat, "payload") == flat


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}, {"a": NOW}, b"x"])
def test_what_is_no_json_is_a_programming_error(value: Any) -> None:
    with pytest.raises(TypeError):
        clean_json(value, "payload")


def test_instants_come_back_in_utc_whatever_zone_they_had(database: Database) -> None:
    tokyo = timezone(timedelta(hours=9))
    with database.write() as tx:
        tx.cursors.put("a", "1", datetime(2026, 1, 1, 3, 4, 5, 678901, tzinfo=tokyo))
        stored = tx.connection.execute(sa.select(cursors.c.at)).scalar_one()
    assert stored == datetime(2025, 12, 31, 18, 4, 5, 678901, tzinfo=UTC)
    assert stored.tzinfo is UTC


def test_a_naive_instant_is_refused_when_stored_and_when_compared(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(NotAware), database.write() as tx:
        tx.cursors.put("a", "1", naive)
    with pytest.raises(NotAware), database.read() as tx:
        tx.inbox.pending(older_than=naive)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.datetimes(datetime(1970, 1, 2), datetime(2190, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_text_order_is_time_order_on_sqlite(sqlite_database: Database, moments: list[datetime]) -> None:
    dialect = sqlite_database.engine.dialect
    texts = [Instant().process_bind_param(m, dialect) for m in moments]
    assert sorted(texts) == [Instant().process_bind_param(m, dialect) for m in sorted(moments)]
    assert len({len(t) for t in texts}) == 1
    assert [Instant().process_result_value(t, dialect) for t in texts] == moments


def test_numbers_in_facts_come_back_as_they_were_hashed(database: Database) -> None:
    with_loops(database)
    odd = {"big": 1e100, "whole": 1.0, "long": 12345678901234567890, "small": 1e-7, "z": -0.0}
    with database.write() as tx:
        tx.loops.change("loop-1", "a", "c", minutes(1), "loop_labelled", labels={})
        tx.connection.execute(
            sa.insert(facts),
            [{"seq": 99, "at": NOW, "actor": "", "what": "", "subject": "odd", "before": "", "after": "",
              "cause": "", "data": odd, "hash": ""}],
        )  # fmt: skip
        found = tx.facts.of("odd")[0].data
    assert {k: repr(v) for k, v in found.items()} == {k: repr(v) for k, v in odd.items()}


def test_an_instant_that_was_stored_without_its_offset_is_refused() -> None:
    with pytest.raises(NotAware):
        Instant().process_result_value("2026-03-02 09:00:00", sqlite.dialect())
