"""A request sent again under its key has its effect once, on every address that takes one."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from scheduler.api.conditional.once import digest_of
from scheduler.api.models.loops import ReasonIn
from scheduler.services.afterwards import accepting
from scheduler.services.booking import choose
from tests.scheduler.api.client import BASE, Client, event, stored, wanted

KEY = {"idempotency-key": "k-1"}


def facts(api: Client, loop: str) -> list[str]:
    with api.kit.app.db.read() as tx:
        return [f.what for f in tx.facts.of(f"loop:{loop}")]


@pytest.mark.parametrize("what", ["replan", "change", "cancel"])
def test_a_change_of_a_loop(api: Client, what: str) -> None:
    id = api.loop()["id"]
    body = {"zone": "Europe/Berlin", "windows": wanted()["windows"]} if what == "change" else None
    first = api.post(f"{BASE}/loops/{id}/{what}", json=body, headers=KEY)
    api.kit.run()
    count = len(facts(api, id))
    again = api.post(f"{BASE}/loops/{id}/{what}", json=body, headers=KEY)
    assert (first.status_code, again.status_code, first.content) == (202, 202, again.content)
    assert len(facts(api, id)) == count
    if what != "replan":
        other = {"message": "Sorry."} if what == "cancel" else {**body, "zone": "Europe/Paris"}  # type: ignore[dict-item]
        refused = api.refused(422, f"/loops/{id}/{what}", "POST", json=other, headers=KEY)
        assert refused["errors"][0]["field"] == "Idempotency-Key"


def test_a_repeated_request_is_answered_whatever_its_condition_says_by_now(api: Client) -> None:
    id = api.loop()["id"]
    tag = api.get(f"{BASE}/loops/{id}").headers["etag"]
    answers = [api.post(f"{BASE}/loops/{id}/cancel", headers={**KEY, "if-match": tag}) for _ in range(2)]
    assert [a.status_code for a in answers] == [202, 202] and answers[0].content == answers[1].content


def test_a_key_in_quotes_is_the_same_key(api: Client) -> None:
    first = api.post(f"{BASE}/loops", json=wanted(), headers={"idempotency-key": '"k-1"'})
    assert api.post(f"{BASE}/loops", json=wanted(), headers=KEY).content == first.content
    assert stored(api.kit) == (1, 1)


def test_two_keys_are_none(api: Client) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert api.post(f"{BASE}/loops", json=wanted(), headers=headers).status_code == 422


class TestChoosing:
    """A booking calls calendars between its transactions: its key is claimed before."""

    def test_the_same_answer(self, api: Client) -> None:
        plan = api.loop()["proposals"][0]["id"]
        first = api.post(f"{BASE}/proposals/{plan}/choose", headers=KEY)
        api.kit.run()
        again = api.post(f"{BASE}/proposals/{plan}/choose", headers=KEY)
        assert first.status_code == again.status_code == 200
        assert first.content == again.content and first.json()["state"] == "held"

    def test_while_the_first_is_under_way(self, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        plan = api.loop()["proposals"][0]["id"]
        begun, go_on, real = threading.Event(), threading.Event(), choose.in_turn

        def slow(*given: Any) -> Any:
            begun.set()
            assert go_on.wait(30)
            return real(*given)

        monkeypatch.setattr(choose, "in_turn", slow)
        found: list[Any] = []
        first = threading.Thread(
            target=lambda: found.append(api.post(f"{BASE}/proposals/{plan}/choose", headers=KEY))
        )
        first.start()
        assert begun.wait(30)
        refused = api.refused(409, f"/proposals/{plan}/choose", "POST", headers=KEY)
        assert "under way" in refused["detail"]
        go_on.set()
        first.join()
        again = api.post(f"{BASE}/proposals/{plan}/choose", headers=KEY)
        assert found[0].status_code == 200 and again.content == found[0].content

    def test_a_refused_one_does_not_use_its_key_up(self, api: Client) -> None:
        id = api.loop()["id"]
        api.refused(409, f"/loops/{id}/accept-move", "POST", headers=KEY)
        api.refused(409, f"/loops/{id}/accept-move", "POST", headers=KEY)

    def test_one_whose_process_ended_is_taken_over(
        self, api: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        id = api.loop()["id"]
        with api.kit.app.db.write() as tx:
            digest = digest_of(ReasonIn())
            tx.inbox.claim_answer("k-1", f"POST /loops/{id}/accept-move", digest, api.kit.clock())
        assert "under way" in api.refused(409, f"/loops/{id}/accept-move", "POST", headers=KEY)["detail"]
        api.kit.clock.forward(minutes=2)
        with api.kit.app.db.read() as tx:
            loop = tx.loops.get(id)
        monkeypatch.setattr(accepting, "accept", lambda *_: loop)
        assert api.post(f"{BASE}/loops/{id}/accept-move", headers=KEY).status_code == 202


class TestWebhooks:
    def test_a_key_beside_the_id(self, api: Client) -> None:
        first = api.deliver(event(), headers=KEY)
        again = api.deliver(event(), headers=KEY)
        assert first.status_code == 202 and first.content == again.content
        assert api.deliver(event(stage="Other"), id="msg-2", headers=KEY).status_code == 422

    def test_another_body_under_an_id_is_told(self, api: Client, caplog: pytest.LogCaptureFixture) -> None:
        delivery = api.deliver(event()).json()["delivery"]
        for _ in range(3):
            answer = api.deliver(event(stage="On-site"))
            assert answer.status_code == 422
            (fault,) = answer.json()["errors"]
            assert (
                fault["field"] == "webhook-id"
                and delivery in fault["fault"]
                and "new webhook-id" in fault["fix"]
            )
        assert "came again with another body" in caplog.text
        with api.kit.app.db.read() as tx:
            (fact,) = tx.facts.of(f"delivery:{delivery}")
        assert fact.what == "delivery_differed" and fact.cause == "msg-1"
        api.kit.run()
        assert stored(api.kit) == (1, 1)
        told = api.ask(f"/webhooks/deliveries/{delivery}")
        assert (told["outcome"], told["differed"]) == ("loop", 1)

    def test_the_same_body_again_is_no_news(self, api: Client) -> None:
        assert [api.deliver(event()).json()["new"] for _ in range(3)] == [True, False, False]
