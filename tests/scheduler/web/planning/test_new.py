"""A loop is asked for: from the template to the plan, with every fault beside its field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from scheduler.domain.loops import LoopState
from tests.scheduler.kit import COMPANY, Kit, make
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import ask

MORE = """
  - id: open
    title: Open day
    notice_hours: 1
    site: berlin
    interviews:
      - {id: code, title: Coding, minutes: 45, branch: first, seats: [{pool: engineers}]}
      - {id: talk, title: Systems talk, minutes: 45, branch: first, seats: [{pool: engineers}]}
      - {id: team, title: The team, after: [code, talk], open: true}
      - {id: end, title: Questions, minutes: 30, after: [team], seats: [{role: hiring_manager}]}
"""
FIELDS = {
    "template": "short",
    "key": "0123456789abcdef",
    "name": "Mara Lind",
    "email": "mara@example.org",
    "zone": "Europe/Lisbon",
    "job": "Backend Engineer",
    "manager": "Hana Maier",
    "recruiter": "rolf",
    "windows": "Wed 11 Mar 9:00-17:00\n12.3. 9-17 Uhr",
    "clock": "Europe/Berlin",
}


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path, COMPANY.read_text(encoding="utf-8").replace("\npolicy:", f"{MORE}\npolicy:", 1))


def loops(kit: Kit) -> list[Any]:
    with kit.app.db.read() as tx:
        return list(tx.loops.list(limit=10))


@pytest.mark.parametrize("script", [True, False])
def test_from_the_template_to_a_plan(site: Site, kit: Kit, script: bool) -> None:
    page = site.page("/new", java_script_enabled=script)
    page.get_by_role("link", name="Open day").click()
    expect(page.get_by_text("The team").first).to_be_visible()
    for label, text in (
        ("Name", "Mara Lind"),
        ("Address", "mara@example.org"),
        ("The candidate’s clock", "Europe/Lisbon"),
        ("Job", "Backend Engineer"),
        ("Manager", "hana"),
        ("Recruiter", "rolf"),
    ):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Days and hours, a line each").fill("Tue 11 Mar 9-17\nWed 11 Mar, after lunch")
    page.get_by_role("button", name="Ask for the loop").click()
    expect(page.locator("#fault-windows")).to_contain_text("Line 1: 2026-03-11 is not a Tue")
    expect(page.locator("#fault-windows")).to_contain_text("Line 2: “after” is not understood")
    expect(page.get_by_label("Manager", exact=True)).to_have_value("hana")
    assert in_both_schemes(page) == [] if script else True
    page.get_by_label("Days and hours, a line each").fill("Wed 11 Mar 9-17, 12.3. 9-17".replace(", ", "\n"))
    page.get_by_role("button", name="Ask for the loop").click()
    expect(page.locator("#fault-branch-first")).to_contain_text("choose one of code, talk")
    page.get_by_label("One of these: first").select_option("first:talk")
    page.get_by_label("Minutes").fill("60")
    page.get_by_label("People; the first leads").fill("nobody, ben")
    page.get_by_role("button", name="Ask for the loop").click()
    expect(page.locator("#fault-step-team")).to_contain_text("nobody here is called 'nobody'")
    expect(page.get_by_label("Minutes")).to_have_value("60")
    page.get_by_label("People; the first leads").fill("Ben Berg")
    page.get_by_role("button", name="Would it fit?").click()
    expect(page.get_by_role("heading", name="It would fit")).to_be_visible()
    expect(page.get_by_label("Minutes")).to_have_value("60")
    assert in_both_schemes(page) == [] if script else True
    assert loops(kit) == []
    page.get_by_role("button", name="Ask for the loop").click()
    expect(page.get_by_text("Asked for.", exact=True)).to_be_visible()
    site.said[:] = [line for line in site.said if "422" not in line]
    kit.run()
    (loop,) = loops(kit)
    assert loop.state is LoopState.PROPOSED, loop.reasons
    assert [i.id for i in loop.template.interviews] == ["talk", "team", "end"]
    assert loop.template.interview("team").minutes == 60
    page.reload()
    expect(page.get_by_role("button", name="Book this plan").first).to_be_visible()


def test_one_page_asks_once_and_its_windows_are_on_the_clock_that_was_chosen(kit: Kit) -> None:
    site = Plain(kit)
    first, second = (site.form("/new", FIELDS) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    (loop,) = loops(kit)
    assert loop.application == "console-0123456789abcdef"
    assert [f"{s.start:%d %H:%M}-{s.end:%H:%M}" for s in loop.windows] == ["11 08:00-16:00", "12 08:00-16:00"]
    site.form("/new", {**FIELDS, "key": "0" * 16, "clock": ""})
    assert {f"{s.start:%H:%M}" for one in loops(kit) for s in one.windows} == {"08:00", "09:00"}


@pytest.mark.parametrize(
    ("field", "text", "beside", "said"),
    [
        ("name", "", "name", "is needed"),
        ("email", "Mara <mara@example.org>", "email", "not one plain e-mail address"),
        ("zone", "Lisbon", "zone", "Lisbon"),
        ("zone", "Etc/GMT+1", "zone", "is no place"),
        ("manager", "nobody", "manager", "nobody here is called"),
        ("clock", "Here", "clock", "Here"),
        ("windows", "Sun 8 Mar 9-17", "windows", "lies in the past"),
        ("windows", "2026-03-29 2:30-9:00", "windows", "Line 1: 2026-03-29T02:30 does not exist"),
        ("application", "with space", "application", "characters that cannot stand here"),
        ("leave_out", "gone", "leave_out", "unknown interview"),
        ("mode", "off", "mode", "is not one of what can be chosen"),
        ("key", "odd", "key", "characters that cannot stand here"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    kit: Kit, field: str, text: str, beside: str, said: str
) -> None:
    answer = Plain(kit).form("/new", {**FIELDS, field: text})
    assert answer.status_code == 422, answer.text
    found = re.search(rf'id="fault-{beside}">([^<]*)<', answer.text)
    assert found is not None and said in found[1].replace("&#39;", "'"), answer.text
    assert 'value="Mara Lind"' in answer.text or field == "name"
    assert loops(kit) == []


TRIED = {name: text for name, text in FIELDS.items() if name not in ("name", "email", "job")}


def test_whether_it_would_fit_is_told_before_anybody_is_asked(kit: Kit) -> None:
    site = Plain(kit)
    good = site.form("/new/fit", {**TRIED, "windows": ""})
    assert good.status_code == 200 and "It would fit" in good.text and "free at any time" in good.text
    bad = site.form("/new/fit", {**TRIED, "windows": "Wed 11 Mar 9:00-9:15"}).text
    assert "It would not fit" in bad and 'class="chip red">proven' in bad
    open_day = {**TRIED, "template": "open", "branch": "first:talk"}
    assert "nothing is proven" in site.form("/new/fit", open_day).text, "the team's hour is unfinished"
    for field, text in (("manager", "nobody"), ("email", "odd"), ("windows", "soon")):
        wrong = site.form("/new/fit", {**TRIED, field: text})
        assert wrong.status_code == 422 and f'id="fault-{field}"' in wrong.text
    assert loops(kit) == [] and not kit.jobs.waiting
    assert site.get("/new/fit").headers["location"] == "/new"


def test_what_is_fixed_and_what_the_candidate_needs_go_with_it(kit: Kit) -> None:
    site = Plain(kit)
    with kit.app.db.read() as tx:
        template = tx.templates.get("short")
    assert template is not None
    step = template.interviews[0].id
    pinned = {**FIELDS, "pin": step, "at": "2026-03-12T10:00", "extra_time": "50", "also": "ben"}
    assert "12 March" in site.form("/new/fit", pinned).text
    site.form("/new", pinned)
    kit.run()
    (loop,) = loops(kit)
    assert [f"{lock.interview} {lock.start:%d %H:%M}" for lock in loop.locks] == [f"{step} 12 09:00"]
    with kit.app.db.read() as tx:
        application = tx.applications.get(loop.application)
        (first, *_) = tx.proposals.of_loop(loop.id)
    assert application is not None
    assert (application.accommodation.extra_time, application.accommodation.also) == (50, ("ben",))
    assert min(p.span.start for p in first.interviews if p.interview == step) == loop.locks[0].start
    page = f"/loops/{loop.id}"
    assert "50 %" not in site.get(page).text, "nobody else is shown it"
    for me, seen in (("rolf", True), ("hana", False)):
        text = Plain(kit, cookies={"console-me": me}).get(page).text
        assert ("What the candidate needs" in text and "50 %" in text) is seen
    for field, text, said in (
        ("at", "2026-03-02T10:00", "lies in the past"),
        ("at", "soon", "pin-"),
        ("seated", "nobody", "nobody here is called"),
    ):
        refused = site.form("/new", {**pinned, "key": "1" * 16, field: text})
        assert refused.status_code == 422
        found = re.search(rf'id="fault-pin-{step}">([^<]*)<', refused.text)
        assert found is not None and (said in found[1] or said == "pin-"), refused.text


def test_without_windows_it_waits_and_a_known_application_fills_the_form(kit: Kit) -> None:
    known, site = ask(kit), Plain(kit)
    text = site.get(f"/new?template=short&application={known.application}").text
    assert 'value="mara@example.org"' in text and 'value="hana"' in text
    assert site.form("/new", {**FIELDS, "windows": ""}).status_code == 303
    assert {one.state for one in loops(kit)} == {LoopState.CONFIRMED, LoopState.AWAITING_CANDIDATE}
    assert site.get("/new?template=none").status_code == site.get("/new?application=none").status_code == 404
