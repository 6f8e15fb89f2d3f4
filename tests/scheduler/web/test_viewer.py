"""Who looks: the language they want, the clock of their browser, whose loops are theirs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr, de;q=0.3", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr", "en"),
        ("de;q=0", "en"),
        ("de;q=x", "en"),
        ("", "en"),
    ],
)
def test_the_page_speaks_what_the_browser_wants(kit: Kit, accepted: str, language: str) -> None:
    answer = Plain(kit).get("/today", headers={"accept-language": accepted})
    assert f'<html lang="{language}"' in answer.text


def test_what_is_kept_counts_from_then_on(kit: Kit) -> None:
    site = Plain(kit)
    kept = site.form("/you", {"me": "Rolf Reck", "zone": "Asia/Kolkata", "language": "de"})
    assert kept.status_code == 303 and kept.headers["location"] == "/you"
    page = site.get("/today").text
    assert '<html lang="de"' in page and "Asia/Kolkata" in page and "data-keys" not in page
    assert "/today?owner=rolf" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("me", "Nobody Known"), ("zone", "Mars/Olympus"), ("language", "xx"), ("keys", "maybe")],
)
def test_what_cannot_be_kept_is_told_beside_its_field(kit: Kit, field: str, value: str) -> None:
    answer = Plain(kit).form("/you", {"me": "", "language": "en", field: value})
    assert answer.status_code == 422
    if field in ("me", "zone"):
        assert f'id="fault-{field}"' in answer.text and value in answer.text


@pytest.mark.parametrize("cookie", ["../../etc", "Mars/Olympus", "UTC\x7f", "a" * 300])
def test_a_clock_that_is_none_is_as_if_there_were_no_cookie(kit: Kit, cookie: str) -> None:
    answer = Plain(kit).get("/today", headers={"cookie": f'console-zone="{cookie}"; console-me="<b>"'})
    assert (
        answer.status_code == 200
        and "data-zone-wanted" in answer.text
        and "<b>" not in answer.text.split("main")[0]
    )


def test_the_browser_tells_its_clock_by_itself(site: Site) -> None:
    page = site.page(timezone_id="America/New_York")
    expect(page.get_by_text("on the clock of America/New_York")).to_be_visible()
