"""People: seen, and changed with the company file's own checks; nothing that was typed is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.people import Person
from scheduler.domain.subjects import Subject
from scheduler.services.company.edit import company_file, put_entry
from scheduler.web.people import forms
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes


def person(kit: Kit, id: str) -> Person:
    with kit.app.db.read() as tx:
        found = tx.people.get(id, active=False)
    assert found is not None
    return found


def fields(text: str) -> dict[str, str]:
    """What the form of a page would send."""
    found = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', text))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', text))
    found |= {"site": re.findall(r'<option value="([^"]*)" selected', text)[0], "active": "yes"}
    return {name: html.unescape(value) for name, value in found.items() if name != "text"}


@pytest.mark.parametrize("script", [True, False])
def test_somebody_is_found_and_changed(site: Site, kit: Kit, script: bool) -> None:
    with kit.app.db.write() as tx:
        tx.calendar_faults.note(
            [
                CalendarFault(
                    Subject.person("ben"), "auth_revoked", "may not be read", kit.clock(), kit.clock()
                )
            ]
        )
    page = site.page("/people", java_script_enabled=script)
    expect(page.locator("#row-ben")).to_contain_text("cannot be read")
    page.get_by_role("link", name="Calendar cannot be read").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("#row-ben a").click()
    expect(page.get_by_text("may not be read")).to_be_visible()
    page.get_by_label("Most interviews a day").fill("a few")
    page.get_by_label("Working hours").fill("mon-thu 08:00-16:00")
    page.get_by_label("Pauses").fill("2026-03-20/2026-03-16")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#fault-max_day")).to_be_visible()
    site.expected("422 (Unprocessable")
    expect(page.locator("#fault-pauses")).to_contain_text("ends before it begins; swap its ends")
    expect(page.get_by_label("Working hours")).to_have_value("mon-thu 08:00-16:00")
    if script:
        assert in_both_schemes(page) == []
    page.get_by_label("Most interviews a day").fill("2")
    page.get_by_label("Pauses").fill("2026-03-16/2026-03-20")
    page.get_by_label("Rather not at these times").fill("thu 14:00-16:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    now = person(kit, "ben")
    assert (now.max_day, now.pauses, len(now.hours), len(now.avoid)) == (2, {"2026-03-16/2026-03-20"}, 4, 1)
    assert now.level == "senior" and now.account.address == "ben@testwerk.example"


def test_what_is_not_changed_stays_to_the_letter(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        before = company_file(tx)
    site = Plain(kit)
    for entry in before["people"]:
        sent = fields(site.get(f"/people/{entry['id']}").text)
        assert site.form(f"/people/{entry['id']}", sent).status_code == 303
    with kit.app.db.read() as tx:
        assert company_file(tx) == before


def test_whoever_was_slower_sees_what_changed_and_keeps_what_was_typed(kit: Kit) -> None:
    site = Plain(kit)
    sent = fields(site.get("/people/anna").text)
    with kit.app.db.read() as tx:
        entry: dict[str, Any] = next(e for e in company_file(tx)["people"] if e["id"] == "anna")
    put_entry(kit.app, "people", "anna", {**entry, "max_week": 5, "title": "Staff Engineer"})
    late = site.form("/people/anna", {**sent, "max_day": "1", "title": "Principal"})
    assert late.status_code == 409 and person(kit, "anna").max_day == 3
    assert "Most interviews a week: is now “5”" in late.text and "Title: is now “Staff Engineer”" in late.text
    again = fields(late.text)
    assert (again["max_day"], again["max_week"], again["title"]) == ("1", "5", "Principal")
    assert site.form("/people/anna", again).status_code == 303
    now = person(kit, "anna")
    assert (now.max_day, now.max_week, now.title) == (1, 5, "Principal")


def test_somebody_new_and_what_stands_against_it(kit: Kit) -> None:
    site = Plain(kit)
    new = {"id": "zoe", "name": "Zoe Zorn", "email": "zoe@testwerk.example", "site": "berlin", "active": "yes",
           "hours": "mon-fri 09:00-17:00"}  # fmt: skip
    nameless = site.form("/people/new", {**new, "id": ""})
    assert nameless.status_code == 422 and 'id="fault-id"' in nameless.text
    taken = site.form("/people/new", {**new, "id": "anna"})
    assert taken.status_code == 422 and "somebody else’s already" in taken.text
    odd = site.form("/people/new", {**new, "email": "zoe", "seen": "{", "zone": "Mars/North"})
    assert odd.status_code == 422 and {"email", "zone"} <= set(re.findall(r'id="fault-(\w+)"', odd.text))
    assert site.form("/people/new", new).status_code == 303
    assert person(kit, "zoe").name == "Zoe Zorn"
    assert site.get("/people/nobody").status_code == 404
    assert 'id="row-zoe"' in site.get("/people?text=zorn").text
    assert 'id="row-zoe"' not in site.get("/people?text=zorn&pool=engineers").text
    gone = {**fields(site.get("/people/zoe").text), "active": ""}
    assert site.form("/people/zoe", gone).status_code == 303
    assert not person(kit, "zoe").active


def test_days_of_the_same_hours_are_one_line() -> None:
    week = [f"{day} 09:00-17:00" for day in ("mon", "tue", "wed", "fri")] + ["fri 18:00-19:00"]
    assert forms.typed({"hours": week})["hours"].splitlines() == [
        "mon-wed 09:00-17:00", "fri 09:00-17:00", "fri 18:00-19:00",
    ]  # fmt: skip
    assert forms.typed({"pauses": ["2026-12-24"]})["pauses"] == "2026-12-24"
    assert forms.entry_of("[1]") == {} == forms.entry_of("")
