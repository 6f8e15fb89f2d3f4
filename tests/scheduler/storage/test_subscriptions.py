"""Subscriptions come back as they were kept; their secrets show nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.domain.subscriptions import Subscription
from scheduler.storage import Database
from tests.scheduler.storage.samples import NOW, minutes

SECRET = "s3cr3t-that-notices-repeat"
ONE = Subscription(
    "sub-1",
    "google",
    "jobs@example.org",
    "resource-1",
    "https://hire.example.org/api/v1/push/google",
    NOW + timedelta(days=7),
    NOW,
    NOW + timedelta(days=3),
    SECRET,
)


def test_a_subscription_comes_back_as_it_was_kept(database: Database) -> None:
    with database.write() as tx:
        tx.subscriptions.put(ONE)
    with database.read() as tx:
        assert tx.subscriptions.list() == [ONE]
        assert tx.subscriptions.list()[0].secret == SECRET


def test_the_newest_comes_first_and_a_provider_sees_its_own(database: Database) -> None:
    newer = replace(ONE, id="sub-2", created=minutes(5))
    other = replace(ONE, id="sub-3", provider="outlook", created=minutes(1))
    with database.write() as tx:
        for subscription in (ONE, newer, other):
            tx.subscriptions.put(subscription)
        assert [s.id for s in tx.subscriptions.list()] == ["sub-2", "sub-3", "sub-1"]
        assert [s.id for s in tx.subscriptions.list("google")] == ["sub-2", "sub-1"]
        assert tx.subscriptions.list("outlook") == [other]
        assert tx.subscriptions.list("local") == []


def test_a_renewed_one_replaces_itself(database: Database) -> None:
    longer = replace(ONE, expires=NOW + timedelta(days=14), renew_at=NOW + timedelta(days=10))
    with database.write() as tx:
        tx.subscriptions.put(ONE)
        tx.subscriptions.put(longer)
        assert tx.subscriptions.list() == [longer]


def test_a_renewal_may_be_asked_for_earlier_but_never_later(database: Database) -> None:
    with database.write() as tx:
        tx.subscriptions.put(ONE)
        assert tx.subscriptions.renew_from(ONE.id, minutes(10))
        assert tx.subscriptions.renew_from(ONE.id, minutes(20))
        assert tx.subscriptions.list() == [replace(ONE, renew_at=minutes(10))]
        assert not tx.subscriptions.renew_from("nothing", minutes(10))


def test_what_is_forgotten_is_gone_with_its_secret(database: Database) -> None:
    with database.write() as tx:
        tx.subscriptions.put(ONE)
        assert tx.subscriptions.remove(ONE.id)
        assert not tx.subscriptions.remove(ONE.id)
        assert tx.subscriptions.list() == []


def test_the_secret_is_not_shown(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    assert SECRET not in repr(ONE)
    assert SECRET not in str(ONE)
    caplog.set_level("DEBUG")
    with database.write() as tx:
        tx.subscriptions.put(ONE)
        assert SECRET not in repr(tx.subscriptions.list())
    broken = replace(ONE, id="sub-2", secret=f"{SECRET}\x00")
    with pytest.raises(Exception, match="NUL") as caught, database.write() as tx:
        tx.subscriptions.put(broken)
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock shows another zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_renewal_is_due_at_the_same_instant_whatever_zone_the_machine_is_in(database: Database) -> None:
    with database.write() as tx:
        tx.subscriptions.put(ONE)
        tx.subscriptions.renew_from(ONE.id, minutes(10))
    with database.read() as tx:
        assert tx.subscriptions.list()[0].renew_at == minutes(10)
