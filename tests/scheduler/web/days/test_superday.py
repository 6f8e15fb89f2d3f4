"""A superday: asked for, watched while it is solved, packed anew around what is kept, booked at once."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from scheduler.domain.loops import LoopState
from scheduler.domain.proposals import BatchProgress, BatchState
from scheduler.services.asking import batches
from scheduler.services.asking.batches import BatchRequest
from scheduler.services.overview import superdays
from scheduler.web.superday import chart
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.scheduler.web.site import Site, in_both_schemes
from tests.stories.kit import look
from tests.stories.test_superdays import PROPOSE, WEDNESDAY, WEEK, waiting
from tests.stories.test_together import want

BERLIN = ZoneInfo("Europe/Berlin")


def solved(kit: Kit, count: int = 4) -> tuple[str, list[str]]:
    """A superday that is planned: of four loops one is left out."""
    loops = waiting(kit, count)
    made = batches.ask(kit.app, BatchRequest(WEDNESDAY, "Europe/Berlin", loops), "person:rolf")
    kit.run()
    return made.id, loops


def placed(kit: Kit, loops: list[str]) -> list[str]:
    return [loop for loop in loops if look(kit, loop).state is LoopState.PROPOSED]


@pytest.mark.parametrize("script", [True, False])
def test_a_superday_from_the_first_click_to_the_bookings(site: Site, kit: Kit, script: bool) -> None:
    loops = waiting(kit, 4)
    page = site.page("/superdays", java_script_enabled=script)
    page.get_by_role("link", name="New superday").click()
    page.get_by_label("Day", exact=True).fill("2026-03-11")
    for n in range(4):
        page.get_by_label(f"Candidate {n}").check()
    page.get_by_label("On the clock of").select_option("Europe/Berlin")
    page.get_by_role("button", name="Make one plan for all of them").click()
    expect(page.get_by_role("heading", name=re.compile("Superday Wed"))).to_be_visible()
    expect(page.locator(".head .chip")).to_have_text("Being planned")
    id = page.url.rpartition("/")[2]
    kit.clock.forward(seconds=1)
    with kit.app.db.write() as tx:
        tx.batches.change(id, progress=BatchProgress(2, 4, 300, 90, 1), updated_at=kit.clock())
    if not script:
        page.reload()
    expect(page.get_by_text("2 of 4 placed · price 300, none can be cheaper than 90")).to_be_visible()
    kit.run()
    if not script:
        page.reload()
    expect(page.get_by_text("3 of 4 placed, one is left out")).to_be_visible()
    (left,) = set(loops) - set(placed(kit, loops))
    row = page.locator(f"#row-{left}")
    expect(row).to_contain_text("it fits alone, but not beside the other loops")
    expect(row).to_contain_text(re.compile(r"It would fit if Candidate \d gave way\."))
    if script:
        assert in_both_schemes(page) == []
    page.get_by_role("button", name="Book all 3").click()
    expect(page.get_by_text("Chosen: all times are held")).to_be_visible()
    kit.run()
    assert [look(kit, loop).state for loop in placed(kit, loops)] == []
    assert sum(look(kit, loop).state is LoopState.CONFIRMED for loop in loops) == 3
    page.goto(f"/superdays/{id}")
    expect(page.locator(".head .chip")).to_have_text("Booked")
    page.goto("/superdays")
    expect(page.locator(f"#row-{id} .chip")).to_have_text("Booked")


@pytest.mark.parametrize("script", [True, False])
def test_rows_are_kept_and_left_out_and_the_rest_is_packed_anew(site: Site, kit: Kit, script: bool) -> None:
    id, loops = solved(kit)
    kept, out, _ = placed(kit, loops)
    (left,) = set(loops) - set(placed(kit, loops))
    with kit.app.db.read() as tx:
        before = next(r.plan for r in superdays.whole(tx, id).rows if r.loop.id == kept)
    page = site.page(f"/superdays/{id}", java_script_enabled=script)
    page.locator(f"#row-{kept}").get_by_label("keep").check()
    page.locator(f"#row-{out}").get_by_label("leave out").check()
    page.locator(f"#row-{left}").get_by_role("combobox").select_option("weighs more")
    page.get_by_role("button", name="Pack anew").click()
    expect(page.locator(".head .chip")).to_have_text("Being planned")
    kit.run()
    page.reload()
    expect(page.locator(f"#row-{out}")).to_have_count(0)
    expect(page.get_by_role("button", name="Book all 3")).to_be_visible()
    with kit.app.db.read() as tx:
        rows = {r.loop.id: r for r in superdays.whole(tx, id).rows}
    assert rows[kept].plan == before and rows[kept].locked and rows[left].priority == 3
    page.get_by_text("Call it off …").click()
    page.get_by_role("button", name="Call the superday off").click()
    expect(page.locator(".head .chip")).to_have_text("Called off")
    assert batches.get(kit.app, id).state is BatchState.CANCELLED


def test_whoever_was_slower_is_told_and_nothing_is_done(kit: Kit) -> None:
    id, loops = solved(kit, 2)
    site = Plain(kit)
    seen = site.version(f"/superdays/{id}")
    assert site.form(f"/superdays/{id}/repack", {"version": seen, "leave_out": loops[0]}).status_code == 303
    kit.run()
    for deed in ("choose", "repack", "cancel"):
        late = site.form(f"/superdays/{id}/{deed}", {"version": seen})
        assert late.status_code == 409 and "was packed anew or called off since" in late.text
    assert look(kit, loops[1]).state is LoopState.PROPOSED
    odd = site.form(
        f"/superdays/{id}/repack",
        {"version": site.version(f"/superdays/{id}"), "lock": "lp_none", "weight": f"{loops[1]}:2"},
    )
    assert odd.status_code == 422 and "is not in this batch" in odd.text
    assert site.get("/superdays/bt_none").status_code == 404
    assert site.form("/superdays/bt_none/cancel", {"version": "0"}).status_code == 404


def test_who_cannot_be_had_any_more_is_named_and_keeps_nobody_from_theirs(kit: Kit) -> None:
    id, _ = solved(kit, 2)
    site = Plain(kit)
    version = site.version(f"/superdays/{id}")
    people = tuple(replace(p, active=p.id not in ("anna", "ben")) for p in kit.company.people)
    with kit.app.db.write() as tx:
        tx.company.replace(replace(kit.company, people=people), kit.clock())
    answer = site.form(f"/superdays/{id}/choose", {"version": version})
    assert answer.status_code == 409 and "These could not be had" in answer.text
    assert re.search(r"<li>Candidate \d: ", answer.text)


def test_faults_stand_beside_their_fields_and_speak_of_candidates(kit: Kit) -> None:
    thursday = want(kit, 1, PROPOSE, (("2026-03-12T09:00", "2026-03-12T17:00"),)).id
    free = want(kit, 2, PROPOSE, WEEK).id
    site = Plain(kit)
    good = {"day": "2026-03-11", "start": "09:00", "end": "17:00", "zone": "Europe/Berlin", "loops": free}
    said = site.form("/superdays", {**good, "loops": thursday})
    assert said.status_code == 422
    assert "Candidate 1 has no window of the candidate in this one; ask the candidate" in said.text
    assert f'value="{thursday}" checked' in said.text and 'value="2026-03-11"' in said.text
    for change, field in (
        ({"end": "08:00"}, "end"),
        ({"day": "2026-03-02"}, "end"),
        ({"day": "soon"}, "day"),
        ({"zone": "Mars/North"}, "zone"),
        ({"start": "9"}, "start"),
        ({"seconds": "7"}, "seconds"),
    ):
        answer = site.form("/superdays", {**good, **change})
        assert answer.status_code == 422 and f'id="fault-{field}"' in answer.text, change
    nobody = site.form("/superdays", [(n, v) for n, v in good.items() if n != "loops"])
    assert nobody.status_code == 422 and 'id="fault-loops"' in nobody.text
    assert site.form("/superdays", good).status_code == 303
    assert f'value="{free}"' not in site.get("/superdays/new").text, "another superday has it"


def test_every_interview_of_every_plan_is_in_the_picture_at_its_time(kit: Kit) -> None:
    id, _ = solved(kit)
    with kit.app.db.read() as tx:
        rows = superdays.whole(tx, id).rows
    scale = chart.scale([r.told for r in rows], BERLIN)
    assert scale is not None and not scale.several
    for row in rows:
        boxes = [b for line in scale.lines(row.told) for b in line.boxes]
        assert [b.told for b in boxes] == list(row.told)
        for box in boxes:
            start = box.told.planned.span.start.astimezone(BERLIN)
            assert box.x == round((start.hour + start.minute / 60 - scale.first) * chart.HOUR)
            assert 0 <= box.x < box.x + box.width < scale.width
    assert chart.scale([], BERLIN) is None
