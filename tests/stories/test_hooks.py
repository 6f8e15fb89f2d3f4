"""A program is told by webhook of what happens: real requests on this machine, judged by the library of the scheme."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from connectors.types import Reply
from scheduler.domain.fixes.fix import How
from scheduler.domain.hooks import RETRIES, DeliveryState, Hook, HookDelivery, HookState
from scheduler.domain.loops import Candidate
from scheduler.services import meters
from scheduler.services.asking import fixing
from scheduler.services.booking import cancel
from scheduler.services.changing import applying
from scheduler.services.changing import trying as changing
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Move
from scheduler.services.telling import hooks
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, booked, replied

OTHER = Candidate("Nils Berg", "nils@example.org", "Europe/Lisbon")
Message = tuple[dict[str, str], bytes]


@dataclass
class Receiver:
    """A program that is told. ``answers`` are the next statuses, then 204."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def taken(self, secret: str) -> list[Any]:
        """What came, as the library reads it; it raises where a signature is not good."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.messages]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            there.messages.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(there.answers.pop(0) if there.answers else 204)
            for name, value in there.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    there.url = f"http://127.0.0.1:{server.server_port}/hook?for=us"
    yield there
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """The library looks at the time stamp: the kit's clock is the machine's, less what it is behind."""
    return make(tmp_path)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, kit: Kit) -> None:
    """The library's clock is the kit's."""

    class Clock:
        @staticmethod
        def now(tz: Any = None) -> Any:
            return kit.clock().astimezone(tz)

        fromtimestamp = staticmethod(__import__("datetime").datetime.fromtimestamp)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)


def _deliveries(kit: Kit, hook: Hook) -> list[HookDelivery]:
    with kit.app.db.read() as tx:
        return list(tx.hooks.deliveries(hook.id, None, 100))


def _state(kit: Kit, hook: Hook) -> Hook:
    with kit.app.db.read() as tx:
        found = tx.hooks.get(hook.id)
    assert found is not None
    return found


def test_a_loop_is_followed_from_the_request_to_a_decline(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, (), "api:local")
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, talk.seats[0].person, Reply.DECLINED)
    told = receiver.taken(hook.secret)
    types = [message["type"] for message in told]
    for wanted in (
        "loop.requested",
        "loop.moved",
        "proposal.offered",
        "proposal.chosen",
        "booking.confirmed",
        "seat.declined",
        "seat.replaced",
    ):
        assert wanted in types, types
    declined = told[types.index("seat.declined")]
    assert declined["data"]["loop"] == loop.id
    assert (declined["data"]["interview"], declined["data"]["person"]) == (talk.id, talk.seats[0].person)
    assert {d.state for d in _deliveries(kit, hook)} == {DeliveryState.DONE}
    ids = [headers["webhook-id"] for headers, _ in receiver.messages]
    assert len(set(ids)) == len(ids) == len(types)


def test_no_message_holds_a_name_or_an_address(kit: Kit, receiver: Receiver) -> None:
    hooks.add(kit.app, receiver.url, (), "api:local")
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    replied(kit, talk, talk.seats[0].person, Reply.DECLINED)
    cancel.cancel(kit.app, loop.id, "person:rolf", "A word to the candidate")
    kit.run()
    everything = b"\n".join(body for _, body in receiver.messages).decode()
    names = [word for p in kit.company.people for word in (p.name, p.email)]
    for secret in (*names, "Mara", "Lind", "mara@example.org", "A word", "Backend Engineer"):
        assert secret not in everything
    assert receiver.messages


def test_what_people_change_by_hand_and_let_a_loop_off_is_told(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, ("interview.*", "loop.override_given", "fix.*"), "api:local")
    far = ask(kit, "short", windows=(("2026-04-13T09:00", "2026-04-13T17:00"),))
    with kit.app.db.write() as tx:
        fix = next(f for f in fixing.of_loop(tx, far.id) if f.how is How.APPLY)
        fixing.carry_out_in(kit.app, tx, far.id, fix.id, "person:rolf", "agreed", "Mara called me")
    loop = ask(kit, "short", application=replace(MARA, id="app-2", candidate=OTHER))
    talk = booked(kit, loop.id)["talk"]
    changes = Asked((Move("talk", (talk.span.start + timedelta(hours=1)).isoformat()),))
    found = changing.look(kit.app, loop.id, changes)
    assert found.verdict == "allowed", found.refused
    why = Why("candidate_asked", "agreed" if found.overrides else None, "Mara called me")
    applying.apply(kit.app, loop.id, changes, found.version, why, "person:rolf")
    kit.run()
    told = receiver.taken(hook.secret)
    (applied,) = [m["data"] for m in told if m["type"] == "fix.applied"]
    assert (applied["loop"], applied["fix"]) == (far.id, fix.id)
    moved = next(m["data"] for m in told if m["type"] == "interview.changed_by_hand")
    start = booked(kit, loop.id)["talk"].span.start.isoformat()
    assert (moved["loop"], moved["interview"], moved["what"], moved["after"]) == (
        loop.id,
        talk.id,
        "time",
        start,
    )
    assert b"Mara" not in b"".join(body for _, body in receiver.messages)


def test_only_what_is_wanted_is_sent(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, ("booking.*", "proposal.offered"), "api:local")
    ask(kit, "short")
    types = {message["type"] for message in receiver.taken(hook.secret)}
    assert types == {"proposal.offered", "booking.confirmed"}


def test_a_change_that_is_not_kept_is_not_told(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, ("loop.*",), "api:local")
    loop = ask(kit, "short")
    before = len(_deliveries(kit, hook))
    with pytest.raises(ZeroDivisionError), kit.app.db.write() as tx:
        tx.loops.assign(loop.id, "hana", "person:rolf", kit.clock())
        tx.facts.flush()
        raise ZeroDivisionError
    kit.run()
    assert len(_deliveries(kit, hook)) == before


def test_another_secret_verifies_nothing(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, (), "api:local")
    other = hooks.add(kit.app, receiver.url, ("seat.accepted",), "api:local")
    ask(kit, "short")
    assert receiver.taken(hook.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.taken(other.secret)


def test_both_secrets_sign_until_the_old_one_ends(kit: Kit, receiver: Receiver) -> None:
    old = hooks.add(kit.app, receiver.url, ("loop.requested",), "api:local")
    new = hooks.rotate(kit.app, old.id, "api:local", timedelta(hours=1))
    ask(kit, "short", windows=())
    assert receiver.taken(old.secret) == receiver.taken(new.secret) != []
    (headers, _), *_ = receiver.messages
    assert len(headers["webhook-signature"].split(" ")) == 2
    receiver.messages.clear()
    kit.clock.forward(minutes=61)
    ask(kit, "short", windows=(), stage_visit="another")
    assert receiver.taken(new.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.taken(old.secret)
    hooks.sweep(kit.app)
    assert _state(kit, old).old_secret == ""


def test_a_secret_that_is_changed_twice_leaves_one_before_it(kit: Kit, receiver: Receiver) -> None:
    first = hooks.add(kit.app, receiver.url, ("loop.requested",), "api:local")
    second = hooks.rotate(kit.app, first.id, "api:local", timedelta(hours=1))
    third = hooks.rotate(kit.app, first.id, "api:local", timedelta(hours=1))
    ask(kit, "short", windows=())
    assert receiver.taken(second.secret) == receiver.taken(third.secret) != []
    with pytest.raises(WebhookVerificationError):
        receiver.taken(first.secret)


def _one(kit: Kit, receiver: Receiver) -> Hook:
    hook = hooks.add(kit.app, receiver.url, ("loop.requested",), "api:local")
    ask(kit, "short", windows=())
    return hook


def test_a_failure_is_tried_again_as_the_specification_says(kit: Kit, receiver: Receiver) -> None:
    receiver.answers = [500, 302, 404]
    receiver.headers = {"location": "http://127.0.0.1:9/"}
    hook = _one(kit, receiver)
    waits = [5, 300, 1800]
    for tries, (wait, status) in enumerate(zip(waits, (500, 302, 404), strict=True), 1):
        (message,) = _deliveries(kit, hook)
        assert (message.attempts, message.status, message.state) == (tries, status, DeliveryState.TODO)
        assert _state(kit, hook).failing_since is not None
        ahead = (message.due_at - kit.clock()).total_seconds()
        assert wait <= ahead <= wait * 1.1
        kit.clock.forward(seconds=ahead - 1)
        assert hooks.deliver(kit.app, hook.id) is not None
        assert len(receiver.messages) == tries, "not before its time"
        kit.clock.forward(seconds=2)
        hooks.deliver(kit.app, hook.id)
    (message,) = _deliveries(kit, hook)
    assert (message.attempts, message.state, message.status) == (4, DeliveryState.DONE, 204)
    assert _state(kit, hook).failing_since is None
    assert len({headers["webhook-id"] for headers, _ in receiver.messages}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.messages}) == 4


def test_a_wish_to_wait_is_heeded(kit: Kit, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [429], {"retry-after": "900"}
    hook = _one(kit, receiver)
    (message,) = _deliveries(kit, hook)
    assert message.due_at - kit.clock() >= timedelta(seconds=900)


def test_gone_ends_it_at_once(kit: Kit, receiver: Receiver) -> None:
    receiver.answers = [410]
    hook = _one(kit, receiver)
    ask(kit, "short", windows=(), stage_visit="b")
    assert len(receiver.messages) == 1
    found = _state(kit, hook)
    assert found.state is HookState.DISABLED
    assert "410" in found.why
    with kit.app.db.read() as tx:
        (fact,) = tx.facts.of(f"hook:{hook.id}")[1:]
    assert (fact.what, fact.after) == ("hook_disabled", "disabled")
    hooks.enable(kit.app, hook.id, "api:local")
    kit.clock.forward(seconds=6)
    kit.run()
    assert {d.state for d in _deliveries(kit, hook)} == {DeliveryState.DONE}


def test_after_days_of_failing_nothing_more_is_sent_and_that_is_told(kit: Kit, receiver: Receiver) -> None:
    receiver.answers = [503] * 100
    hook = _one(kit, receiver)
    before = _counted("taken"), _counted("retry"), _counted("given_up")
    for _ in range(len(RETRIES) - 1):
        (message,) = _deliveries(kit, hook)
        kit.clock.now = message.due_at
        hooks.deliver(kit.app, hook.id)
        assert _state(kit, hook).state is HookState.ACTIVE
    (message,) = _deliveries(kit, hook)
    kit.clock.now = message.due_at
    assert hooks.deliver(kit.app, hook.id) is None
    (message,) = _deliveries(kit, hook)
    assert (message.state, message.attempts) == (DeliveryState.FAILED, len(RETRIES) + 1)
    found = [_counted(o) - was for o, was in zip(("taken", "retry", "given_up"), before, strict=True)]
    assert found == [0, len(RETRIES) - 1, 1], "the first try was made before"
    assert "it has taken nothing since 2026-03-09" in _state(kit, hook).why
    receiver.answers = []
    hooks.enable(kit.app, hook.id, "api:local")
    assert hooks.replay_all(kit.app, hook.id, DeliveryState.FAILED, 0) == 1
    kit.run()
    assert _deliveries(kit, hook)[0].state is DeliveryState.DONE
    hooks.replay(kit.app, hook.id, message.id)
    kit.run()
    assert receiver.messages[-1][0]["webhook-id"] == message.id


def test_a_job_that_was_lost_is_made_up_for(kit: Kit, receiver: Receiver) -> None:
    hook = hooks.add(kit.app, receiver.url, ("loop.requested",), "api:local")
    ask(kit, "short", windows=())
    receiver.messages.clear()
    with kit.app.db.write() as tx:
        tx.hooks.again(hook.id, DeliveryState.DONE, 0, kit.clock())
    hooks.sweep(kit.app)
    kit.run()
    assert receiver.messages == [], "its job may just be about to run"
    kit.clock.forward(minutes=2)
    hooks.sweep(kit.app)
    kit.run()
    assert len(receiver.messages) == 1
    kit.clock.forward(days=31)
    hooks.sweep(kit.app)
    assert _deliveries(kit, hook) == []


def test_who_is_not_there_holds_nobody_up(kit: Kit, receiver: Receiver) -> None:
    gone = hooks.add(kit.app, "http://127.0.0.1:9/x", ("loop.requested",), "api:local")
    hook = _one(kit, receiver)
    assert [d.state for d in _deliveries(kit, hook)] == [DeliveryState.DONE]
    (message,) = _deliveries(kit, gone)
    assert (message.status, message.state) == (0, DeliveryState.TODO)
    assert "no answer" in message.error
    assert json.loads(message.body)["type"] == "loop.requested"


def _counted(outcome: str) -> float:
    return (
        meters.REGISTRY.get_sample_value(
            "loopwright_webhooks_total", {"direction": "sent", "outcome": outcome}
        )
        or 0.0
    )
