"""A candidate chooses in a real browser: with and without scripts, twice, too late, by the back button."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from connectors.local.folder import Entry, add_entries
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.proposals import ProposalState
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.site import Site, in_both_schemes, serving
from tests.stories.kit import ask, look

PHONE = {"width": 320, "height": 700}


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found


def offered(kit: Kit) -> tuple[Loop, str]:
    days = tuple((f"2026-03-{day}T09:00", f"2026-03-{day}T17:00") for day in (10, 11, 12, 13))
    loop = ask(kit, "short", BookMode.PROPOSE, days)
    return loop, door(kit, Purpose.CHOOSE, loop=loop.id)


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("script", [True, False])
def test_one_click_books_everything(site: Site, kit: Kit, script: bool) -> None:
    loop, path = offered(kit)
    page = site.stranger(java_script_enabled=script, viewport=PHONE).new_page()
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your interview times")
    assert page.locator("article.option").count() >= 3
    if script:
        assert fits(page) and in_both_schemes(page) == []
    page.get_by_role("button", name="Choose this").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your interviews are being booked")
    kit.run()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your interviews")
    expect(page.get_by_text("Panel", exact=True)).to_be_visible()
    assert "ebrief" not in page.content()
    if script:
        assert fits(page) and in_both_schemes(page) == []
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_two_windows_and_the_back_button(site: Site, kit: Kit) -> None:
    loop, path = offered(kit)
    context = site.stranger()
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(path)
    first.get_by_role("button", name="Choose this").first.click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Your interviews are being booked")
    taken = look(kit, loop.id).chosen
    second.get_by_role("button", name="Choose this").nth(1).click()
    expect(second.get_by_role("alert")).to_contain_text("Something has changed")
    site.expected("status of 409")
    first.go_back()
    expect(first.get_by_role("heading", level=1)).to_have_text("Your interviews are being booked")
    assert look(kit, loop.id).chosen == taken


def test_what_is_gone_is_replaced_on_the_page(site: Site, kit: Kit) -> None:
    loop, path = offered(kit)
    page = site.stranger(locale="de-DE").new_page()
    page.goto(path)
    with kit.app.db.read() as tx:
        plans = {p.id: p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED}
    first = plans[page.locator("article.option input[name=plan]").first.input_value()]
    taken = first.interviews[0]
    address = f"{taken.people[0][0]}@testwerk.example"
    add_entries(kit.folder, address, [Entry("Dentist", taken.span.start, taken.span.end)])
    kit.clock.forward(minutes=10)
    page.get_by_role("button", name="Diesen Vorschlag wählen").first.click()
    expect(page.get_by_role("alert")).to_contain_text("nicht mehr frei")
    expect(page.locator("article.option").first).to_contain_text("das nächste, das noch frei ist")
    site.expected("status of 409")
    assert in_both_schemes(page) == []
    page.get_by_role("button", name="Diesen Vorschlag wählen").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Gespräche werden gebucht")


@pytest.mark.parametrize("script", [True, False])
def test_none_fits_and_other_times_are_given(site: Site, kit: Kit, script: bool) -> None:
    _, path = offered(kit)
    page = site.stranger(java_script_enabled=script, viewport=PHONE).new_page()
    page.goto(path)
    page.get_by_role("link", name="None of these fits").click()
    expect(page.get_by_text("at least 1 h 30 min")).to_be_visible()
    expect(page.get_by_text("is 08:00–16:00 for you")).to_be_visible()
    for day in ("Tuesday, 10 March", "Wednesday, 11 March", "Thursday, 12 March", "Friday, 13 March"):
        row = page.get_by_role("group", name=day)
        expect(row.get_by_label("from")).to_have_value("08:00")  # what was offered, on the candidate's clock
        row.get_by_label("from").select_option("10:00")
        row.get_by_label("until").select_option("11:00")
    page.get_by_role("button", name="Send these times").click()
    expect(page.locator("#fault-days")).to_have_text(
        "Your longest day holds 1 h; 1 h 30 min are needed on one day."
    )
    site.expected("status of 422") if script else site.said.clear()
    expect(page.get_by_role("group", name="Friday, 13 March").get_by_label("from")).to_have_value("10:00")
    if script:
        assert fits(page) and in_both_schemes(page) == []
    page.get_by_role("group", name="Friday, 13 March").get_by_label("until").select_option("14:00")
    page.get_by_role("button", name="Send these times").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We are looking for times")
    kit.run()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your interview times")
    expect(page.locator("article.option").first).to_contain_text("Friday, 13 March")


def test_another_zone_is_kept_over_a_form(site: Site, kit: Kit) -> None:
    _, path = offered(kit)
    page = site.stranger(java_script_enabled=False).new_page()
    page.goto(path)
    page.get_by_text("Are you in another time zone?").click()
    page.get_by_label("Show the times in").select_option("Asia/Kolkata")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".zone-guest")).to_contain_text("Your own clock is India Time (Kolkata)")
    page.get_by_role("button", name="Choose this").first.click()
    expect(page).to_have_url(re.compile(r"\?zone=Asia/Kolkata$"))


def test_an_address_that_opens_nothing(site: Site) -> None:
    page = site.stranger(viewport=PHONE).new_page()
    page.goto("/candidate/" + "A" * 22)
    expect(page.get_by_role("heading", level=1)).to_have_text("This address opens nothing")
    assert in_both_schemes(page) == [] and fits(page)
    site.expected("status of 404")
