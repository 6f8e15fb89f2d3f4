"""Automations: seen per job and stage, made, paused, and a message tried without anything being done."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from scheduler.domain.hiring.automations import ALL, Automation
from scheduler.domain.loops import BookMode
from scheduler.services.hiring import automating, stopping
from tests.scheduler.api.client import event
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes


def rule(kit: Kit, id: str) -> Automation | None:
    with kit.app.db.read() as tx:
        return next((r for r in automating.rules(tx) if r.id == id), None)


@pytest.mark.parametrize("script", [True, False])
def test_an_automation_is_made_paused_and_removed(site: Site, kit: Kit, script: bool) -> None:
    page = site.page("/automations", java_script_enabled=script)
    if script:
        assert in_both_schemes(page) == []
    page.get_by_role("link", name="New automation").click()
    page.get_by_label("Short name").fill("backend-talks")
    page.get_by_label("Stage").fill("Talks")
    page.get_by_label("Job", exact=True).fill("Backend Engineer")
    page.get_by_label("Template").select_option("short")
    page.get_by_label("How").select_option("book")
    page.get_by_label("Minutes in which").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    made = rule(kit, "backend-talks")
    assert made is not None and (made.mode, made.undo_minutes) == (BookMode.BOOK, 30)
    row = page.locator("tr").filter(has_text="Backend Engineer")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("paused")
    row.get_by_role("button", name="Go on").click()
    expect(row.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_label("The message, as JSON").fill(json.dumps(event(stage="Talks")))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It would ask for a loop now.")).to_be_visible()
    expect(page.get_by_text("backend-talks: Short loop, books by itself")).to_be_visible()
    with kit.app.db.read() as tx:
        assert tx.loops.list() == []
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_everything_is_paused_at_once_and_what_is_tried_says_so(kit: Kit) -> None:
    site = Plain(kit)
    assert site.form("/automations/pause", {"id": "*"}).status_code == 303
    assert "Everything is paused since" in site.get("/automations").text
    tried = site.form("/automations/try", {"body": json.dumps(event(stage="Talks"))})
    assert "It would wait for a person." in tried.text and "every automation is paused" in tried.text
    assert site.form("/automations/resume", {"id": "*"}).status_code == 303
    with kit.app.db.read() as tx:
        assert ALL not in tx.automations.pauses()


def test_faults_stand_beside_their_fields(kit: Kit) -> None:
    site = Plain(kit)
    good = {"id": "x", "stage": "Talks", "template": "short", "approver": "recruiter"}
    for change, field in (
        ({"template": "none"}, "template"),
        ({"approver": "nobody"}, "approver"),
        ({"id": "Not So"}, "id"),
        ({"undo_minutes": "soon"}, "undo_minutes"),
        ({"stage": ""}, "stage"),
    ):
        answer = site.form("/automations/edit", {**good, **change})
        assert answer.status_code == 422 and f'id="fault-{field}"' in answer.text, change
    bad = site.form("/automations/try", {"body": "no json"})
    assert bad.status_code == 422 and 'id="fault-body"' in bad.text and "FILE" not in bad.text
    of_the_file = site.form("/automations/remove", {"id": "stage:any:Talks"})
    assert of_the_file.status_code == 409 and rule(kit, "stage:any:Talks")
    assert site.form("/automations/pause", {"id": "none"}).status_code == 404
    assert site.get("/automations/edit?id=none").status_code == 404


def test_whoever_was_slower_changes_nothing(kit: Kit) -> None:
    site = Plain(kit)
    new = {"id": "x", "stage": "Talks", "template": "short"}
    assert site.form("/automations/edit", new).status_code == 303
    again = site.form("/automations/edit", {**new, "stage": "On-site"})
    assert again.status_code == 409 and "There is one of this name already." in again.text
    seen = re.findall(r'name="seen" value="(\w+)"', site.get("/automations/edit?id=x").text)[0]
    with kit.app.db.write() as tx:
        stopping.put(kit.app, tx, Automation("x", "Talks", "onsite"), "api:local")
    late = site.form("/automations/edit", {**new, "seen": seen, "mode": "book"})
    assert late.status_code == 409 and "changed or removed since" in late.text
    found = rule(kit, "x")
    assert found is not None and found.template == "onsite"
