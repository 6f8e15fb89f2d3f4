"""The common fields of the company's entries: typed, checked beside each field, all else kept."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from scheduler.services.company.edit import company_file, put_entry
from scheduler.web.company import entries, fields
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes


def file_of(kit: Kit) -> dict[str, Any]:
    with kit.app.db.read() as tx:
        return company_file(tx)


def sent(kit: Kit, section: str, id: str, **typed: str) -> dict[str, str]:
    """What the page of an entry sends back, with some fields typed over."""
    with kit.app.db.read() as tx:
        text = entries.text_of(tx, section, id)
    entry = entries.read(text) if text else {}
    shown = fields.shown(fields.fields_of(section, entry, new=not id), entry)
    return {
        "id": id,
        "seen": text,
        **{fields.PREFIX + path: value for path, value in (shown | typed).items()},
    }


def test_a_pool_a_room_and_the_policy_are_changed_by_their_fields(site: Site, kit: Kit) -> None:
    page = site.page("/company/pools?id=seniors")
    page.get_by_label("Qualified").fill("anna, Ben Berg, Nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#fault-f-qualified")).to_contain_text("Nobody")
    site.expected("422 (Unprocessable")
    expect(page.get_by_label("Qualified")).to_have_value("anna, Ben Berg, Nobody")
    assert in_both_schemes(page) == []
    page.get_by_label("Qualified").fill("anna, Ben Berg, Cleo Cramer")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Add one (Rooms)").click()
    for label, text in (
        ("Short name", "ash"),
        ("Name", "Ash"),
        ("People it holds, the candidate included", "4"),
        ("Calendar", "ash@testwerk.example"),
        ("What it has", "video"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Site").select_option("berlin")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#row-rooms-ash")).to_contain_text("4 people")
    page.get_by_role("link", name="Policy").click()
    page.get_by_label("A person says yes to each move").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#row-policy-policy")).to_be_visible()
    found = file_of(kit)
    assert next(p for p in found["pools"] if p["id"] == "seniors")["qualified"] == ["anna", "ben", "cleo"]
    assert found["policy"]["approve_moves"] is True


def test_every_entry_saved_by_its_fields_as_it_is_changes_nothing(kit: Kit) -> None:
    before, site = file_of(kit), Plain(kit)
    for section in entries.SECTIONS:
        for id in ["policy"] if section == "policy" else [e["id"] for e in before[section]]:
            text = site.get(f"/company/{section}?id={id}").text
            assert 'class="fault"' not in text and "All of it, as text" in text
            answer = site.form(f"/company/{section}", sent(kit, section, id))
            assert answer.status_code == 303, answer.text
    assert file_of(kit) == before


@pytest.mark.parametrize(
    ("section", "id", "path", "text", "said"),
    [
        ("rooms", "oak", "capacity", "many", "capacity"),
        ("rooms", "oak", "calendar.address", "none", "calendar-address"),
        ("sites", "berlin", "zone", "Berlin", "zone"),
        ("sites", "berlin", "hours", "always", "hours"),
        ("templates", "short", "interviews[1].minutes", "4", "interviews-1-minutes"),
        ("policy", "policy", "alternatives", "99", "alternatives"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    kit: Kit, section: str, id: str, path: str, text: str, said: str
) -> None:
    answer = Plain(kit).form(f"/company/{section}", sent(kit, section, id, **{path: text}))
    assert answer.status_code == 422
    assert f'id="fault-f-{said}"' in answer.text and html.escape(text) in answer.text


def test_steps_of_a_template_are_changed_and_the_rest_of_it_stays(kit: Kit) -> None:
    before = next(t for t in file_of(kit)["templates"] if t["id"] == "short")
    typed = {"interviews[0].minutes": "60", "interviews[1].title": "The panel", "buffer": "10"}
    assert Plain(kit).form("/company/templates", sent(kit, "templates", "short", **typed)).status_code == 303
    after = next(t for t in file_of(kit)["templates"] if t["id"] == "short")
    assert (after["interviews"][0]["minutes"], after["interviews"][1]["title"]) == (60, "The panel")
    assert after["interviews"][1]["seats"] == before["interviews"][1]["seats"] and after["buffer"] == 10


def test_whoever_was_slower_keeps_what_they_typed_and_takes_the_rest(kit: Kit) -> None:
    site, mine = Plain(kit), sent(kit, "pools", "seniors", name="Mine")
    put_entry(kit.app, "pools", "seniors", {"name": "Elders", "qualified": ["anna"]})
    late = site.form("/company/pools", mine)
    assert late.status_code == 409 and "-name: Seniors\n+name: Elders" in late.text
    assert 'value="Mine"' in late.text
    seen = html.unescape(re.findall(r"<textarea name=\"seen\" hidden>\n([^<]*)<", late.text)[0])
    again = {**mine, "seen": seen, "f:qualified": "anna"}
    assert site.form("/company/pools", again).status_code == 303
    pool = next(p for p in file_of(kit)["pools"] if p["id"] == "seniors")
    assert (pool["name"], pool["qualified"]) == ("Mine", ["anna"])
