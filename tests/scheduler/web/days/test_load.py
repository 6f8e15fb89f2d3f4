"""Load: people and weeks beside their caps, counted otherwise once more; how evenly pools share it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scheduler.storage.tables import interviews, seats
from scheduler.web.load.views import heat
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import DAYS, MARA, ask


def busy(kit: Kit) -> None:
    for n in range(3):
        who = replace(MARA.candidate, email=f"c{n}@example.org", name=f"Candidate {n}")
        ask(kit, "short", windows=DAYS, application=replace(MARA, id=f"app-{n}", candidate=who))


def counted(kit: Kit) -> Counter[str]:
    """Interviews that count against caps in week 11, from the tables alone."""
    with kit.app.db.read() as tx:
        query = interviews.select().with_only_columns(seats.c.person)
        query = query.join(seats, seats.c.interview == interviews.c.id).where(
            interviews.c.kind == "interview"
        )
        return Counter(row[0] for row in tx.connection.execute(query))


@pytest.mark.parametrize("script", [True, False])
def test_a_full_week_is_seen_and_the_cap_is_changed_from_there(site: Site, kit: Kit, script: bool) -> None:
    busy(kit)
    page = site.page("/load", java_script_enabled=script)
    row = page.locator("#row-hana")
    expect(row.locator("td").nth(2)).to_have_text(re.compile(r"^3/8"))
    if script:
        assert in_both_schemes(page) == []
    row.get_by_role("link").click()
    page.get_by_label("Most interviews a week").fill("3")
    page.get_by_label("Pauses").fill("2026-03-16/2026-03-20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto("/load")
    expect(row.locator("td").nth(2)).to_have_class("heat h4")
    expect(row.locator("td").nth(3)).to_have_text("away")
    page.get_by_label("Pool", exact=True).select_option("Managers")
    if not script:
        page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody").first.locator("tr")).to_have_count(2)
    page.get_by_role("link", name="later").click()
    expect(page.get_by_role("columnheader", name="Week 17")).to_be_visible()


def test_every_number_is_what_the_tables_say(kit: Kit) -> None:
    busy(kit)
    text = Plain(kit).get("/load").text
    for person, number in counted(kit).items():
        row = text.split(f'id="row-{person}"')[1].split("</tr>")[0]
        assert sum(int(n) for n in re.findall(r"<b>(\d+)</b>", row)) == number, person
    shared = text.split('id="shared"')[1]
    assert re.search(
        r"Managers</a></th><td[^>]*>2</td><td[^>]*>3</td>\s*<td><meter[^>]*value=\"0.50\"", shared
    )


def test_heat_has_five_steps_and_a_cap_of_nothing_is_full_at_once() -> None:
    assert [heat(n, 8) for n in range(10)] == [0, 1, 1, 1, 1, 2, 2, 3, 4, 4]
    assert heat(1, 0) == 4 and heat(0, 0) == 0


def test_what_is_no_pool_or_day_is_one_line(kit: Kit) -> None:
    site = Plain(kit)
    assert "no pool" in site.get("/load?pool=none").text
    assert "is no day" in site.get("/load?from=soon").text
    assert "Nobody is all of that" in site.get("/load?pool=managers&site=mars").text
    assert "Week 53" in site.get("/load?from=2026-12-30").text


def test_over_a_change_of_the_year_weeks_keep_their_iso_numbers(tmp_path: Path) -> None:
    kit = make(tmp_path, now=datetime.fromisoformat("2027-01-01T12:00:00+00:00"))
    text = Plain(kit).get("/load").text
    assert re.findall(r"Week (\d+)<", text) == ["51", "52", "53", "1", "2", "3", "4", "5"]
