"""Push where the service keeps one subscription per calendar: what stands in the way goes, in the same round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.services.afterwards import push
from tests.scheduler.mixed import BASE_URL, Mixed, mixed
from tests.scheduler.services.afterwards.push_kit import MICROSOFT, kept, lost, subscribed, validated


@pytest.fixture
def outlook(tmp_path: Path) -> Iterator[Mixed]:
    with mixed(tmp_path, organizer_on="outlook", base_url=BASE_URL) as world:
        world.graph.routes.handshake = lambda url, token: validated(world, url, token)
        yield world


class TestOnePerCalendar:
    """Microsoft keeps one subscription per application and calendar, and tells its secret to nobody."""

    def alive(self, world: Mixed) -> set[str]:
        return set(world.graph.routes.subscriptions)

    def test_what_stands_in_the_way_unknown_is_given_up_in_the_same_round(
        self, outlook: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = lost(outlook)
        one = subscribed(outlook)
        assert self.alive(outlook) == {one.id} != {before}
        assert "stood in the way" in caplog.text

    def test_an_answer_that_was_lost_costs_nothing_but_another_try(self, outlook: Mixed) -> None:
        outlook.graph.faults.lose = 1
        one = subscribed(outlook)
        assert self.alive(outlook) == {one.id}
        assert sum(seen.route == "subscribe" for seen in outlook.graph.requests) == 3

    def test_a_new_address_takes_the_place_of_the_old_one_at_once(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        outlook.kit.app = replace(outlook.kit.app, base_url="https://new.testwerk.example")
        outlook.graph.routes.handshake = lambda _url, token: token
        assert push.watch(outlook.kit.app), "in the same five minutes"
        outlook.kit.run()
        (two,) = kept(outlook)
        assert (two.url, self.alive(outlook)) == ("https://new.testwerk.example" + MICROSOFT, {two.id})
        assert two.id != one.id

    def test_a_database_put_back_from_a_copy(self, outlook: Mixed) -> None:
        """It knows a subscription that was replaced since, and not the one that lives."""
        one = subscribed(outlook)
        with outlook.graph.locked():
            del outlook.graph.routes.subscriptions[one.id]
        after = lost(outlook)
        outlook.kit.clock.forward(hours=1)
        assert not push.watch(outlook.kit.app), "by what is written down all is well"
        outlook.kit.run()
        (two,) = kept(outlook)
        assert self.alive(outlook) == {two.id}
        assert two.id not in (one.id, after)

    def test_one_that_ended_unnoticed_is_made_anew(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        with outlook.graph.locked():
            del outlook.graph.routes.subscriptions[one.id]
        push.ensure(outlook.kit.app)
        (two,) = kept(outlook)
        assert self.alive(outlook) == {two.id} != {one.id}

    def test_what_cannot_be_looked_after_is_kept(
        self, outlook: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = subscribed(outlook)
        outlook.graph.faults.refuse = [(403, "Forbidden", None)]
        push.ensure(outlook.kit.app)
        assert (kept(outlook), self.alive(outlook)) == ([one], {one.id})
        assert "could not be looked after" in caplog.text

    @pytest.mark.parametrize("newer", [True, False])
    def test_two_workers_at_once_end_with_the_one_that_lives(self, outlook: Mixed, newer: bool) -> None:
        one = subscribed(outlook)
        shift = timedelta(seconds=1 if newer else -1)
        with outlook.kit.app.db.write() as tx:
            tx.subscriptions.put(replace(one, id="given-up-by-the-other-worker", created=one.created + shift))
        assert push.watch(outlook.kit.app)
        outlook.kit.run()
        (two,) = kept(outlook)
        assert self.alive(outlook) == {two.id}

    def test_somebody_elses_is_left_alone_and_told(self, outlook: Mixed) -> None:
        outlook.graph.routes.handshake = lambda _url, token: token
        theirs = lost(outlook, "https://other.example/hooks")
        push.ensure(outlook.kit.app)
        assert (kept(outlook), self.alive(outlook)) == ([], {theirs})
        with outlook.kit.app.db.read() as tx:
            reason = push.state(outlook.kit.app, tx).reason
        assert "there is one already, to another address than" in reason
        assert "an application of its own" in reason
