"""Push: subscribed, renewed, made anew and given up; what follows a notice, and what is told of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.config import load
from scheduler.domain.bookings import SeatState
from scheduler.domain.errors import BadInputs
from scheduler.services.afterwards import push
from scheduler.workers.periodic import Periodic
from tests.connectors.servers.google_api import notice
from tests.scheduler.mixed import BASE_URL, ORGANIZER, Mixed, mixed, monday
from tests.scheduler.services.afterwards.push_kit import (
    GOOGLE,
    MICROSOFT,
    client,
    kept,
    lost,
    subscribed,
    validated,
    waiting,
)
from tests.stories.kit import ask, booked


class TestSubscribing:
    def test_the_organizers_calendar_is_followed_once(self, google: Mixed) -> None:
        app = google.kit.app
        assert push.watch(app)
        assert google.kit.jobs.waiting == [("push", {}, 10.0)]
        assert push.watch(app), "nothing has happened yet"
        assert len(google.kit.jobs.waiting) == 1, "but it is asked for once"
        google.kit.run()
        (one,) = kept(google)
        assert (one.provider, one.calendar) == ("google", "interviews@testwerk.example")
        assert one.url == BASE_URL + GOOGLE
        assert set(google.google.world.channels) == {one.id}
        assert not push.watch(app)
        push.ensure(app)
        assert kept(google) == [one]

    def test_a_new_subscription_is_followed_by_a_reading(self, google: Mixed) -> None:
        push.ensure(google.kit.app)
        assert waiting(google) == ["replies"]

    def test_microsoft_tries_the_address_first(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        assert (one.provider, one.url) == ("outlook", BASE_URL + MICROSOFT)
        assert set(outlook.graph.routes.subscriptions) == {one.id}

    def test_without_an_address_nothing_is_subscribed(self, tmp_path: Path) -> None:
        with mixed(tmp_path) as world:
            assert not push.watch(world.kit.app)
            push.ensure(world.kit.app)
            assert kept(world) == []
            assert world.google.world.channels == {}

    def test_a_service_without_push_is_polled(self, tmp_path: Path) -> None:
        with mixed(tmp_path, organizer_on="local", base_url=BASE_URL) as world:
            assert not push.watch(world.kit.app)

    def test_a_refusal_is_a_warning_and_tried_again_later(
        self, google: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        google.google.world.fail(on="watch", status=403, reason="forbidden")
        push.ensure(google.kit.app)
        assert kept(google) == []
        assert "is polled instead" in caplog.text
        assert push.watch(google.kit.app)
        push.watch(google.kit.app)
        assert waiting(google) == ["push"]
        google.kit.clock.forward(minutes=5)
        google.kit.run()
        assert len(kept(google)) == 1


class TestKeepingItAlive:
    def test_it_is_renewed_around_half_of_its_life(self, google: Mixed) -> None:
        one = subscribed(google)
        life = one.expires - one.created
        assert 0.44 * life < one.renew_at - one.created < 0.56 * life
        google.kit.clock.now = one.renew_at - timedelta(seconds=1)
        assert not push.watch(google.kit.app)
        google.kit.clock.now = one.renew_at
        assert push.watch(google.kit.app)
        google.kit.run()
        (two,) = kept(google)
        assert two.id != one.id
        assert two.secret != one.secret
        assert set(google.google.world.channels) == {two.id}

    def test_a_lengthened_subscription_stays_the_same_one(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        outlook.kit.clock.now = one.renew_at
        push.ensure(outlook.kit.app)
        (two,) = kept(outlook)
        assert (two.id, two.secret, two.created) == (one.id, one.secret, one.created)
        assert two.renew_at > one.renew_at
        assert waiting(outlook) == []

    def test_a_renewal_that_fails_keeps_the_old_one(
        self, outlook: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = subscribed(outlook)
        outlook.kit.clock.now = one.renew_at
        outlook.graph.faults.refuse = [(403, "Forbidden", None)]
        push.ensure(outlook.kit.app)
        assert kept(outlook) == [one]
        assert "could not be renewed" in caplog.text
        assert one.secret not in caplog.text

    def test_one_that_has_ended_is_made_anew(self, google: Mixed) -> None:
        one = subscribed(google)
        google.kit.clock.now = one.expires + timedelta(seconds=1)
        with google.kit.app.db.read() as tx:
            fresh = push.todo(google.kit.app, tx)
        assert fresh.make is not None and fresh.renew is None
        assert fresh.retire == (one,)

    def test_what_is_no_longer_wanted_is_given_up(self, google: Mixed) -> None:
        subscribed(google)
        google.kit.app = replace(google.kit.app, base_url="")
        assert push.watch(google.kit.app)
        google.kit.run()
        assert kept(google) == []
        assert google.google.world.channels == {}

    def test_a_new_address_is_subscribed_before_the_old_one_is_given_up(self, google: Mixed) -> None:
        one = subscribed(google)
        google.kit.app = replace(google.kit.app, base_url="https://new.testwerk.example")
        push.ensure(google.kit.app)
        (two,) = kept(google)
        assert two.url == "https://new.testwerk.example" + GOOGLE
        assert set(google.google.world.channels) == {two.id}
        names = [
            name.rsplit(".", 1)[1]
            for name, _, _ in google.google.world.log
            if "watch" in name or "stop" in name
        ]
        assert names == ["watch", "watch", "stop"]
        assert one.id != two.id

    def test_of_two_the_older_is_given_up(self, google: Mixed) -> None:
        one = subscribed(google)
        google.kit.clock.forward(minutes=1)
        with google.kit.app.db.write() as tx:
            tx.subscriptions.remove(one.id)
        push.ensure(google.kit.app)
        with google.kit.app.db.write() as tx:
            tx.subscriptions.put(one)
        push.ensure(google.kit.app)
        (two,) = kept(google)
        assert two.id != one.id
        assert set(google.google.world.channels) == {two.id}


class TestWhatIsKnownOfIt:
    """Why notices do not come is told, and not only in a log."""

    def state(self, world: Mixed) -> push.State:
        with world.kit.app.db.read() as tx:
            return push.state(world.kit.app, tx)

    def told(self, world: Mixed) -> dict[str, object]:
        api = client(world)
        headers = {"authorization": "Bearer a-token-that-is-long-enough-1"}
        notices: dict[str, object] = api.get("/api/v1/company/notices", headers=headers).json()
        assert api.get("/api/v1/health/ready").json()["notices"] == notices["status"]
        assert api.get("/api/v1/company/notices").status_code == 401
        return notices

    def facts(self, world: Mixed) -> list[tuple[str, str]]:
        with world.kit.app.db.read() as tx:
            return [(f.what, f.after) for f in tx.facts.list(limit=1000) if f.what.startswith("push_")]

    @pytest.mark.parametrize("organizer_on", ["google", "outlook"])
    def test_a_refusal_is_told_with_its_reason_until_it_is_over(
        self, tmp_path: Path, organizer_on: str
    ) -> None:
        with mixed(tmp_path, organizer_on=organizer_on, base_url=BASE_URL) as world:
            app = world.kit.app
            assert self.told(world)["status"] == "waiting"
            for _ in range(3):  # tried again and again: one fact
                world.graph.routes.handshake = lambda _url, _token: None
                if organizer_on == "google":
                    world.google.world.fail(on="watch", status=401, reason="push.webhookUrlUnauthorized")
                push.ensure(app)
            notices = self.told(world)
            assert (notices["status"], notices["since"], notices["url"]) == (
                "refused",
                None,
                BASE_URL + (GOOGLE if organizer_on == "google" else MICROSOFT),
            )
            assert ("public https" if organizer_on == "google" else "handshake") in str(notices["reason"])
            assert [what for what, _ in self.facts(world)] == ["push_refused"]
            world.graph.routes.handshake = lambda _url, token: token
            push.ensure(app)
            notices = self.told(world)
            assert (notices["status"], notices["reason"], notices["calendar"]) == ("alive", "", ORGANIZER)
            assert notices["until"] is not None
            assert [what for what, _ in self.facts(world)] == ["push_refused", "push_resumed"]

    def test_a_renewal_that_is_refused_for_long_is_late_with_its_reason(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        outlook.kit.clock.now = one.renew_at + timedelta(hours=2)
        outlook.graph.faults.refuse = [(403, "Forbidden", None)]
        push.ensure(outlook.kit.app)
        found = self.state(outlook)
        assert (found.status, found.live) == ("late", one)
        assert "Microsoft answered 403" in found.reason

    def test_without_an_address_or_a_service_there_is_nothing_to_tell(self, tmp_path: Path) -> None:
        with mixed(tmp_path / "a") as world:
            assert self.told(world)["status"] == "off"
        with mixed(tmp_path / "b", organizer_on="local", base_url=BASE_URL) as world:
            assert self.told(world)["status"] == "unsupported"


class TestStrays:
    def test_what_nobody_wrote_down_is_given_up_when_it_is_old_enough(
        self, outlook: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A crash between Microsoft's yes and our row, at a service that takes a second one beside it."""
        outlook.graph.routes.several = True
        before = lost(outlook)
        one = subscribed(outlook)
        assert set(outlook.graph.routes.subscriptions) == {before, one.id}, "too young to tell"
        with outlook.graph.locked():
            old = outlook.graph.routes.subscriptions[before]
            old["expirationDateTime"] = f"{one.expires - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        push.ensure(outlook.kit.app)
        assert set(outlook.graph.routes.subscriptions) == {one.id}
        assert "that nobody knew were given up" in caplog.text

    def test_a_new_subscription_is_followed_by_a_look_for_strays(self, outlook: Mixed) -> None:
        push.ensure(outlook.kit.app)
        assert ("push", {}, 1200.0) in outlook.kit.jobs.waiting
        outlook.kit.run()
        assert outlook.kit.jobs.waiting == []
        assert sum(seen.route == "subscriptions" for seen in outlook.graph.requests) == 2

    def test_a_list_that_cannot_be_read_is_no_failure(
        self, outlook: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = subscribed(outlook)
        outlook.graph.faults.refuse = [(403, "Forbidden", None)] * 2
        push.ensure(outlook.kit.app)
        assert kept(outlook) == [one]
        assert "could not be looked for" in caplog.text


class TestWhatFollows:
    @pytest.mark.parametrize("organizer_on", ["google", "outlook"])
    def test_an_answer_is_known_after_its_notice(self, tmp_path: Path, organizer_on: str) -> None:
        with mixed(tmp_path, organizer_on=organizer_on, base_url=BASE_URL) as world:
            world.graph.routes.handshake = lambda url, token: validated(world, url, token)
            one = subscribed(world)
            day = f"{monday():%Y-%m-%d}"
            loop = ask(world.kit, "talks", windows=((f"{day}T09:00", f"{day}T17:00"),))
            event = booked(world.kit, loop.id)["first"].event_id
            if organizer_on == "google":
                world.google.world.answer(ORGANIZER, event, "anna@testwerk.example", "accepted", "")
                client(world).post(GOOGLE, headers=notice(world.google.world, one.id))
            else:
                with world.graph.locked() as graph:
                    graph.answer("anna@testwerk.example", ORGANIZER, event, "accepted")
                client(world).post(MICROSOFT, content=world.graph.notice(one.id))
            world.kit.run()
            seats = {s.person: s.state for s in booked(world.kit, loop.id)["first"].seats}
            assert seats["anna"] is SeatState.ACCEPTED

    def test_a_calendar_that_does_not_answer_is_left_to_the_polling(
        self, google: Mixed, caplog: pytest.LogCaptureFixture
    ) -> None:
        one = subscribed(google)
        google.google.world.fail(on=r"events\.list", status=403, reason="forbidden")
        client(google).post(GOOGLE, headers=notice(google.google.world, one.id))
        google.kit.run()
        assert "replies after a notice: " in caplog.text
        assert google.google.world.faults == []

    def test_a_worker_sees_to_it_by_itself(self, google: Mixed) -> None:
        periodic = Periodic(google.kit.app, poll=0.05, sweep=60.0, orphans=60.0, push=0.05)
        periodic.start()
        try:
            deadline = time.monotonic() + 20
            while not google.kit.jobs.waiting and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            periodic.stop()
        assert waiting(google) == ["push"]


class TestTheDeployment:
    def test_without_an_address_there_is_nobody_to_tell(self, tmp_path: Path) -> None:
        with mixed(tmp_path) as world:
            for path, tried in ((GOOGLE, {}), (MICROSOFT, {"validationToken": "x"})):
                answer = client(world).post(path, params=tried)
                assert answer.status_code == 404
                assert "LOOPWRIGHT_BASE_URL" in answer.json()["detail"]

    def test_a_secret_shows_nowhere(self, google: Mixed, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        one = subscribed(google)
        client(google).post(GOOGLE, headers=notice(google.google.world, one.id))
        with google.kit.app.db.read() as tx:
            facts = repr(tx.facts.list())
        ours = [
            r.getMessage()
            for r in caplog.records
            if r.name.startswith(("loopwright", "scheduler", "connectors"))
        ]
        for text in (facts, repr(one), repr(google.kit.jobs), *ours):
            assert one.secret not in text

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("https://hire.example.com", "https://hire.example.com"),
            ("https://hire.example.com:8443/loopwright/", "https://hire.example.com:8443/loopwright"),
            ("", ""),
        ],
    )
    def test_the_address_is_taken(self, given: str, kept: str) -> None:
        assert load(base_url=given).base_url == kept

    @pytest.mark.parametrize(
        "given",
        [
            "http://hire.example.com",
            "hire.example.com",
            "https://",
            "https://hire.example.com?x=1",
            "https://hire.example.com#x",
            "https://user:word@hire.example.com",
            "https://hire.example.com:0",
            "https://hire.example.com:99999",
            "https://hire example.com",
            "https://bücher.example",
        ],
    )
    def test_another_address_is_refused_in_one_line(self, given: str) -> None:
        with pytest.raises(BadInputs, match=r"LOOPWRIGHT_BASE_URL: .*https") as caught:
            load(base_url=given)
        assert len(str(caught.value).splitlines()) == 1
