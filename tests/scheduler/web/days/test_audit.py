"""Audit: everything that has happened, found by who, what, about whom and when; and taken along."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from scheduler.web.audit import views
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import ask


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="row-(\d+)"', text)]


@pytest.mark.parametrize("script", [True, False])
def test_what_happened_is_narrowed_and_exported(site: Site, kit: Kit, script: bool) -> None:
    loop = ask(kit)
    page = site.page("/audit", java_script_enabled=script)
    if script:
        assert in_both_schemes(page) == []
    page.get_by_label("What").select_option("seat_invited")
    page.get_by_label("About whom").select_option("Anna Arndt")
    if not script:
        page.get_by_role("button", name="Look").click()
    expect(page.locator("tbody tr").first).to_contain_text("Anna Arndt")
    expect(page.locator("tbody tr").filter(has_not_text="Invited")).to_have_count(0)
    page.get_by_label("From").fill("2026-03-10")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("Nothing is all of that.")).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("What")).to_have_value("")  # the page is another one by then
    page.get_by_label("Loop", exact=True).fill(loop.id)
    page.get_by_role("button", name="Look").click()
    expect(page.locator("tbody tr").last).to_contain_text("Asked for")
    with page.expect_download() as found:
        page.get_by_role("link", name="All of it as CSV").click()
    rows = list(csv.DictReader(io.StringIO(found.value.path().read_text(encoding="utf-8"))))
    assert {row["subject"] for row in rows} == {f"loop:{loop.id}"} and len(rows) > 10


def test_pages_have_every_fact_once_the_newest_first(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(kit)
    monkeypatch.setattr(views, "ROWS", 7)
    site, path, seen = Plain(kit), "/audit", list[int]()
    while path:
        text = site.get(path).text
        seen += numbers(text)
        further = re.findall(r'href="(/audit\?after=\d+)" data-swap>Next page', text)
        path = further[0] if further else ""
    with kit.app.db.read() as tx:
        facts = tx.facts.list(1000)
    assert seen == [f.seq for f in sorted(facts, key=lambda f: (f.at, f.seq), reverse=True)]


def test_what_cannot_be_looked_for_is_told_beside_the_field(kit: Kit) -> None:
    site = Plain(kit)
    wrong = site.get("/audit?first=soon")
    assert wrong.status_code == 422 and 'id="fault-first"' in wrong.text
    assert site.get("/audit/export?first=soon").status_code == 422
    assert site.get("/audit?what=nothing_such").text.count("<tr") == 0
