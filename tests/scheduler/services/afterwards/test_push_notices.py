"""Genuine notices are followed; forged, strange and oversized ones are ignored."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.connectors.servers.google_api import notice
from tests.scheduler.mixed import Mixed
from tests.scheduler.services.afterwards.push_kit import (
    GOOGLE,
    MICROSOFT,
    client,
    kept,
    subscribed,
    waiting,
)


class TestNoticesFromGoogle:
    def test_a_change_is_read_at_the_end_of_five_seconds_once(self, google: Mixed) -> None:
        one = subscribed(google)
        # a minute on: the five seconds in which the subscription itself asked for a reading are over
        google.kit.clock.forward(minutes=1)
        google.kit.clock.now = google.kit.clock.now.replace(second=31)
        for _ in range(3):
            headers = notice(google.google.world, one.id)
            answer = client(google).post(GOOGLE, headers=headers)
            assert (answer.status_code, answer.content) == (202, b"")
        assert google.kit.jobs.waiting == [("replies", {}, 4.0)]
        google.kit.run()
        google.kit.clock.forward(seconds=5)
        client(google).post(GOOGLE, headers=notice(google.google.world, one.id))
        assert waiting(google) == ["replies"], "the next five seconds are read again"

    def test_the_hello_of_a_new_channel_has_no_effect(self, google: Mixed) -> None:
        one = subscribed(google)
        headers = notice(google.google.world, one.id, "sync")
        assert client(google).post(GOOGLE, headers=headers).status_code == 202
        assert waiting(google) == []

    @pytest.mark.parametrize(
        "forged",
        [
            {"X-Goog-Channel-Token": "guessed"},
            {"X-Goog-Channel-Token": ""},
            {"X-Goog-Channel-ID": "another"},
            {"X-Goog-Resource-ID": "another"},
            {"X-Goog-Channel-Token": "\xff\xfe"},
        ],
    )
    def test_a_forged_one_gets_the_same_answer_and_no_effect(
        self, google: Mixed, forged: dict[str, str]
    ) -> None:
        one = subscribed(google)
        headers = notice(google.google.world, one.id) | forged
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = client(google).post(GOOGLE, headers=raw)
        assert (answer.status_code, answer.content) == (202, b"")
        assert waiting(google) == []
        assert kept(google) == [one]

    def test_a_notice_without_anything_has_no_effect(self, google: Mixed) -> None:
        subscribed(google)
        assert client(google).post(GOOGLE).status_code == 202
        assert client(google).post(GOOGLE, content=b"\xff{" * 100).status_code == 202
        assert waiting(google) == []

    def test_a_body_over_the_limit_is_refused(self, google: Mixed) -> None:
        assert client(google).post(GOOGLE, content=b"x" * 2_000_001).status_code == 413


class TestNoticesFromMicrosoft:
    def test_a_change_is_read_soon(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        answer = client(outlook).post(MICROSOFT, content=outlook.graph.notice(one.id))
        assert (answer.status_code, answer.content) == (202, b"")
        assert waiting(outlook) == ["replies"]

    def test_what_was_missed_is_read_from_the_cursor(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        client(outlook).post(MICROSOFT, content=outlook.graph.notice(one.id, life="missed"))
        assert waiting(outlook) == ["replies"]
        assert kept(outlook) == [one]

    def test_a_removed_subscription_is_made_anew_and_the_calendar_read(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        body = outlook.graph.notice(one.id, life="subscriptionRemoved")
        with outlook.graph.locked():
            del outlook.graph.routes.subscriptions[one.id]
        client(outlook).post(MICROSOFT, content=body)
        client(outlook).post(MICROSOFT, content=body)
        assert sorted(waiting(outlook)) == ["push", "replies"]
        outlook.kit.run()
        (two,) = kept(outlook)
        assert two.id != one.id
        assert set(outlook.graph.routes.subscriptions) == {two.id}

    def test_an_authorization_is_renewed_at_once(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        outlook.kit.clock.forward(hours=1)
        body = outlook.graph.notice(one.id, life="reauthorizationRequired")
        client(outlook).post(MICROSOFT, content=body)
        assert waiting(outlook) == ["push"]
        assert kept(outlook)[0].renew_at == outlook.kit.clock.now
        outlook.kit.run()
        (two,) = kept(outlook)
        assert two.id == one.id
        assert two.renew_at > one.created + timedelta(days=2)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"[" * 100_000,
            b'{"value": 7}',
            b'{"value": [null, 1, {"subscriptionId": {}, "clientState": []}]}',
            b'{"value": [{"subscriptionId": "unknown", "clientState": "guessed"}]}',
        ],
    )
    def test_what_is_no_notice_has_no_effect(self, outlook: Mixed, body: bytes) -> None:
        subscribed(outlook)
        assert client(outlook).post(MICROSOFT, content=body).status_code == 202
        assert waiting(outlook) == []

    @pytest.mark.parametrize("life", [None, "missed", "subscriptionRemoved", "reauthorizationRequired"])
    def test_a_forged_one_gets_the_same_answer_and_no_effect(self, outlook: Mixed, life: str | None) -> None:
        one = subscribed(outlook)
        for state in ("guessed", "", "\ud800", one.secret[:-1]):
            body = outlook.graph.notice(one.id, life=life, state=state)
            answer = client(outlook).post(MICROSOFT, content=body)
            assert (answer.status_code, answer.content) == (202, b"")
        assert waiting(outlook) == []
        assert kept(outlook) == [one]

    def test_a_forged_one_beside_a_genuine_one(self, outlook: Mixed) -> None:
        one = subscribed(outlook)
        genuine = json.loads(outlook.graph.notice(one.id))["value"]
        forged = json.loads(outlook.graph.notice(one.id, life="subscriptionRemoved", state="no"))["value"]
        client(outlook).post(MICROSOFT, content=json.dumps({"value": forged + genuine}))
        assert waiting(outlook) == ["replies"]
        assert kept(outlook) == [one]

    @pytest.mark.parametrize("token", ["", "a\nb", "\x07", "x" * 2_049])
    def test_a_strange_validation_token_is_not_echoed(self, outlook: Mixed, token: str) -> None:
        answer = client(outlook).post(MICROSOFT, params={"validationToken": token})
        assert answer.status_code in (400, 422)
        assert token not in answer.text or token == ""

    def test_a_token_is_echoed_as_plain_text_that_no_browser_runs(self, outlook: Mixed) -> None:
        token = "<script>alert(1)</script>"
        answer = client(outlook).post(MICROSOFT, params={"validationToken": token})
        assert (answer.status_code, answer.text) == (200, token)
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
