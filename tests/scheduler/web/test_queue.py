"""The queue: looked through by address, by text and by owner, page by page, and worked through many at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from scheduler.domain.errors import BadInput
from scheduler.domain.loops import Application, BookMode, Candidate, Loop, LoopState
from scheduler.web.queue import views
from scheduler.web.queue.looked_for import LookedFor
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site
from tests.stories.kit import MARA, ask, look

NAMES = ("Ada Ames", "Bo Birk", "Cy Crane")


def applicant(name: str) -> Application:
    short = name.split()[0].lower()
    return replace(
        MARA, id=f"app-{short}", candidate=Candidate(name, f"{short}@example.org", "Europe/Lisbon")
    )


def three(kit: Kit) -> list[Loop]:
    found = []
    for name in NAMES:  # in the order in which they were asked for
        found.append(ask(kit, "short", BookMode.PROPOSE, application=applicant(name), windows=()))
        kit.clock.forward(minutes=1)
    return found


def test_a_queue_is_looked_through_and_its_address_can_be_sent(site: Site, kit: Kit) -> None:
    three(kit)
    page = site.page("/loops")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Candidate, job or id").fill("crane")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.url.endswith("/loops?text=crane")
    other = site.page(page.url)
    expect(other.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Booked").click()
    expect(page.get_by_text("No loop is all of that.")).to_be_visible()
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_many_are_given_to_somebody_without_a_mouse(site: Site, kit: Kit) -> None:
    loops = three(kit)
    page = site.page("/loops")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_label("New owner").fill("Hana Maier")
    page.get_by_role("button", name="Assign").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Done to 2 loops")).to_be_visible()
    assert [look(kit, loop.id).owner for loop in loops] == ["hana", "hana", "rolf"]
    page.get_by_role("link", name="Back to the queue").click()
    expect(page.locator("tbody tr").first).to_contain_text("Hana Maier")


def test_keys_search_step_open_and_tell_of_themselves(site: Site, kit: Kit) -> None:
    loop = three(kit)[1]
    page = site.page("/today")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("j")
    expect(page.locator("#search")).to_have_value("j")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(page.get_by_role("heading", name="Loops 3 loops")).to_be_visible()
    for key in ("k", "k", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Bo Birk")).to_be_visible()
    assert loop.id in page.url


def test_switched_off_keys_do_nothing(site: Site, kit: Kit) -> None:
    page = site.page("/you")
    page.get_by_label("Single keys do something").uncheck()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.")).to_be_visible()
    page.goto("/today")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_many_are_cancelled_with_a_reason_without_a_script(site: Site, kit: Kit) -> None:
    loops = three(kit)
    page = site.page("/loops", java_script_enabled=False)
    for box in page.locator("tbody input[type=checkbox]").all()[:2]:
        box.check()
    page.get_by_text("Cancel …").click()
    page.get_by_label("Why").select_option("position_filled")
    page.get_by_role("button", name="Cancel the chosen loops").click()
    expect(page.get_by_text("Done to 2 loops")).to_be_visible()
    assert [look(kit, loop.id).state for loop in loops][:2] == [LoopState.CANCELLED] * 2


def test_what_cannot_be_done_is_told_loop_by_loop_and_what_was_typed_is_kept(kit: Kit) -> None:
    loops, site = three(kit), Plain(kit)
    nothing = site.form("/loops/bulk", {"action": "plan"})
    assert nothing.status_code == 422 and "is needed" in nothing.text
    who = site.form("/loops/bulk", {"action": "assign", "loops": loops[0].id, "owner": "Nobody"})
    assert who.status_code == 422 and "nobody here is called" in who.text and 'value="Nobody"' in who.text
    assert f'value="{loops[0].id}" aria-label="Choose the loop of Ada Ames" checked' in who.text
    why = site.form(
        "/loops/bulk", {"action": "cancel", "loops": loops[0].id, "reason": "odd", "message": "Sorry"}
    )
    assert why.status_code == 422 and 'id="fault-reason"' in why.text and ">Sorry</textarea>" in why.text
    some = site.form("/loops/bulk", [("action", "plan"), ("loops", "lp_none"), ("back", "text=bo")])
    assert some.status_code == 200 and "not done" in some.text and "/loops?text=bo" in some.text


def test_pages_go_on_behind_the_last_row(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "ROWS", 2)
    three(kit)
    site = Plain(kit)
    first = site.get("/loops?owner=rolf").text
    assert "Ada Ames" in first and "Cy Crane" not in first
    further = first.split('href="')
    address = next(a.split('"')[0] for a in further if "after=" in a.split('"')[0]).replace("&amp;", "&")
    second = site.get(address).text
    assert "Cy Crane" in second and "Ada Ames" not in second and "First page" in second


def test_a_view_is_kept_sent_and_removed(kit: Kit) -> None:
    three(kit)
    rolf, hana = (Plain(kit, cookies={"console-me": me}) for me in ("rolf", "hana"))
    assert "Keep this view" not in Plain(kit).get("/loops").text, "nobody's would be nobody's"
    wrong = rolf.form("/loops/views", {"back": "text=bo", "name": ""})
    assert wrong.status_code == 422 and 'id="fault-name"' in wrong.text
    kept = rolf.form("/loops/views", {"back": "text=bo&after=lp_1", "name": "Bo & co"})
    assert kept.headers["location"] == "/loops?text=bo"
    text = rolf.get("/loops?text=bo").text
    assert "Bo &amp; co</a>" in text and "Remove this view" in text
    address = text.split('href="/loops/views/')[1].split('"')[0]
    assert hana.get(f"/loops/views/{address}").headers["location"] == "/loops?text=bo"
    assert "Bo &amp; co" not in hana.get("/loops").text
    assert hana.form(f"/loops/views/{address}/remove", {}).status_code == 404
    assert rolf.form(f"/loops/views/{address}/remove", {}).status_code == 303
    assert rolf.get(f"/loops/views/{address}").status_code == 404


def test_late_ones_alone(kit: Kit) -> None:
    three(kit)
    site = Plain(kit, service_days=2)
    assert "No loop is all of that" in site.get("/loops?late=yes").text
    kit.clock.forward(days=3)
    assert site.get("/loops?late=yes").text.count('class="age late"') == 3


def test_a_text_without_words_is_told_and_nothing_is_found(kit: Kit) -> None:
    answer = Plain(kit).get("/loops?text=%25%25")
    assert answer.status_code == 200 and "holds no letter and no digit" in answer.text


@pytest.mark.parametrize("query", ["state=odd", "sort=x", "text=" + "x" * 300, "text=%ff"])
def test_what_nobody_can_look_for_is_refused(query: str) -> None:
    with pytest.raises(BadInput):
        LookedFor.of_query(query)


def test_an_address_says_the_same_after_being_read() -> None:
    for query in ("", "state=held&state=booking&owner=rolf", "state=all&text=a+b&after=lp_1", "late=yes"):
        assert LookedFor.of_query(query).query() == query
    assert LookedFor.of_query("state=held,booking").state == ("held", "booking")
