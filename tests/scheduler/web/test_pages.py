"""Every page: what it may load, what axe says, how much comes over the wire, without a script, on paper."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.domain.loops import BookMode
from scheduler.web.frame.templates import POLICY
from tests.scheduler.kit import Kit
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import DAYS, MARA, ask

MOST_BYTES = 60_000
POLICY_OF_THE_PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)


def addresses(kit: Kit) -> dict[str, str]:
    """Every screen, with something on it."""
    booked = ask(kit)
    proposed = ask(kit, "short", BookMode.PROPOSE, stage_visit="two")
    impossible = ask(kit, "short", windows=(("2026-03-11T22:00", "2026-03-11T23:00"),), stage_visit="three")
    return {
        "today": "/today",
        "queue": "/loops",
        "all": "/loops?state=all&text=mara",
        "booked": f"/loops/{booked.id}",
        "proposed": f"/loops/{proposed.id}",
        "impossible": f"/loops/{impossible.id}",
        "templates": "/new",
        "new": "/new?template=onsite",
        "plans": f"/loops/{proposed.id}/plans?only=differences",
        "why": f"/loops/{impossible.id}/why",
        "superdays": "/superdays",
        "new superday": "/superdays/new",
        "change": f"/loops/{proposed.id}/change?interview=panel&c=lock~panel~time",
        "load": "/load",
        "people": "/people",
        "person": "/people/anna",
        "company": "/company",
        "entry": "/company/templates?id=short",
        "automations": "/automations",
        "automation": "/automations/edit",
        "audit": "/audit",
        "health": "/health",
        "you": "/you",
    }


def test_axe_finds_nothing_in_light_and_in_dark(site: Site, kit: Kit) -> None:
    found = addresses(kit)
    page = site.page()
    wrong = {}
    for name, path in found.items():
        page.goto(path)
        assert page.locator("h1").count() == 1, name
        wrong |= {name: bad} if (bad := in_both_schemes(page)) else {}
    assert wrong == {}


def test_every_page_is_whole_without_a_script(site: Site, kit: Kit) -> None:
    found = addresses(kit)
    page = site.page(java_script_enabled=False)
    for name, path in found.items():
        answer = page.goto(path)
        assert answer is not None and answer.status == 200, name
        assert answer.headers["content-security-policy"] == POLICY == POLICY_OF_THE_PAGES
        assert " style=" not in page.content(), name
        assert page.locator("main h1").count() == 1, name


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_runs_out_of_a_narrow_window(site: Site, kit: Kit, width: int) -> None:
    """320 px, and 640 as what 200 % of zoom leave of 1280."""
    found = addresses(kit)
    page = site.page(viewport={"width": width, "height": 640})
    for name, path in found.items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_the_first_page_is_small(site: Site, kit: Kit) -> None:
    for n in range(8):  # a week with fifty interviews, and a dozen matters
        ask(
            kit,
            windows=DAYS[:1] if n % 2 else DAYS[1:],
            application=replace(
                MARA, id=f"app-{n}", candidate=replace(MARA.candidate, email=f"c{n}@example.org")
            ),
        )
        ask(kit, "short", windows=(("2026-03-11T22:00", "2026-03-11T23:00"),), stage_visit=str(n))
    page = site.page("/you")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/today")
    page.wait_for_function("'script' in document.documentElement.dataset")
    page.wait_for_timeout(200)
    assert len(sizes) >= 6, "the page, the sheet, the modules, the mark"
    assert sum(sizes) <= MOST_BYTES
    assert page.locator(".waiting").count() > 8


def test_paper_has_no_menu(site: Site, kit: Kit) -> None:
    page = site.page(addresses(kit)["booked"])
    page.emulate_media(media="print")
    assert not page.locator(".side").is_visible() and page.locator("h1").is_visible()
    assert page.pdf()[:5] == b"%PDF-"
