"""The company as it stands in its file: every entry changed with the file's own checks, nothing lost."""

from __future__ import annotations

import html
import re

import pytest
from playwright.sync_api import expect

from scheduler.services.company.edit import company_file, put_entry
from scheduler.web.company import entries
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes


@pytest.mark.parametrize("script", [True, False])
def test_a_template_is_changed_and_a_room_is_added(site: Site, kit: Kit, script: bool) -> None:
    page = site.page("/company", java_script_enabled=script)
    if script:
        assert in_both_schemes(page) == []
    page.get_by_role("link", name="Short loop").click()
    page.get_by_role("link", name="All of it, as text").click()
    field = page.get_by_label("The entry, as in the company file")
    text = field.input_value()
    field.fill(text.replace("minutes: 45", "minutes: 4", 1))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#fault-text")).to_contain_text("interviews[0].minutes")
    site.expected("422 (Unprocessable")
    expect(field).to_have_value(text.replace("minutes: 45", "minutes: 4", 1))
    field.fill(text.replace("minutes: 45", "minutes: 50", 1))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Add one (Rooms)").click()
    page.get_by_role("link", name="All of it, as text").click()
    field.fill("id: ash\nname: Ash\nsite: berlin\ncapacity: 4\ncalendar: ash@testwerk.example\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#row-rooms-ash")).to_contain_text("4 people")
    with kit.app.db.read() as tx:
        file = company_file(tx)
    assert next(t for t in file["templates"] if t["id"] == "short")["interviews"][0]["minutes"] == 50


def test_every_entry_saved_as_it_is_changes_nothing(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        before = company_file(tx)
    site = Plain(kit)
    for section in entries.SECTIONS:
        for id in ["policy"] if section == "policy" else [e["id"] for e in before[section]]:
            text = entries.written(before[section] if section == "policy" else
                                   next(e for e in before[section] if e["id"] == id))  # fmt: skip
            sent = {"id": id, "text": text, "seen": text.replace("\n", "\r\n")}
            answer = site.form(f"/company/{section}", sent)
            assert answer.status_code == 303, answer.text
    with kit.app.db.read() as tx:
        assert company_file(tx) == before


def test_whoever_was_slower_sees_the_lines_that_changed(kit: Kit) -> None:
    site = Plain(kit)
    shown = site.get("/company/pools?id=seniors&as=text").text
    seen = html.unescape(re.findall(r'name="seen" value="([^"]*)"', shown)[0])
    put_entry(kit.app, "pools", "seniors", {"name": "Elders", "qualified": ["anna"]})
    mine = seen.replace("Seniors", "Mine")
    late = site.form("/company/pools", {"id": "seniors", "seen": seen, "text": mine})
    assert (
        late.status_code == 409 and "-name: Seniors\n+name: Elders" in late.text and "name: Mine" in late.text
    )
    again = html.unescape(re.findall(r'name="seen" value="([^"]*)"', late.text)[0])
    assert site.form("/company/pools", {"id": "seniors", "seen": again, "text": mine}).status_code == 303
    with kit.app.db.read() as tx:
        assert {p.id: p.name for p in tx.pools.list()}["seniors"] == "Mine"


@pytest.mark.parametrize(
    ("section", "text", "said"),
    [
        ("pools", "name: X", "id: is missing; give the entry a short name"),
        ("pools", "id: seniors", "id: is there already"),
        ("pools", "id: x\nqualified: [nobody]", "qualified[0]: "),
        ("rooms", "id: [", "entry"),
        ("policy", "hold_minutes: soon", "hold_minutes: "),
    ],
)
def test_what_is_wrong_is_told_beside_the_text(kit: Kit, section: str, text: str, said: str) -> None:
    answer = Plain(kit).form(f"/company/{section}", {"text": text})
    assert answer.status_code == 422 and said in html.unescape(answer.text.split('id="fault-text"')[1])
    assert text.partition("\n")[0] in html.unescape(answer.text)


def test_no_such_section_or_entry(kit: Kit) -> None:
    site = Plain(kit)
    assert site.get("/company/people").status_code == 404
    assert site.get("/company/rooms?id=none").status_code == 404
    assert site.form("/company/people", {"text": "id: x"}).status_code == 404
