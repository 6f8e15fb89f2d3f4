"""An interviewer's page on which another time is proposed, in a real browser, and by whoever sends what he likes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import LoopState
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.guests.test_interviewer import PHONE, lead
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes, serving
from tests.stories.kit import ask, booked, look

ONE_DAY = (("2026-03-11T09:00", "2026-03-11T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found


def test_another_time_is_proposed_on_a_phone(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    page = site.stranger(viewport=PHONE, locale="de-DE").new_page()
    page.goto(door(kit, Purpose.ATTEND, person=lead(kit, loop.id, "panel")))
    panel = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Panel"))
    panel.get_by_role("link", name="Andere Zeit vorschlagen").click()
    expect(page.get_by_role("heading", name="Andere Zeit vorschlagen")).to_be_visible()
    assert in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("radio").last.check()
    page.get_by_label("Etwas dazu").fill("ein Zug")
    page.get_by_role("button", name="Vorschlagen").click()
    expect(page.get_by_role("status")).to_contain_text("Vorgeschlagen")
    assert look(kit, loop.id).state is LoopState.NEEDS_ATTENTION
    panel.get_by_role("link", name="Andere Zeit vorschlagen").click()
    expect(page.get_by_text("Es gibt keine andere Zeit")).to_be_visible()


def test_a_time_that_was_not_shown_and_others_links_change_nothing(kit: Kit) -> None:
    loop = ask(kit, "short", windows=ONE_DAY)
    guest, path = Plain(kit, signed_in=False), door(kit, Purpose.ATTEND, person=lead(kit, loop.id, "panel"))
    panel = booked(kit, loop.id)["panel"].id
    for to in ("2026-03-11T03:00:00+00:00", "2026-03-11T10:00:00", "soon", ""):
        answer = guest.form(f"{path}/propose", {"interview": panel, "to": to})
        assert answer.status_code == 409 and "not free any more" in answer.text
    stranger = door(kit, Purpose.ATTEND, person="nora")
    assert guest.get(f"{stranger}/propose?interview={panel}").status_code == 404
    assert guest.get(f"/interviewer/nobody/propose?interview={panel}").status_code == 404
    assert (
        guest.form(f"{stranger}/propose", {"interview": panel, "to": "2026-03-11T13:00:00Z"}).status_code
        == 409
    )
    assert look(kit, loop.id).state is LoopState.CONFIRMED
