"""I cannot make it, in a real browser: other times are shown, one is taken, or the company is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import BookMode, LoopState
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes, serving
from tests.stories.kit import ask, booked, look

PHONE = {"width": 320, "height": 700}
ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found


@pytest.mark.parametrize("script", [True, False])
def test_one_interview_is_moved(site: Site, kit: Kit, script: bool) -> None:
    loop = ask(kit, "short", BookMode.BOOK, ONE_DAY)
    before = booked(kit, loop.id)
    page = site.stranger(java_script_enabled=script, viewport=PHONE).new_page()
    page.goto(door(kit, Purpose.FOLLOW, loop=loop.id))
    page.get_by_role("link", name="I cannot make it (Panel)").click()
    page.get_by_role("button", name="Show other times").click()
    expect(page.get_by_role("radio").first).to_be_visible()
    if script:
        assert in_both_schemes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("radio").nth(1).check()
    page.get_by_label("Why, if you like").fill("dentist")
    page.get_by_role("button", name="Move it", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Moved")
    kit.run()
    now = booked(kit, loop.id)
    assert now["panel"].span != before["panel"].span and now["talk"].span == before["talk"].span


def test_the_company_is_asked_and_what_stands_stays(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.BOOK, (("2026-03-11T09:00", "2026-03-11T10:30"),))
    page = site.stranger(locale="de-DE").new_page()
    page.goto(door(kit, Purpose.FOLLOW, loop=loop.id))
    page.get_by_role("link", name="Ich kann nicht (Panel)").click()
    page.get_by_role("button", name="Andere Zeiten zeigen").click()
    expect(page.get_by_text("sind alle, die Sie treffen sollen, beschäftigt")).to_be_visible()
    page.get_by_label("Warum, und wann").fill("Prüfung; Donnerstag ginge")
    page.get_by_role("button", name="Um eine andere Zeit bitten").click()
    expect(page.get_by_role("status")).to_contain_text("schreiben Ihnen")
    assert in_both_schemes(page) == []
    now = look(kit, loop.id)
    assert now.state is LoopState.NEEDS_ATTENTION and "Donnerstag ginge" in now.reasons[0].text
    assert "Panel" in page.content()


def test_too_late_nobodys_and_nonsense(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.BOOK, ONE_DAY)
    guest, path = Plain(kit, signed_in=False), door(kit, Purpose.FOLLOW, loop=loop.id)
    for spec in ("debrief", "no", ""):
        assert guest.get(f"{path}/cannot?interview={spec}").status_code == 303
        assert guest.form(f"{path}/cannot/ask", {"interview": spec}).status_code == 303
    for to in ("tomorrow", "2026-03-11T10:00", "9999-12-31T23:59:59-23:59"):
        assert guest.form(f"{path}/cannot/move", {"interview": "panel", "to": to}).status_code in (303, 409)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    kit.clock.now = booked(kit, loop.id)["talk"].span.start - timedelta(hours=2)
    text = guest.get(f"{path}/cannot?interview=panel").text
    assert "please write or call" in text and "rolf@testwerk.example" in text and "<button" not in text


def test_what_they_need_is_chosen_on_a_phone_in_german(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    page = site.stranger(locale="de-DE", viewport=PHONE, java_script_enabled=True).new_page()
    page.goto(door(kit, Purpose.CHOOSE, loop=loop.id))
    page.get_by_role("link", name="Was ich brauche").click()
    expect(page.get_by_label("Mehr Zeit in jedem Gespräch")).to_be_visible()
    assert in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Mehr Zeit in jedem Gespräch").select_option("25 % mehr")
    page.get_by_label("stufenlosem Zugang").check()
    page.get_by_role("button", name="Daran halten").click()
    expect(page.get_by_role("status")).to_contain_text("Ihr Plan hält sich daran")
    page.get_by_role("link", name="Was ich brauche").click()
    expect(page.get_by_label("stufenlosem Zugang")).to_be_checked()
