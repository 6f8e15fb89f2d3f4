"""An interviewer's own hours on their page: on a phone, without scripts, with faults beside the fields."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scheduler.domain.guests.links import Purpose
from scheduler.domain.people import Person
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.guests.test_interviewer import PHONE
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes, serving


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found


def anna(kit: Kit) -> Person:
    with kit.app.db.read() as tx:
        found = tx.people.get("anna")
    assert found is not None
    return found


def test_pauses_and_wishes_are_kept_on_a_phone(site: Site, kit: Kit) -> None:
    page = site.stranger(viewport=PHONE, locale="de-DE").new_page()
    page.goto(door(kit, Purpose.ATTEND, person="anna"))
    page.get_by_role("link", name="Meine Zeiten").click()
    expect(page.get_by_role("heading", name="Meine Zeiten")).to_be_visible()
    page.get_by_label("Pausen").fill("2026-07-01/2026-07-32")
    page.get_by_label("ein Mittagessen im Team").check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_label("Pausen")).to_have_attribute("aria-invalid", "true")
    site.expected("status of 422")
    assert in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_label("ein Mittagessen im Team")).to_be_checked()
    page.get_by_label("Pausen").fill("2026-07-01/2026-07-14")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Gemerkt")
    assert anna(kit).pauses == {"2026-07-01/2026-07-14"} and anna(kit).rather_not == {"lunch"}


def test_what_is_not_theirs_to_change_is_shown_and_not_taken(kit: Kit) -> None:
    guest, path = Plain(kit, signed_in=False), f"{door(kit, Purpose.ATTEND, person='anna')}/hours"
    shown = guest.get(path).text
    assert "Set by the company" in shown and 'name="max_day"' not in shown
    guest.form(path, {"max_day": "1", "pauses": "2026-04-01", "seen": '{"max_day": 3}'})
    assert anna(kit).max_day == 3
    stale = guest.form(path, {"pauses": "2026-04-02", "seen": '{"pauses": ["2026-01-01"]}'})
    assert stale.status_code == 409 and "Somebody else has changed this" in stale.text
    assert guest.form(path, {"seen": "x" * 30_000}).status_code == 422
    assert guest.form(path, {"seen": "no json"}).status_code in (303, 409)
    nobody = "/interviewer/x/hours"
    assert guest.get(nobody).status_code == 404 and guest.form(nobody, {}).status_code == 404
