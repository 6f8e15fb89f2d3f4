"""One loop from the plans to the calendar file, and what is said where somebody was faster."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from connectors.types import Reply
from scheduler.domain.loops import BookMode, LoopState
from scheduler.web.frame.facts import FACTS
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site
from tests.stories.kit import MARA, ask, booked, events, look, replied


def test_a_plan_is_chosen_by_keys_and_stands_in_the_calendar(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    page = site.page(f"/loops/{loop.id}")
    expect(page.get_by_text("proven: the best there is").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_text("Chosen: the times are held")).to_be_visible()
    kit.run()
    expect(page.locator("h1 + .chip")).to_have_text("Booked")
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert {e["SUMMARY"] for e in events(kit, kit.company.organizer.address)}
    expect(page.get_by_role("table").first).to_contain_text("Europe/Lisbon")


def test_the_same_without_a_script(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    page = site.page(f"/loops/{loop.id}", java_script_enabled=False)
    page.get_by_role("button", name="Book this plan").first.click()
    expect(page.get_by_text("Chosen: the times are held")).to_be_visible()
    kit.run()
    page.reload()
    expect(page.locator("h1 + .chip")).to_have_text("Booked")
    expect(page.get_by_text("Chosen: the times are held")).to_have_count(0)


def test_an_agenda_has_each_clock_once(site: Site, kit: Kit) -> None:
    loop = ask(kit)
    page = site.page(f"/loops/{loop.id}", timezone_id="Asia/Tokyo")
    heads = page.locator(".agenda thead th")
    assert heads.all_inner_texts()[:3] == [
        "Europe/Lisbon\ncandidate", "Europe/Berlin\nplace", "Asia/Tokyo\nyou",
    ]  # fmt: skip
    same = site.page(f"/loops/{loop.id}", timezone_id="Europe/Berlin")
    assert same.locator(".agenda thead th").all_inner_texts()[:2] == [
        "Europe/Lisbon\ncandidate", "Europe/Berlin\nplace, you",
    ]  # fmt: skip
    first = sorted(booked(kit, loop.id).values(), key=lambda i: i.span)[0]
    wanted = [f"{first.span.start.astimezone(page_zone):%H:%M}" for page_zone in _zones()]
    cells = page.locator("#row-" + first.id.replace(":", "-") + " td.tight time").all_inner_texts()
    assert [cell.split("–")[0] for cell in cells] == wanted


def _zones() -> list[object]:
    from zoneinfo import ZoneInfo

    return [ZoneInfo(name) for name in ("Europe/Lisbon", "Europe/Berlin", "Asia/Tokyo")]


def test_a_decline_is_told_with_its_words_and_its_history(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    interview = booked(kit, loop.id)["panel"]
    page = site.page(f"/loops/{loop.id}")
    replied(kit, interview, "hana", Reply.DECLINED)
    expect(page.get_by_text("Hana Maier declined")).to_be_visible()
    page.get_by_text("What the calendars said when it was booked").click()
    expect(page.locator("#seen-all tbody tr").first).to_be_visible()


def test_history_names_who_cannot_come_and_who_can_again(kit: Kit) -> None:
    plain = Plain(kit)
    loop = ask(kit, "short")
    panel = booked(kit, loop.id)["panel"]
    replied(kit, panel, panel.seats[0].person, Reply.DECLINED)
    text = plain.get(f"/loops/{loop.id}").text
    name = next(p.name for p in kit.company.people if p.id == panel.seats[0].person)
    assert f"{name} cannot be there any more" in text


def test_somebody_else_was_faster(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    first = site.page(f"/loops/{loop.id}", java_script_enabled=False)
    second = site.page(f"/loops/{loop.id}", java_script_enabled=False)
    second.get_by_label("Owner").fill("hana")
    second.get_by_role("button", name="Give it to them").click()
    expect(second.get_by_label("Owner")).to_have_value("hana")
    first.get_by_text("Cancel the loop …").click()
    first.get_by_label("Message to the candidate").fill("The position is filled.")
    first.get_by_role("button", name="Cancel the loop").click()
    expect(first.get_by_role("alert")).to_contain_text("Given to Hana Maier")
    expect(first.get_by_label("Message to the candidate")).to_have_value("The position is filled.")
    assert look(kit, loop.id).state is LoopState.PROPOSED
    site.expected("409")
    first.get_by_role("button", name="Cancel the loop").click()
    expect(first.get_by_text("Cancel the loop …")).to_have_count(0)
    assert look(kit, loop.id).state is LoopState.CANCELLED


def test_two_browsers_on_one_loop_see_the_same(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    one, other = site.page(f"/loops/{loop.id}"), site.page(f"/loops/{loop.id}")
    one.get_by_role("button", name="Book this plan").first.click()
    expect(one.get_by_role("button", name="Book this plan")).to_have_count(0)
    kit.run()
    expect(other.get_by_text("Agenda")).to_be_visible()
    expect(other.get_by_role("button", name="Book this plan")).to_have_count(0)


@pytest.mark.parametrize(
    ("deed", "fields", "status", "said"),
    [
        ("choose", {"proposal": "pr_none"}, 404, "pr_none"),
        ("choose", {}, 422, "is needed"),
        ("repair", {}, 409, "only a booked loop"),
        ("accept-move", {}, 409, "none of its events was moved"),
        ("replan", {"reason": "odd"}, 422, "no reason"),
        ("cancel", {"reason": "workload", "message": "Because"}, 422, "is no reason for cancel"),
        ("owner", {"owner": "nobody"}, 422, "nobody here is called"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    kit: Kit, deed: str, fields: dict[str, str], status: int, said: str
) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE), Plain(kit)
    path = f"/loops/{loop.id}"
    answer = site.form(f"{path}/{deed}", {**fields, "version": site.version(path)})
    assert answer.status_code == status and said in answer.text
    assert look(kit, loop.id).updated_at == loop.updated_at
    if "message" in fields:
        assert ">Because</textarea>" in answer.text


def test_a_loop_is_given_back_planned_anew_and_cancelled(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE), Plain(kit)
    path = f"/loops/{loop.id}"
    for deed, fields in (
        ("owner", {"owner": "hana"}),
        ("owner", {}),
        ("replan", {}),
        ("cancel", {"reason": "other"}),
    ):
        answer = site.form(f"{path}/{deed}", {**fields, "version": site.version(path)})
        assert answer.status_code == 303 and answer.headers["location"] == path, answer.text
        kit.run()
    assert look(kit, loop.id).state is LoopState.CANCELLED and look(kit, loop.id).owner == "rolf"
    assert "Reason: Another reason" in site.get(path).text


def test_what_people_wrote_is_shown_as_they_wrote_it_and_runs_nothing(kit: Kit) -> None:
    nasty = '<script>alert(1)</script>" onload="x'
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        tx.applications.put(type(MARA)(**{**_fields(), "job": nasty}))
    for path in ("/today", "/loops", f"/loops/{loop.id}"):
        text = Plain(kit).get(path).text
        assert "<script>alert" not in text and 'onload="' not in text


def _fields() -> dict[str, object]:
    return {name: getattr(MARA, name) for name in MARA.__slots__}


def test_every_fact_that_the_product_notes_has_its_words(kit: Kit) -> None:
    loop = ask(kit)
    with kit.app.db.read() as tx:
        noted = {fact.what for fact in tx.facts.of(f"loop:{loop.id}", limit=1000)}
    assert noted - set(FACTS) == set()
