"""What needs a person and belongs to no loop's plan: mails, webhooks either way, jobs. Each goes with its cause."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import Forbidden
from connectors.mail import Message
from scheduler.domain.attention.matters import Do, Kind, Matter
from scheduler.domain.hooks import HookState
from scheduler.domain.loops import BookMode
from scheduler.services import staff
from scheduler.services.asking import intake
from scheduler.services.telling import hooks, resend
from scheduler.workers.tasks import failed
from tests.scheduler.api.client import event
from tests.scheduler.kit import Kit, make
from tests.scheduler.services.attention.kit import EVERY, only, shown
from tests.stories.kit import ask


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


class Closed:
    """A mail server that lets nobody in."""

    def send(self, message: Message) -> None:
        raise Forbidden("the mail server refused us")


def _matter(kit: Kit, kind: Kind) -> Matter:
    return only([one for one in shown(kit) if one.kept.matter.kind is kind]).kept.matter


def test_a_mail_that_could_not_be_sent_is_told_until_it_is(kit: Kit) -> None:
    closed = replace(kit, app=replace(kit.app, messenger=Closed()))
    loop = ask(closed, "short", BookMode.BOOK)
    one = only(shown(kit))
    assert (one.kept.matter.kind, one.kept.matter.loop, one.kept.owner) == (Kind.MAIL, loop.id, "rolf")
    assert "3 mails could not be sent: the mail server refused us" in one.kept.matter.text
    assert one.kept.matter.due is not None
    assert one.ways[0].do is Do.SEND_AGAIN
    with kit.app.db.write() as tx:
        ours = tx.loops.claim(loop.id)
        assert ours is not None and {r.kind for r in ours.reasons} == {"write_failed"}
        assert resend.resend_in(kit.app, tx, ours, "person:rolf").reasons == ()
    kit.run()
    assert shown(kit, EVERY) == []
    assert len(list((kit.folder.parent / "outbox").iterdir())) == 3


def test_a_webhook_that_is_disabled_is_told_until_it_is_enabled(kit: Kit) -> None:
    hook = hooks.add(kit.app, "https://ats.example.com/hook", (), "api:local")
    with kit.app.db.write() as tx:
        tx.hooks.change(hook.id, state=HookState.DISABLED, why="it answered 410: it wants no more")
    matter = only(shown(kit)).kept.matter
    assert (matter.kind, matter.owner, matter.due) == (Kind.HOOK, "", None)
    assert matter.text.endswith("sent nothing any more: it answered 410: it wants no more")
    hooks.enable(kit.app, hook.id, "api:local")
    assert shown(kit, EVERY) == []


def test_a_message_of_the_hiring_system_is_worked_on_again(kit: Kit) -> None:
    told = event(application={**event()["data"]["application"], "recruiter": "nobody"})
    delivery, _ = intake.receive(kit.app, "msg-1", json.dumps(told).encode())
    kit.run()
    one = only(shown(kit))
    assert one.kept.matter.id == f"webhook_dead_letter:{delivery}"
    assert "application.recruiter: no person 'nobody'" in one.kept.matter.text
    with kit.app.db.write() as tx:
        intake.again_in(kit.app, tx, delivery, "person:rolf")
    assert shown(kit, EVERY) == []
    kit.run()
    assert only(shown(kit)).kept.matter.id == one.kept.matter.id, "its cause goes on"
    with kit.app.db.write() as tx:
        rolf = tx.people.get("rolf")
        assert rolf is not None
        account = replace(rolf.account, address="nobody@testwerk.example")
        tx.people.put(replace(rolf, id="nobody", email="nobody@testwerk.example", account=account))
        intake.again_in(kit.app, tx, delivery, "person:rolf")
    kit.run()
    assert shown(kit, EVERY) == []


def test_a_job_that_does_not_come_back_is_told_while_it_does_not(kit: Kit) -> None:
    staff.beat(kit.app, "loop-0~1", ["plan lp_1"])
    matter = only(shown(kit)).kept.matter
    assert matter.kind is Kind.HANGING
    assert "the job plan lp_1 does not come back in the worker loop-0~1" in matter.text
    kit.clock.forward(seconds=5)
    staff.beat(kit.app, "loop-0~1", ["plan lp_1"])
    assert only(shown(kit)).kept.matter.cause == matter.cause, "the same case"
    kit.clock.forward(seconds=13)
    assert shown(kit, EVERY) == []


def test_a_job_that_was_given_up_is_told_for_a_day(kit: Kit) -> None:
    failed(kit.app, "push", {}, "RuntimeError: no")
    kit.clock.forward(hours=1)
    failed(kit.app, "push", {}, "RuntimeError: no")
    matter = _matter(kit, Kind.FAILED)
    assert (matter.subject, matter.since) == ("job:push", kit.clock())
    kit.clock.now += timedelta(hours=24, seconds=1)
    assert shown(kit, EVERY) == []


def test_a_job_that_is_given_up_for_a_loop_is_the_loops_matter(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        ours = tx.loops.claim(loop.id)
        assert ours is not None
    failed(kit.app, "plan", {"loop": loop.id}, "RuntimeError: no")
    assert [one.kept.matter.kind for one in shown(kit)] == [Kind.LOOP]
