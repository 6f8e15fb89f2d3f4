"""Today, as a recruiter meets it in the morning: what needs a person, who is interviewed, how many loops stand where."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from connectors.errors import Forbidden
from connectors.types import Reply
from scheduler.domain.attention.calendars import CalendarFault
from scheduler.domain.attention.matters import Do, Kind
from scheduler.domain.fixes.fix import How
from scheduler.domain.hooks import HookState
from scheduler.domain.loops import UNREAD, BookMode, Reason
from scheduler.domain.subjects import Subject
from scheduler.services.asking import intake
from scheduler.services.telling import hooks
from scheduler.web.frame.viewer import Viewer
from scheduler.web.today import matters
from scheduler.web.today.forms import Until
from tests.scheduler.api.client import event
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site
from tests.stories.kit import ask, booked, look, replied

LATE_EVENING = (("2026-03-11T22:00", "2026-03-11T23:00"),)


def test_the_morning_of_a_recruiter(site: Site, kit: Kit) -> None:
    loop = ask(kit)
    ask(kit, "short", windows=LATE_EVENING, stage_visit="two")
    kit.clock.forward(days=2)
    page = site.page()
    expect(page.get_by_role("heading", name="Today Wednesday, 11 March", exact=True)).to_be_visible()
    waiting = page.get_by_role("region", name=re.compile("To do"))
    expect(waiting.locator("[id^=row-loop_infeasible]")).to_contain_text("No plan")
    expect(waiting.locator("[id^=row-invitation_unanswered]").first).to_contain_text("No answer yet")
    today = page.get_by_role("region", name="Interviews today")
    expect(today.get_by_role("link", name="Mara Lind").first).to_be_visible()
    interview = sorted(booked(kit, loop.id).values(), key=lambda i: i.span)[0]
    expect(today.locator(f"#row-{interview.id}".replace(":", "-"))).to_contain_text("no answer yet")
    replied(kit, interview, interview.seats[0].person, Reply.ACCEPTED)
    expect(today.locator(f"#row-{interview.id}".replace(":", "-"))).to_contain_text("accepted")
    page.get_by_role("link", name="1 Booked").click()
    expect(page.get_by_role("heading", name="Loops 1 loop")).to_be_visible()


def test_what_needs_nobody_any_more_goes_by_itself(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", windows=LATE_EVENING)
    page = site.page()
    expect(page.locator(f"#row-loop_infeasible-{loop.id}")).to_be_visible()
    page.locator(f"#row-loop_infeasible-{loop.id} a").first.click()
    page.get_by_text("Cancel the loop …").click()
    page.get_by_role("button", name="Cancel the loop").click()
    expect(page.get_by_text("Cancelled: all times are free")).to_be_visible()
    page.goto("/today")
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


def test_mine_are_mine(site: Site, kit: Kit) -> None:
    ask(kit, "short", BookMode.PROPOSE, windows=LATE_EVENING)
    page = site.page("/you")
    page.get_by_label("Who you are").fill("hana")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.")).to_be_visible()
    page.goto("/today")
    expect(page.get_by_role("region", name="To do 1")).to_be_visible()
    page.get_by_role("link", name="Mine", exact=True).click()
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


def test_the_morning_without_a_script(site: Site, kit: Kit) -> None:
    ask(kit, "short", windows=LATE_EVENING)
    page = site.page(java_script_enabled=False, locale="de-DE")
    page.get_by_role("link", name="Mara Lind").click()
    expect(page).to_have_url(re.compile("/loops/lp_"))


def test_somebody_takes_it_leaves_it_and_is_done_with_it(site: Site, kit: Kit) -> None:
    loop = ask(kit, "short", windows=LATE_EVENING)
    page = site.page("/you")
    page.get_by_label("Who you are").fill("hana")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept.")).to_be_visible()
    page.goto("/today")
    row = page.locator(f"#row-loop_infeasible-{loop.id}")
    row.get_by_role("button", name="Take over").click()
    expect(row).to_contain_text("Hana Maier has it")
    row.get_by_text("Not now …").click()
    row.get_by_role("button", name="Tomorrow").click()
    expect(row).to_have_count(0)
    kit.clock.forward(hours=26)
    page.reload()
    row.get_by_text("Done …").click()
    row.get_by_label("Note for colleagues").fill("They come in May.")
    row.get_by_role("button", name="Done with it").click()
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


def test_whoever_was_slower_is_told_who_has_it(kit: Kit) -> None:
    loop = ask(kit, "short", windows=LATE_EVENING)
    rolf, hana = (Plain(kit, cookies={"console-me": me}) for me in ("rolf", "hana"))
    seen = rolf.get("/today").text
    fields = dict(re.findall(r'name="(matter|cause|had|owner)" value="([^"]*)"', seen))
    assert fields["matter"].endswith(loop.id)
    assert hana.form("/today/take", fields).status_code == 303
    late = rolf.form("/today/take", fields)
    assert late.status_code == 409 and "hana has it now" in late.text
    assert rolf.form("/today/close", {**fields, "reason": "other"}).status_code == 409
    assert Plain(kit).form("/today/take", fields).status_code == 422
    again = hana.form("/today/close", {**fields, "had": "hana", "reason": "odd"})
    assert again.status_code == 422 and "no reason" in again.text
    assert hana.form("/today/snooze", {**fields, "had": "hana", "until": "never"}).status_code == 422


@pytest.mark.parametrize(
    ("until", "day"),
    [(Until.TOMORROW, "2026-03-10"), (Until.MONDAY, "2026-03-16"), (Until.MONTH, "2026-04-06")],
)
def test_it_comes_back_in_the_morning_also_when_the_clocks_have_changed(
    kit: Kit, until: Until, day: str
) -> None:
    viewer = Viewer("en", "Europe/Berlin", "", True, True, "api:browser")
    assert (
        matters.morning(until, kit.clock(), viewer).astimezone(viewer.tz).isoformat()[:16] == f"{day}T09:00"
    )


def test_every_kind_of_matter_and_every_way_has_its_words() -> None:
    assert set(matters.KINDS) == set(Kind)
    assert set(matters.DEEDS) | set(matters.MACHINES) <= set(matters.WAYS) <= set(Do)


def test_what_failed_is_tried_again_with_one_button(kit: Kit) -> None:
    hook = hooks.add(kit.app, "https://ats.example.com/hook", (), "api:local")
    told = event(application={**event()["data"]["application"], "recruiter": "nobody"})
    delivery, _ = intake.receive(kit.app, "msg-1", json.dumps(told).encode())
    kit.run()
    with kit.app.db.write() as tx:
        tx.hooks.change(hook.id, state=HookState.DISABLED, why="it answered 410: it wants no more")
        fault = CalendarFault(Subject.person("ben"), "auth_revoked", "no consent", kit.clock(), kit.clock())
        tx.calendar_faults.note([fault])
    site = Plain(kit)
    text = site.get("/today").text
    assert 'href="/people/ben"' in text and text.count('href="/health" data-open') == 2
    for path, id, said in (
        ("/health/enable", hook.id, "is told of what happens again"),
        ("/health/again", delivery, "is worked on once more"),
    ):
        assert f'action="{path}"' in text and f'name="id" value="{id}"' in text
        answer = site.form(path, {"id": id, "back": "today"})
        assert answer.status_code == 303 and answer.headers["location"] == "/today"
        assert said in site.get("/today").text
    assert "/health/" not in site.get("/today").text


def test_a_mail_that_could_not_be_sent_is_sent_again(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise Forbidden("the mailbox is closed")

    with monkeypatch.context() as patch:
        patch.setattr(type(kit.app.messenger), "send", refused)
        loop = ask(kit)
    site = Plain(kit)
    assert f'action="/loops/{loop.id}/send-again"' in site.get("/today").text
    assert site.form(f"/loops/{loop.id}/send-again", {}).status_code == 303
    kit.run()
    assert f'action="/loops/{loop.id}/send-again"' not in site.get("/today").text
    late = site.form(f"/loops/{loop.id}/send-again", {})
    assert late.status_code == 409 and "none of its mails could not be sent" in late.text


def test_whoever_was_asked_is_told_and_their_answer_is_noted_from_there(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE, LATE_EVENING), Plain(kit)
    with kit.app.db.read() as tx:
        fixes = [f for f in tx.fixes.of_loop(loop.id) if f.how in (How.ASK_PEOPLE, How.ASK_CANDIDATE)]
    for fix in fixes:
        path = f"/loops/{loop.id}/why"
        assert (
            site.form(f"{path}/{fix.id}", {"version": site.version(path), "fix": fix.id}).status_code == 303
        )
    text = site.get("/today").text
    names = {p.id: p.name for p in kit.company.people}
    for fix in fixes:
        who = ", ".join(names[p] for p in fix.people) or "the candidate"
        assert f"asked, waiting for {who}" in text and f"/loops/{loop.id}/why#{fix.id}" in text
    assert (
        fixes
        and "asked, waiting for" not in Plain(kit, cookies={"console-language": "de"}).get("/today").text
    )


def test_calendars_that_were_left_out_are_not_what_stands_in_the_way(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, LATE_EVENING)
    aside = Reason(UNREAD, "not considered, because the calendar cannot be read: Emma Ernst", ("emma",))
    lacking = Reason(UNREAD, "Talk needs 1 of few, but only 0 can be asked", ("emma",), ("talk",))
    with kit.app.db.write() as tx:
        old = look(kit, loop.id).reasons
        tx.loops.change(loop.id, "test", "", kit.clock(), "reason_added", reasons=(aside, lacking, *old))
    site = Plain(kit)
    assert aside.text not in site.get("/today").text and lacking.text in site.get("/today").text
    for path in (f"/loops/{loop.id}", f"/loops/{loop.id}/why"):
        text = site.get(path).text
        assert f'class="aside">{aside.text}' in text and f'class="reason">{aside.text}' not in text
        assert f"{lacking.text}" in text and f'class="aside">{lacking.text}' not in text
