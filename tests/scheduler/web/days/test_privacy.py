"""Privacy in the console: what is stored about whom, a file with everything, and an erasure that is meant."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from scheduler.web.privacy.held import STORED
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import MARA, ask

PAGE = Path("docs/privacy.md")


def test_the_page_and_the_docs_say_the_same() -> None:
    rows = re.findall(
        r"^\| (Candidates|Colleagues|Whoever signs in) \| (.+) \| (.+) \|$", PAGE.read_text(), re.M
    )
    said = [(s.whom, s.what, s.until or f"`LOOPWRIGHT_{s.setting.upper()}`") for s in STORED]
    assert rows == said


def test_a_candidate_is_erased_only_where_it_is_meant(site: Site, kit: Kit) -> None:
    ask(kit, "short")
    page = site.page("/privacy")
    assert in_both_schemes(page) == []
    expect(page.get_by_role("cell", name="730 days").first).to_be_visible()
    page.get_by_label("Their address").fill(MARA.candidate.email)
    with page.expect_download() as given:
        page.get_by_role("button", name="Give me everything as a file").click()
    assert json.loads(given.value.path().read_text())["candidate"] == MARA.candidate.email
    page.get_by_role("button", name="Erase this candidate").click()
    expect(page.get_by_text("only where this is ticked")).to_be_visible()
    page.get_by_label("It cannot be undone").check()
    page.get_by_role("button", name="Erase this candidate").click()
    expect(page.get_by_text("It has begun, and goes on by itself.")).to_be_visible()
    kit.run()
    with kit.app.db.read() as tx:
        (erasure,) = tx.erasures.list()
    page.reload()
    row = page.get_by_role("listitem").filter(has_text=erasure.pseudonym)
    expect(row).to_be_visible()
    assert in_both_schemes(page) == []
    site.expected("422 (Unprocessable")


def test_nobody_with_that_address_is_said_beside_the_field(kit: Kit) -> None:
    site = Plain(kit)
    text = site.get("/privacy").text
    assert "Nobody was erased" in text and MARA.candidate.email not in text
    answer = site.form("/privacy", {"email": "nobody@example.org", "do": "erase", "sure": "on"})
    assert answer.status_code == 422 and "No candidate has this address" in answer.text
