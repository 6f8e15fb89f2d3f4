"""Why there is no plan, and the ways out: applied for a reason, asked for, answered."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from scheduler.domain.fixes.fix import FixState, How
from scheduler.domain.loops import BookMode, LoopState
from scheduler.services.asking import fixing
from tests.scheduler.kit import Kit
from tests.scheduler.services.asking.test_fixing import FAR, away, fixes
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import DAYS, ask, look


@pytest.mark.parametrize("script", [True, False])
def test_a_fix_is_applied_for_a_reason_and_leads_to_its_plan(site: Site, kit: Kit, script: bool) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    page = site.page(f"/loops/{loop.id}/why", java_script_enabled=script)
    expect(page.get_by_text(loop.reasons[0].text)).to_be_visible()
    way = page.locator(".way").filter(has_text=loop.fixes[0])
    if script:
        assert in_both_schemes(page) == []
    way.get_by_label("Note for colleagues").fill("She is abroad until then.")
    way.get_by_role("button", name="Allow it this once").click()
    expect(page.locator(".way .fault")).to_contain_text("a rule is overridden for a reason")
    expect(way.get_by_label("Note for colleagues")).to_have_value("She is abroad until then.")
    site.expected("422")
    way.get_by_label("Why", exact=True).select_option("agreed")
    way.get_by_role("button", name="Allow it this once").click()
    expect(page.get_by_text("Allowed this once: the loop is planned anew.")).to_be_visible()
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED


@pytest.mark.parametrize("script", [True, False])
def test_people_are_asked_and_their_answer_is_noted(site: Site, kit: Kit, script: bool) -> None:
    away(kit, "hana", 11, 12)
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS)
    fix = next(f for f in fixes(kit, loop) if f.how is How.ASK_PEOPLE)
    page = site.page(f"/loops/{loop.id}/why", java_script_enabled=script)
    way = page.locator(f"#{fix.id}")
    expect(way).to_contain_text("Hana Maier")
    way.get_by_role("button", name="Ask them").click()
    expect(page.get_by_text("Asked by mail.")).to_be_visible()
    way.get_by_role("button", name="They said no").click()
    expect(way.get_by_text("they said no", exact=True)).to_be_visible()
    assert {f.id: f.state for f in fixes(kit, loop)}[fix.id] is FixState.REFUSED


def test_who_was_slower_is_told_and_nothing_is_done(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE, FAR), Plain(kit)
    fix = next(f for f in fixes(kit, loop) if f.how is How.APPLY)
    path = f"/loops/{loop.id}/why"
    fields = {"version": site.version(path), "fix": fix.id, "reason": "agreed", "note": "mine"}
    with kit.app.db.write() as tx:
        fixing.carry_out_in(kit.app, tx, loop.id, fix.id, "person:hana", "agreed", "hers")
    answer = site.form(f"{path}/{fix.id}", fields)
    assert answer.status_code == 409 and "something has happened since you looked" in answer.text
    with kit.app.db.read() as tx:
        assert [e.note for e in tx.exemptions.of_loop(loop.id)] == ["hers"]


def test_what_cannot_be_done_is_told(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE, FAR), Plain(kit)
    path = f"/loops/{loop.id}/why"
    assert site.form(f"{path}/fx_none", {"version": site.version(path)}).status_code == 404
    fix = next(f for f in fixes(kit, loop) if f.how is How.APPLY)
    for fields, status in (({"answer": "maybe"}, 422), ({"answer": "yes"}, 409), ({"reason": "none"}, 422)):
        answer = site.form(f"{path}/{fix.id}", {"fix": fix.id, "version": site.version(path), **fields})
        assert answer.status_code == status, answer.text
    planned = ask(kit, "short", BookMode.PROPOSE, stage_visit="two")
    assert "There are plans to choose from" in site.get(f"/loops/{planned.id}/why").text
