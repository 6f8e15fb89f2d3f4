"""Strangers are told how to come in; what is refused to a page is a page, and to a program JSON."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from scheduler.api.gate import visits
from scheduler.web.main import GUESTS
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes

SAME = {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def come_in(kit: Kit) -> Plain:
    """A browser with its cookie."""
    site = Plain(kit, signed_in=False)
    address = visits.invite(site.app.state.settings, "")  # type: ignore[attr-defined]
    assert site.get(address).headers["location"] == "/today"
    return site


def test_no_page_is_open_to_strangers(kit: Kit) -> None:
    site = Plain(kit, signed_in=False)
    paths = {r.path: r.methods for r in site.app.routes if not r.path.startswith(("/api/", "/static/"))}  # type: ignore[attr-defined]
    assert len(paths) > 10
    guests = {route.path for router in GUESTS for route in router.routes}  # type: ignore[attr-defined]
    for path, methods in paths.items():
        if path not in ("/", "/llms.txt", "/sign-in", "/sign-in/back"):
            for method in methods:
                answer = site.request(method, path.replace("{loop_id}", "lp_1"))
                # a link that is none opens nothing, and says no more than that
                assert answer.status_code == (404 if path in guests else 401), (method, path)


def test_where_a_provider_is_set_up_strangers_are_led_there(kit: Kit) -> None:
    led = Plain(kit, signed_in=False, oidc_issuer="https://accounts.google.com", oidc_client_id="x")
    text = led.get("/today").text
    assert 'href="/sign-in"' in text and "Sign in with accounts.google.com" in text
    late = led.get("/sign-in/back?code=1&state=2")
    assert late.status_code == 401 and "did not begin here" in late.text and 'href="/sign-in"' in late.text
    alone = Plain(kit, signed_in=False)
    assert "/sign-in" not in alone.get("/today").text
    assert alone.get("/sign-in").status_code == 404


def test_a_stranger_is_told_how_to_come_in(site: Site) -> None:
    page = site.stranger().new_page()
    page.goto("/today")
    expect(page.get_by_role("heading", name="This browser is not signed in")).to_be_visible()
    expect(page.get_by_text("loopwright address")).to_be_visible()
    assert in_both_schemes(page) == []
    page.goto("/?token=used")
    expect(page.get_by_role("alert")).to_contain_text("used already")
    site.expected("401")
    site.expected("401") if any("401" in line for line in site.said) else None


def test_refusals_are_pages_to_browsers_and_json_to_programs(kit: Kit) -> None:
    site = Plain(kit)
    page, api = site.get("/loops/lp_none"), site.get("/api/v1/loops/lp_none")
    assert page.status_code == api.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8" and "lp_none" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert api.headers["content-type"] == "application/problem+json"
    assert site.get("/nothing/here").status_code == 404 and "<html" in site.get("/nothing/here").text
    for wrong in ("/loops?state=odd", "/loops?sort=name", "/live?after=-1", "/today?owner=%3Cb%3E"):
        assert "<html" in site.get(wrong).text and site.get(wrong).status_code == 422, wrong


def test_a_mistake_of_ours_says_nothing_of_itself(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Plain(kit)
    monkeypatch.setattr("scheduler.web.today.views._week", lambda *_: 1 / 0)
    answer = site.get("/today")
    assert answer.status_code == 500 and "A mistake of ours" in answer.text and "Zero" not in answer.text


def test_who_follows_a_link_from_a_mail_is_still_signed_in(kit: Kit) -> None:
    site = come_in(kit)
    assert site.get("/today", headers=LINK).status_code == 200
    for field, value in (
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-mode", "no-cors"),
        ("origin", "https://evil.example"),
    ):
        assert site.get("/today", headers={**LINK, field: value}).status_code == 403
    assert site.get("/api/v1/loops", headers=LINK).status_code == 403
    assert site.form("/you", {}, headers=LINK).status_code == 403


def test_forms_of_other_pages_do_nothing(kit: Kit) -> None:
    site = come_in(kit)
    for headers in (
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {**SAME, "sec-fetch-site": "same-site"},
    ):
        assert site.form("/you", {"language": "de"}, headers=headers).status_code == 403
    proof = re.findall(r'name="proof" value="(.+?)"', site.get("/you").text)[0]
    assert site.form("/you", {"language": "de", "proof": proof}, headers=SAME).status_code == 303
