"""Why these people: the next choices with what they cost more, on a page of their own."""

from __future__ import annotations

from datetime import timedelta

from scheduler.domain.templates import InterviewKind
from scheduler.services.changing import places
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask, booked, look


def test_the_next_two_and_their_price_are_told(kit: Kit) -> None:
    loop, site = ask(kit, "short"), Plain(kit)
    address = f"/loops/{loop.id}/picked?interview=panel"
    assert address in site.get(f"/loops/{loop.id}").text
    text = site.get(address).text
    interview = booked(kit, loop.id)["panel"]
    for number in {seat.number for seat in interview.seats}:
        seat = places.substitutes(kit.app, loop.id, "panel", number)
        able = [s for s in seat.others if s.verdict.verdict in (places.FITS, places.PRICED)]
        assert able or "Nobody else can take this seat" in text
        for one in able[:2]:
            assert f">{one.name}</th>" in text and f"{one.verdict.cost:+d} min</td>" in text
        for one in able[2:]:
            assert f">{one.name}</th>" not in text
    holder = interview.seats[0].person
    assert f"/loops/{loop.id}/picked?interview=panel" in site.get(f"/people/{holder}").text


def test_what_the_loop_itself_has_booked_makes_nobody_look_busier(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    with kit.app.db.read() as tx:
        chosen = tx.proposals.get(look(kit, loop.id).chosen or "")
    assert chosen is not None and chosen.proven
    for spec, interview in booked(kit, loop.id).items():
        if interview.kind is InterviewKind.INTERVIEW:
            found = places.substitutes(kit.app, loop.id, spec, 0)
            able = [s for s in found.others if s.verdict.verdict in (places.FITS, places.PRICED)]
            assert all(s.verdict.cost >= 0 for s in able), "nothing is better than the best"


def test_what_has_no_seats_or_is_over_has_no_answer(kit: Kit) -> None:
    loop, site = ask(kit, "short"), Plain(kit)
    for interview in ("none", "debrief"):
        assert site.get(f"/loops/{loop.id}/picked?interview={interview}").status_code == 422
    assert site.get("/loops/none/picked?interview=panel").status_code == 404
    kit.clock.now += timedelta(days=30)
    over = site.get(f"/loops/{loop.id}/picked?interview=panel")
    assert over.status_code == 422 and "has begun" in over.text
