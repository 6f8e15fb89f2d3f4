"""A loop changed by hand on the page: by keys, by mouse, without a script; and when somebody was faster."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from scheduler.domain.loops import BookMode, LoopState
from tests.scheduler.api.client import occupy
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import ask, booked, look


def shown(site: Site, loop: str, **options: object) -> Page:
    return site.page(f"/loops/{loop}/change?interview=panel", **options)


def good(page: Page) -> str:
    """A start that fits, and is not the one that stands."""
    found = page.locator("td.fits:not(.now) input").first.get_attribute("value")
    assert found is not None
    return found


def test_an_interview_is_moved_by_keys_and_everybody_is_told(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    was = booked(kit, loop.id)["panel"].span
    page = shown(site, loop.id)
    assert in_both_schemes(page) == []
    page.locator("td.now input").focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
        if page.locator("td.fits:not(.now) input:checked").count():
            break
    expect(page.locator("#why")).to_contain_text("fits")
    to = page.locator("input[name=to]:checked").get_attribute("value")
    page.keyboard.press("Enter")
    expect(page.locator("#tried")).to_contain_text("allowed")
    expect(page.locator("#tried")).to_be_focused()
    assert "move~panel~" in page.url, "what is tried can be sent to a colleague"
    assert in_both_schemes(page) == []
    assert booked(kit, loop.id)["panel"].span == was, "nothing has changed yet"
    page.keyboard.press("e")
    expect(page.get_by_text("Changed as it was tried.")).to_be_visible()
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert booked(kit, loop.id)["panel"].span.start.isoformat()[:16] == _utc(to)[:16]
    changed = sorted(p.name for p in (kit.folder.parent / "outbox").glob("*.eml"))
    assert len(changed) > 2, "the candidate has an invitation for the new time"


def _utc(text: str | None) -> str:
    from datetime import UTC, datetime

    assert text is not None
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def test_by_mouse_the_interview_is_dragged(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    page = shown(site, loop.id)
    to = page.locator(f'td:has(input[value="{good(page)}"])')
    to.scroll_into_view_if_needed()
    page.locator("td[data-drag]").hover()
    page.mouse.down()
    to.hover(force=True)
    expect(page.locator("#why")).to_contain_text("fits")
    page.mouse.up()
    expect(page.locator("#tried")).to_contain_text("moves from")
    page.get_by_role("link", name="Undo the last").click()
    expect(page.locator("#tried")).to_contain_text("Nothing is tried yet")
    assert "c=" not in page.url


@pytest.mark.parametrize("mode", [BookMode.BOOK, BookMode.PROPOSE])
def test_without_a_script_a_person_takes_a_seat_and_is_kept_there(
    site: Site, kit: Kit, mode: BookMode
) -> None:
    loop = ask(kit, "short", mode)
    page = site.page(f"/loops/{loop.id}/change?interview=talk", java_script_enabled=False)
    seat = page.locator("section:has(> [id^=seat-0]) tbody tr").filter(has_text="fits").first
    name = seat.locator("th").inner_text()
    seat.get_by_role("link").click()
    expect(page.locator("#tried")).to_contain_text(f"is given by {name}")
    page.get_by_role("link", name="Lock people").click()
    page.get_by_role("button", name="Do it" if mode is BookMode.BOOK else "Put this plan on offer").click()
    expect(page.get_by_text("Changed as it was tried.")).to_be_visible()
    kit.run()
    after = look(kit, loop.id)
    person = next(p.id for p in kit.company.people if p.name == name)
    assert person in str(after.locks)
    if mode is BookMode.BOOK:
        assert person in {s.person for s in booked(kit, loop.id)["talk"].seats}
    else:
        page.goto(f"/loops/{loop.id}")
        first = page.locator("article.plan").first
        expect(first).to_contain_text("changed by hand")
        expect(first).not_to_contain_text("proven")
    page = site.page(f"/loops/{loop.id}/change?interview=talk", java_script_enabled=False)
    page.get_by_role("link", name="Unlock people").click()
    page.get_by_role("button", name="Do it" if mode is BookMode.BOOK else "Put this plan on offer").click()
    expect(page.get_by_text("Changed as it was tried.")).to_be_visible()
    assert look(kit, loop.id).lock_of("talk") is None


def test_somebody_was_faster(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    first, second = shown(site, loop.id, java_script_enabled=False), shown(site, loop.id)
    to = good(second)
    for page in (first, second):
        page.goto(f"/loops/{loop.id}/change?interview=panel&to={to.replace('+', '%2B')}")
    first.get_by_role("button", name="Do it").click()
    expect(first.get_by_text("Changed as it was tried.")).to_be_visible()
    kit.run()
    second.get_by_label("Note for colleagues").fill("Hana asked for it.")
    second.get_by_role("button", name="Do it").click()
    expect(second.get_by_role("alert")).to_contain_text("That was not done")
    expect(second.get_by_role("alert")).to_contain_text("Panel is now")
    expect(second.get_by_label("Note for colleagues")).to_have_value("Hana asked for it.")
    site.expected("409")


def test_what_is_typed_is_tried_and_a_fault_is_told(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    page = shown(site, loop.id)
    page.get_by_label("Or type it").fill("2026-03-11T22:00")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried")).to_contain_text("refused")
    expect(page.locator("#tried .reason").first).not_to_be_empty()
    expect(page.get_by_role("button", name="Do it")).to_have_count(0)
    page.get_by_label("Or type it").fill("2026-03-11T10:01")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("grid")


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("c=cancel~panel", 200, "is no change"),
        ("c=move~nothing~2026-03-11T09:00", 200, "nothing"),
        ("interview=nothing", 422, "cannot be changed"),
        ("week=soon", 422, "is no day"),
        ("week=9999-12-31", 422, "too far away"),
    ],
)
def test_an_address_that_no_page_has_written(kit: Kit, query: str, status: int, told: str) -> None:
    plain = Plain(kit)
    loop = ask(kit, "short")
    answer = plain.get(f"/loops/{loop.id}/change?{query}")
    assert answer.status_code == status
    assert told in answer.text


def test_what_is_broken_already_is_told_apart(kit: Kit) -> None:
    plain = Plain(kit)
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    assert 'id="already"' not in plain.get(f"/loops/{loop.id}/change?interview=panel").text
    busy = f"{talk.seats[0].person}@testwerk.example"
    occupy(kit, busy, talk.span.start.isoformat(), talk.span.end.isoformat())
    text = plain.get(f"/loops/{loop.id}/change?interview=panel").text
    assert 'id="already"' in text and "is busy then" in text
    assert re.search(r'<td class="(fits|price)">', text), (
        "a start that breaks nothing itself is still offered"
    )


def test_a_form_that_no_page_has_made(kit: Kit) -> None:
    plain = Plain(kit)
    loop = ask(kit, "short")
    answer = plain.form(f"/loops/{loop.id}/change", {"c": "move~panel~2026-03-11T10:00", "tried": "nonsense"})
    assert answer.status_code == 422
    assert "That was not done" in answer.text
    assert plain.get("/loops/lp_none/change").status_code == 404


def test_a_loop_that_is_just_being_planned_is_not_changed(kit: Kit) -> None:
    plain = Plain(kit)
    loop = ask(kit, "short", windows=())
    answer = plain.get(f"/loops/{loop.id}/change")
    assert answer.status_code == 200
    assert "Only a loop with plans on offer" in answer.text
    assert "/change" not in plain.get(f"/loops/{loop.id}").text


def test_the_loops_page_leads_there(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    page = site.page(f"/loops/{loop.id}", viewport={"width": 320, "height": 700})
    page.get_by_role("link", name="Change by hand").click()
    expect(page).to_have_url(re.compile(r"/change$"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("link", name=re.compile("Debrief"))).to_be_visible()
    page.get_by_role("link", name=re.compile("Debrief")).click()
    expect(page.locator("td.now")).to_be_visible()


def test_what_would_help_is_done_with_a_click_and_undone_with_another(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    was = booked(kit, loop.id)["panel"].span
    occupy(kit, "hana@testwerk.example", "2026-03-11T15:00+01:00", "2026-03-11T16:00+01:00")
    page = shown(site, loop.id)
    page.get_by_label("Or type it").fill("2026-03-11T15:00")
    page.get_by_role("button", name="Try it").click()
    helps = page.locator("#tried ol.helps > li")
    expect(page.locator("#tried")).to_contain_text("What would help")
    expect(helps.first).to_contain_text("It would fit at another time: Panel")
    expect(helps.filter(has_text="people are asked").first).to_contain_text("Hana Maier")
    assert in_both_schemes(page) == []
    helps.first.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("Changed as it was tried.")).to_be_visible()
    kit.run()
    assert booked(kit, loop.id)["panel"].span != was
    page = shown(site, loop.id, java_script_enabled=False)
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Undone: it is as it was before")).to_be_visible()
    kit.run()
    assert booked(kit, loop.id)["panel"].span == was
    page = shown(site, loop.id)
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


def test_who_would_help_is_asked_by_mail(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    occupy(kit, "hana@testwerk.example", "2026-03-11T15:00+01:00", "2026-03-11T16:00+01:00")
    page = shown(site, loop.id, java_script_enabled=False)
    page.get_by_label("Or type it").fill("2026-03-11T15:00")
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("button", name="Ask them").first.click()
    expect(page.get_by_text("Asked by mail.")).to_be_visible()
    kit.run()
    mails = [p.read_text(encoding="utf-8") for p in (kit.folder.parent / "outbox").glob("*.eml")]
    assert any("Could you make time?" in text for text in mails)
