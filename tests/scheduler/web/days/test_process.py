"""The page of an application: its stages, days and what waits; decided and pivoted there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from scheduler.domain.loops import LoopState
from tests.scheduler.kit import Kit
from tests.scheduler.services.hiring.process.kit import asked, company, enters, held, stands
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import MARA


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = company(tmp_path)
    enters(made, "Screen")
    made.clock.forward(days=6)
    held(made, asked(made, "Screen"))
    return made


@pytest.mark.parametrize("script", [True, False])
def test_decided_on_the_page(site: Site, kit: Kit, script: bool) -> None:
    page = site.page(f"/applications/{MARA.id}", java_script_enabled=script)
    here = page.get_by_role("row").filter(has_text="here")
    expect(here).to_contain_text("late")
    expect(here).to_contain_text("the decision")
    if script:
        assert in_both_schemes(page) == []
    page.get_by_label("Note for colleagues").fill("strong on data")
    page.get_by_role("button", name="Go on to the next stage").click()
    expect(page.get_by_text("Decided: the next stage is open.")).to_be_visible()
    now = stands(kit)
    assert now.present is not None and now.present.stage.stage == "Exercise"
    expect(page.get_by_role("row").filter(has_text="Screen")).to_contain_text("strong on data")
    page.get_by_role("button", name="End it here").click()
    expect(page.get_by_role("button", name="End it here")).to_have_count(0)
    assert stands(kit).closed


def test_pivoted_on_the_page_with_its_fault_beside_the_field(site: Site, kit: Kit) -> None:
    page = site.page(f"/applications/{MARA.id}")
    page.get_by_label("Job", exact=True).fill("Sales")
    page.get_by_role("textbox", name="Stage").fill("Nowhere")
    page.get_by_role("button", name="Go on for this job").click()
    expect(page.get_by_role("alert")).to_contain_text("is no stage of")
    site.expected("422")
    page.get_by_label("Job", exact=True).fill("Data Engineer")
    page.get_by_role("textbox", name="Stage").fill("")
    page.get_by_role("button", name="Go on for this job").click()
    expect(page.get_by_text("Decided: the next stage is open.")).to_be_visible()
    found = stands(kit)
    assert (found.process, found.application.job) == ("data", "Data Engineer")
    assert found.present is not None and found.present.loops[0].state is LoopState.AWAITING_CANDIDATE
