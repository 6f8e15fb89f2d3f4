"""Health: what was tried, and what failed tried again from the page."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.hooks import DeliveryState, HookState
from scheduler.domain.subjects import Subject
from scheduler.services.asking import intake
from scheduler.services.telling import hooks
from tests.scheduler.api.client import event
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import ask
from tests.stories.test_together import want


def dead_letter(kit: Kit) -> str:
    told = event(application={**event()["data"]["application"], "recruiter": "nobody"})
    delivery, _ = intake.receive(kit.app, "msg-1", json.dumps(told).encode())
    kit.run()
    return delivery


@pytest.mark.parametrize("script", [True, False])
def test_what_failed_is_seen_and_tried_again(site: Site, kit: Kit, script: bool) -> None:
    hook = hooks.add(kit.app, "https://ats.example.com/hook", (), "api:local")
    want(kit, 1)
    kit.jobs.waiting.clear()
    delivery = dead_letter(kit)
    with kit.app.db.write() as tx:
        tx.hooks.change(hook.id, state=HookState.DISABLED, why="it answered 410: it wants no more")
        for message in tx.hooks.deliveries(hook.id, None, 10):
            tx.hooks.set_delivery(message.id, state=DeliveryState.FAILED)
        tx.calendar_faults.note(
            [CalendarFault(Subject.person("ben"), "auth_revoked", "no consent", kit.clock(), kit.clock())]
        )
    page = site.page("/health", java_script_enabled=script)
    expect(page.get_by_text("serves", exact=True)).to_be_visible()
    expect(page.get_by_text("Rules of release 20")).to_be_visible()
    expect(page.get_by_role("link", name="Ben Berg")).to_have_attribute("href", "/people/ben")
    if script:
        assert in_both_schemes(page) == []
    kit.jobs.waiting.clear()
    page.locator(f"#row-{delivery}").get_by_role("button", name="Work on it again").click()
    expect(page.get_by_text("It is worked on once more.")).to_be_visible()
    assert [name for name, _, _ in kit.jobs.waiting] == ["intake"]
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("It is told of what happens again")).to_be_visible()
    page.get_by_role("button", name="Send again what failed").click()
    expect(page.get_by_text("What failed is sent again.")).to_be_visible()
    with kit.app.db.read() as tx:
        assert [h.state for h in tx.hooks.list()] == [HookState.ACTIVE]
        assert not tx.hooks.deliveries(hook.id, DeliveryState.FAILED, 10)


def test_what_cannot_be_tried_again_is_one_line(kit: Kit) -> None:
    site = Plain(kit)
    delivery = dead_letter(kit)
    assert site.form("/health/again", {"id": delivery}).status_code == 303
    twice = site.form("/health/again", {"id": delivery})
    assert twice.status_code == 409 and "is not worked on yet" in twice.text
    for path in ("again", "enable", "send-again"):
        assert site.form(f"/health/{path}", {"id": "none"}).status_code == 404
        assert site.form(f"/health/{path}", {}).status_code == 422


def test_a_database_of_another_schema_is_told_with_the_way_out(kit: Kit) -> None:
    ask(kit)
    site = Plain(kit)
    site.get("/health")
    site.app.state.checks.probes[1].last = (1e18, type("C", (), {  # type: ignore[attr-defined]
        "name": "database", "ok": False, "text": "the database has another schema", "fix": "run `loopwright migrate`",
        "figures": {},
    })())  # fmt: skip
    text = site.get("/health").text
    assert "does not serve as it should" in text and "run `loopwright migrate`" in text
