"""Plans side by side: what they show, what differs, and one of them booked."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.services.booking import compare
from scheduler.storage.tables import proposals
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import ask, look


def offered(kit: Kit, template: str = "onsite") -> tuple[Loop, list[str]]:
    loop = ask(kit, template, BookMode.PROPOSE)
    with kit.app.db.read() as tx:
        plans = [p.id for p in sorted(tx.proposals.of_loop(loop.id), key=lambda p: p.rank)]
    assert len(plans) > 1
    return loop, plans


@pytest.mark.parametrize("script", [True, False])
def test_plans_are_compared_and_one_is_booked(site: Site, kit: Kit, script: bool) -> None:
    loop, plans = offered(kit)
    page = site.page(f"/loops/{loop.id}/plans", java_script_enabled=script)
    expect(page.locator("article.plan")).to_have_count(len(plans))
    expect(page.get_by_role("img", name="Plan 1 on").first).to_be_visible()
    expect(page.locator("article.plan").first).to_contain_text("proven: the best there is")
    expect(page.locator("article.plan").nth(1)).to_contain_text("Otherwise than plan 1")
    if script:
        assert in_both_schemes(page) == []
    page.get_by_label("only differences").check()
    if not script:
        page.get_by_role("button", name="Show").click()
    expect(page.locator(".box.other").first).to_be_attached()
    assert page.locator("article.plan").first.locator(".box.other, .box.same").count() == 0
    page.get_by_label("Plan 1", exact=True).uncheck()
    if not script:
        page.get_by_role("button", name="Show").click()
    expect(page.locator("article.plan")).to_have_count(len(plans) - 1)
    page.get_by_role("button", name="Book this plan (Plan 2)").click()
    expect(page.get_by_text("Chosen: the times are held")).to_be_visible()
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED and look(kit, loop.id).chosen == plans[1]


def test_every_change_that_the_services_find_is_told(kit: Kit) -> None:
    loop, plans = offered(kit)
    text = Plain(kit, cookies={"console-zone": "Europe/Berlin"}).get(f"/loops/{loop.id}/plans").text
    with kit.app.db.read() as tx:
        found = [compare.compare(tx, plans[0], other) for other in plans[1:]]
    wanted = sum(1 for one in found for c in one.changes if c.interview)
    lists = text.split('<ul class="differs">')[1:]
    assert wanted > 0 and sum(part.split("</ul>")[0].count("<li>") for part in lists) == wanted


def test_the_clock_of_the_candidate_stands_beside_where_it_is_another(kit: Kit) -> None:
    loop, _ = offered(kit, "short")
    path = f"/loops/{loop.id}/plans"
    here = Plain(kit, cookies={"console-zone": "Europe/Berlin"}).get(path).text
    assert "right the candidate’s (Europe/Lisbon)" in here and "for the candidate" in here
    same = Plain(kit, cookies={"console-zone": "Europe/London"}).get(path).text
    assert "which is the candidate’s too" in same and "for the candidate" not in same


def test_a_plan_that_is_gone_and_a_loop_without_plans(kit: Kit) -> None:
    loop, _ = offered(kit, "short")
    site = Plain(kit)
    assert site.get(f"/loops/{loop.id}/plans?plan=pr_none").status_code in (400, 422)
    booked = ask(kit, stage_visit="two")
    assert "There is nothing to choose from now" in site.get(f"/loops/{booked.id}/plans").text
    assert site.get("/loops/lp_none/plans").status_code == 404


def test_a_plan_is_kept_free_and_let_go(site: Site, kit: Kit) -> None:
    loop, plans = offered(kit, "short")
    page = site.page(f"/loops/{loop.id}/plans")
    second = page.locator(f"#plan-{plans[1]}")
    second.get_by_role("button", name="Keep it free").click()
    expect(second.locator(".kept")).to_contain_text("until Wed 11 Mar, 08:00: others plan around it")
    with kit.app.db.read() as tx:
        until = {p.id: p.kept_until for p in tx.proposals.of_loop(loop.id)}
    assert until[plans[1]] is not None and until[plans[0]] is None
    page.get_by_role("button", name="Let it go").click()
    expect(page.locator(".kept")).to_have_count(0)
    late = Plain(kit).form(f"/loops/{loop.id}/plans/keep", {"plan": "pr_none"})
    assert late.status_code == 404
    with kit.app.db.write() as tx:
        tx.proposals.make_stale(loop.id)
    gone = Plain(kit).form(f"/loops/{loop.id}/plans/keep", {"plan": plans[0]})
    assert gone.status_code == 409 and "choose one that is on offer" in gone.text


def test_three_plans_stand_beside_each_other_and_who_is_left_out_is_no_obstacle(kit: Kit, site: Site) -> None:
    loop, plans = offered(kit)
    with kit.app.db.write() as tx:
        known = tx.proposals.get(plans[0])
        assert known is not None
        seated = [p for i in known.interviews for seat in i.people for p in seat]
        apart = next(p for p in kit.company.people if p.id not in seated)
        unread = [apart.id, seated[0]]
        tx.connection.execute(sa.update(proposals).where(proposals.c.id == plans[0]).values(unknown=unread))
    page = site.page(f"/loops/{loop.id}/plans", viewport={"width": 1300, "height": 900})
    boxes = [one.bounding_box() for one in page.locator("article.plan").all()[:3]]
    assert all(box and box["x"] + box["width"] <= 1300 for box in boxes)
    assert len({box["y"] for box in boxes if box}) == 1
    first = page.locator(f"#plan-{plans[0]}")
    expect(first.locator(".aside")).to_contain_text(f"since the calendar cannot be read: {apart.name}")
    expect(first.locator(".reason")).to_contain_text("Has a place, though the calendar cannot be read")
