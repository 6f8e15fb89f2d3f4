"""An interviewer's page in a real browser: accept, see who could come, hand over, decline; and a feed for calendars."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import vobject
from playwright.sync_api import Browser, expect

from scheduler.domain.bookings import SeatState
from scheduler.domain.guests.links import Purpose
from scheduler.domain.loops import LoopState
from tests.scheduler.kit import Kit, make
from tests.scheduler.web.guests.doors import door
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes, serving
from tests.stories.kit import ask, booked, look

PHONE = {"width": 320, "height": 700}


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


@pytest.fixture
def site(kit: Kit, browser: Browser) -> Iterator[Site]:
    with serving(kit, browser) as found:
        yield found


def lead(kit: Kit, loop: str, spec: str) -> str:
    return next(s.person for s in booked(kit, loop)[spec].seats if s.number == 0)


@pytest.mark.parametrize("script", [True, False])
def test_accepted_handed_over_and_declined(site: Site, kit: Kit, script: bool) -> None:
    loop = ask(kit, "onsite")
    person = lead(kit, loop.id, "deep")
    page = site.stranger(java_script_enabled=script, viewport=PHONE).new_page()
    page.goto(door(kit, Purpose.ATTEND, person=person))
    deep = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Deep dive"))
    expect(deep).to_contain_text("Mara Lind, Backend Engineer")
    expect(deep).to_contain_text("You lead")
    if script:
        assert in_both_schemes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    deep.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_have_text("Accepted.")
    assert (
        next(s for s in booked(kit, loop.id)["deep"].seats if s.person == person).state is SeatState.ACCEPTED
    )
    deep.get_by_role("link", name="I cannot come, or hand over").click()
    expect(page.get_by_role("heading", name="Who could take over")).to_be_visible()
    if script:
        assert in_both_schemes(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    other = page.get_by_role("button", name="Hand over").first
    expect(other).to_be_visible()
    other.click()
    expect(page.get_by_role("status")).to_contain_text("Handed over")
    kit.run()
    assert lead(kit, loop.id, "deep") != person and look(kit, loop.id).state is LoopState.CONFIRMED


def test_declined_with_a_reason_in_german_and_the_back_button(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short")
    person = lead(kit, loop.id, "talk")
    page = site.stranger(locale="de-DE").new_page()
    page.goto(door(kit, Purpose.ATTEND, person=person))
    talk = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Talk"))
    talk.get_by_role("link", name="Ich kann nicht").click()
    page.get_by_label("Warum").select_option("illness")
    page.get_by_label("Etwas dazu").fill("Fieber")
    page.get_by_role("button", name="Absagen").click()
    expect(page.get_by_role("status")).to_contain_text("Abgesagt")
    page.go_back()
    page.get_by_role("button", name="Absagen").click()
    expect(page.get_by_role("status")).to_contain_text("Abgesagt")
    kit.run()
    assert lead(kit, loop.id, "talk") != person
    page.go_back()  # the page is kept nowhere: it says that this one is not theirs any more
    expect(page.get_by_role("alert")).to_be_visible()
    site.expected("status of 404")


def test_observers_are_told_and_others_links_open_nothing(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    guest = Plain(kit, signed_in=False)
    emma = guest.get(door(kit, Purpose.ATTEND, person="emma")).text
    assert "You observe: listen, and ask nothing." in emma and "hand over" not in emma
    path = door(kit, Purpose.ATTEND, person="nora")
    assert "You have no interviews ahead." in guest.get(path).text
    deep = booked(kit, loop.id)["deep"].id
    assert guest.get(f"{path}/decline?interview={deep}").status_code == 404
    assert guest.form(f"{path}/decline", {"interview": deep}).status_code == 409
    assert guest.form(f"{path}/accept", {}).status_code == 409
    assert all(s.state is not SeatState.DECLINED for s in booked(kit, loop.id)["deep"].seats)
    as_candidate = door(kit, Purpose.CHOOSE, loop=loop.id).replace("/candidate/", "/interviewer/")
    nothing = {
        guest.get(a + more).content
        for a in (as_candidate, "/interviewer/x")
        for more in ("", "/calendar.ics")
    }
    assert len(nothing) == 1


def test_the_feed_holds_what_is_theirs_and_says_what_is_not_accepted(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    person = lead(kit, loop.id, "deep")
    guest, path = Plain(kit, signed_in=False), door(kit, Purpose.ATTEND, person=person)
    deep = booked(kit, loop.id)["deep"]
    guest.form(f"{path}/accept", {"interview": deep.id})
    answer = guest.get(f"{path}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    found = {e.dtstart.value: e for e in vobject.readOne(answer.text).vevent_list}
    mine = [i for i in booked(kit, loop.id).values() if person in {s.person for s in i.seats}]
    assert set(found) == {i.span.start for i in mine}
    assert found[deep.span.start].status.value == "CONFIRMED"
    assert {e.status.value for at, e in found.items() if at != deep.span.start} == {"TENTATIVE"}
