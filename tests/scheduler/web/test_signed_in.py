"""Where one is signed in, as `/you` shows it: other browsers are shut out, and this one is left."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site


def test_another_browser_is_signed_out_and_then_this_one(site: Site) -> None:
    other, page = site.page("/you"), site.page("/you")
    rows = page.get_by_role("row").filter(has_text="Chrome, Linux")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="this browser")).to_have_count(1)
    page.get_by_role("button", name="Sign out (Chrome, Linux)").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_text("That browser is signed out.")).to_be_visible()
    other.goto("/today")
    expect(other.get_by_role("heading", name="This browser is not signed in")).to_be_visible()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("heading", name="This browser is not signed in")).to_be_visible()
    assert not any(c["name"].startswith("loopwright-") for c in page.context.cookies())
    site.said[:] = [line for line in site.said if "401" not in line]


def test_without_a_script_a_form_is_sent_all_the_same(site: Site) -> None:
    page = site.page("/you", java_script_enabled=False)
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Hier abmelden").click()
    expect(page.get_by_role("heading", name="Dieser Browser ist nicht angemeldet")).to_be_visible()
    site.said[:] = [line for line in site.said if "401" not in line]


def test_who_asks_with_a_token_has_no_browser_to_leave(kit: Kit) -> None:
    text = Plain(kit).get("/you").text
    assert "No browser is signed in." in text and "Sign out here" not in text
    assert Plain(kit).form("/you/sign-out", {"session": "ss_none"}).status_code == 404
