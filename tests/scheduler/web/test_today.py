"""Today, as a recruiter meets it in the morning: what needs a person, who is interviewed, how many loops stand where."""

from __future__ import annotations

from playwright.sync_api import expect

from connectors.types import Reply
from scheduler.domain.loops import BookMode
from tests.scheduler.kit import Kit
from tests.scheduler.web.site import Site
from tests.stories.kit import ask, booked, replied

LATE_EVENING = (("2026-03-11T22:00", "2026-03-11T23:00"),)


def test_the_morning_of_a_recruiter(site: Site, kit: Kit) -> None:
    loop = ask(kit)
    ask(kit, "short", windows=LATE_EVENING, stage_visit="two")
    kit.clock.forward(days=2)
    page = site.page()
    expect(page.get_by_role("heading", name="Today Wednesday, 11 March", exact=True)).to_be_visible()
    waiting = page.get_by_role("region", name="Needs a person 1")
    expect(waiting.get_by_role("listitem")).to_have_count(1)
    expect(waiting).to_contain_text("No plan")
    today = page.get_by_role("region", name="Interviews today")
    expect(today.get_by_role("link", name="Mara Lind").first).to_be_visible()
    interview = sorted(booked(kit, loop.id).values(), key=lambda i: i.span)[0]
    expect(today.locator(f"#row-{interview.id}".replace(":", "-"))).to_contain_text("no answer yet")
    replied(kit, interview, interview.seats[0].person, Reply.ACCEPTED)
    expect(today.locator(f"#row-{interview.id}".replace(":", "-"))).to_contain_text("accepted")
    page.get_by_role("link", name="1 Booked").click()
    expect(page.get_by_role("heading", name="Loops 1 loop")).to_be_visible()


def test_what_needs_nobody_any_more_goes_by_itself(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", windows=LATE_EVENING)
    page = site.page()
    expect(page.locator(f"#row-{loop.id}")).to_be_visible()
    page.locator(f"#row-{loop.id} a").first.click()
    page.get_by_text("Cancel the loop …").click()
    page.get_by_role("button", name="Cancel the loop").click()
    expect(page.get_by_text("Cancelled: all times are free")).to_be_visible()
    page.goto("/today")
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


def test_mine_are_mine(site: Site, kit: Kit) -> None:
    ask(kit, "short", BookMode.PROPOSE, windows=LATE_EVENING)
    page = site.page("/you")
    page.get_by_label("Who you are").fill("hana")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.")).to_be_visible()
    page.goto("/today")
    expect(page.get_by_role("region", name="Needs a person 1")).to_be_visible()
    page.get_by_role("link", name="Mine", exact=True).click()
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


def test_the_morning_without_a_script(site: Site, kit: Kit) -> None:
    ask(kit, "short", windows=LATE_EVENING)
    page = site.page(java_script_enabled=False, locale="de-DE")
    page.get_by_role("link", name="Mara Lind").click()
    assert page.url.split("/loops/")[1].startswith("lp_")
