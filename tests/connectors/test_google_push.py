"""Push channels: opened, renewed without a gap, and notices that cannot be forged."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Invalid, NotFound, Transient, Unreadable
from connectors.google import push
from connectors.types import Known, Notice, Subscription
from tests.connectors.conformance_kit import WINDOW, follow, make
from tests.connectors.servers.google_api import notice
from tests.connectors.servers.google_harness import ORGANIZER, SWIFT, GoogleHarness, google

URL = "https://hire.example.com/push/google"


@pytest.fixture
def harness() -> Iterator[GoogleHarness]:
    with google() as harness:
        yield harness


class TestChannels:
    def test_a_channel_lives_a_week_and_has_a_secret_of_its_own(self, harness: GoogleHarness) -> None:
        one = harness.calendar.subscribe(ORGANIZER, URL)
        two = harness.calendar.subscribe(ORGANIZER, URL)
        assert one.calendar == ORGANIZER
        left = one.expires - datetime.now(UTC)
        assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
        assert len(one.secret) >= 32
        assert one.secret != two.secret
        assert one.secret not in repr(one)
        assert uuid.UUID(one.id) != uuid.UUID(two.id)
        (call, _) = harness.server.calls("watch")
        assert (call["body"]["type"], call["body"]["address"]) == ("web_hook", URL)

    def test_a_renewal_opens_the_new_channel_before_the_old_one_is_stopped(
        self, harness: GoogleHarness
    ) -> None:
        old = harness.calendar.subscribe(ORGANIZER, URL)
        new = harness.calendar.renew(old, URL)
        assert new.id != old.id
        assert set(harness.server.world.channels) == {new.id}
        names = [name.rsplit(".", 1)[1] for name, _, _ in harness.server.world.log]
        assert names == ["watch", "watch", "stop"]

    def test_a_renewal_that_fails_leaves_the_old_channel(self, harness: GoogleHarness) -> None:
        old = harness.calendar.subscribe(ORGANIZER, URL)
        harness.server.world.fail(on="watch", status=500, reason="backendError", times=SWIFT.attempts)
        with pytest.raises(Transient):
            harness.calendar.renew(old, URL)
        assert set(harness.server.world.channels) == {old.id}

    def test_an_old_channel_that_cannot_be_stopped_is_no_failure(
        self, harness: GoogleHarness, caplog: pytest.LogCaptureFixture
    ) -> None:
        old = harness.calendar.subscribe(ORGANIZER, URL)
        harness.server.world.fail(on="stop", status=403, reason="forbidden")
        new = harness.calendar.renew(old, URL)
        assert set(harness.server.world.channels) == {old.id, new.id}
        assert "run out by itself" in caplog.text
        assert old.secret not in caplog.text

    def test_stopping_what_is_gone_is_success(self, harness: GoogleHarness) -> None:
        one = harness.calendar.subscribe(ORGANIZER, URL)
        harness.calendar.unsubscribe(one)
        harness.calendar.unsubscribe(one)
        assert harness.server.world.channels == {}

    @pytest.mark.parametrize("url", ["http://hire.example.com/push", "hire.example.com", "", "https://"])
    def test_an_address_google_would_refuse_is_refused_here(self, harness: GoogleHarness, url: str) -> None:
        with pytest.raises(Invalid, match="https"):
            harness.calendar.subscribe(ORGANIZER, url)
        assert harness.server.world.log == []

    def test_a_calendar_that_is_not_there(self, harness: GoogleHarness) -> None:
        with pytest.raises(NotFound):
            harness.calendar.subscribe("nobody@example.com", URL)

    @pytest.mark.parametrize(
        "body", [b"{}", b'{"expiration": "soon", "resourceId": "r"}', b'{"expiration": "9e99"}']
    )
    def test_an_answer_that_is_no_channel(self, harness: GoogleHarness, body: bytes) -> None:
        harness.server.world.fail(on="watch", body=body)
        with pytest.raises(Unreadable):
            harness.calendar.subscribe(ORGANIZER, URL)

    @pytest.mark.parametrize("status", [401, 403, 400])
    def test_an_address_that_google_does_not_like_is_no_matter_of_signing_in(
        self, harness: GoogleHarness, status: int
    ) -> None:
        """The 401 is about the address: taken for a refused token it would make everybody unknown."""
        harness.server.world.fail(on="watch", status=status, reason="push.webhookUrlUnauthorized")
        with pytest.raises(Invalid, match="must be a public https one"):
            harness.calendar.subscribe(ORGANIZER, URL)
        answers = harness.calendar.availability(harness.people, WINDOW)
        assert all(isinstance(a, Known) for a in answers.values())
        assert harness.server.accounts.asked == 1, "nor was another token asked for"

    def test_google_lists_no_channels_so_none_are_swept(self, harness: GoogleHarness) -> None:
        harness.calendar.subscribe(ORGANIZER, URL)
        assert harness.calendar.sweep(ORGANIZER, URL, set()) is None
        assert len(harness.server.world.channels) == 1


class TestNotices:
    @pytest.fixture
    def known(self, harness: GoogleHarness) -> dict[str, Subscription]:
        opened = [harness.calendar.subscribe(ORGANIZER, URL) for _ in range(2)]
        return {one.id: one for one in opened}

    def test_the_first_is_a_handshake_the_others_say_that_something_changed(
        self, harness: GoogleHarness, known: dict[str, Subscription]
    ) -> None:
        for channel in known:
            for state, kind in (("sync", "handshake"), ("exists", "changed"), ("not_exists", "changed")):
                headers = notice(harness.server.world, channel, state)
                assert harness.calendar.parse_push(headers, b"", known) == (Notice(channel, kind),)

    def test_header_names_come_in_any_case(
        self, harness: GoogleHarness, known: dict[str, Subscription]
    ) -> None:
        headers = notice(harness.server.world, next(iter(known)))
        for change in (str.lower, str.upper):
            told = {change(name): value for name, value in headers.items()}
            assert len(harness.calendar.parse_push(told, b"", known)) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"X-Goog-Channel-Token": "guess"},
            {"X-Goog-Channel-Token": ""},
            {"X-Goog-Channel-Token": "ü\udcff"},
            {"X-Goog-Channel-ID": "other"},
            {"X-Goog-Channel-ID": ""},
            {"X-Goog-Resource-ID": "other"},
            {"X-Goog-Resource-State": "invented"},
            {"X-Goog-Resource-State": ""},
        ],
        ids=repr,
    )
    def test_what_is_forged_says_nothing(
        self, harness: GoogleHarness, known: dict[str, Subscription], change: dict[str, str]
    ) -> None:
        headers = notice(harness.server.world, next(iter(known)))
        assert harness.calendar.parse_push({**headers, **change}, b"", known) == ()
        for name in change:
            without = {k: v for k, v in headers.items() if k != name}
            assert harness.calendar.parse_push(without, b"", known) == ()

    def test_the_secret_of_one_channel_is_no_good_for_another(
        self, harness: GoogleHarness, known: dict[str, Subscription]
    ) -> None:
        one, two = known
        headers = notice(harness.server.world, one) | {"X-Goog-Channel-ID": two}
        assert harness.calendar.parse_push(headers, b"", known) == ()

    def test_a_channel_without_a_secret_lets_nobody_in(self) -> None:
        known = {"a": Subscription("a", "r", ORGANIZER, datetime.now(UTC), "")}
        headers = {"x-goog-channel-id": "a", "x-goog-resource-id": "r", "x-goog-resource-state": "exists"}
        assert push.read_notice(headers, known) == ()
        assert push.read_notice({**headers, "x-goog-channel-token": ""}, known) == ()

    def test_secrets_are_compared_in_constant_time_for_unknown_channels_too(
        self, harness: GoogleHarness, known: dict[str, Subscription], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compared: list[tuple[bytes, bytes]] = []
        real = push.hmac.compare_digest

        def watch(a: bytes, b: bytes) -> bool:
            compared.append((a, b))
            return real(a, b)

        monkeypatch.setattr(push.hmac, "compare_digest", watch)
        headers = notice(harness.server.world, next(iter(known)))
        push.read_notice(headers, known)
        push.read_notice(headers, {})
        assert len(compared) == 2
        assert all(isinstance(a, bytes) and len(b) == 43 for a, b in compared)

    def test_a_notice_is_only_a_hint_to_pull(
        self, harness: GoogleHarness, known: dict[str, Subscription]
    ) -> None:
        cursor = follow(harness.calendar, ORGANIZER, None, {})
        booked = harness.calendar.book(ORGANIZER, make(harness))
        told = harness.calendar.parse_push(notice(harness.server.world, next(iter(known))), b"", known)
        assert [n.kind for n in told] == ["changed"]
        (event,) = harness.calendar.changes(ORGANIZER, cursor, WINDOW).upserts
        assert event.ref == booked.ref
