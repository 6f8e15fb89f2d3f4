"""What comes into somebody's calendar after the booking is noticed, once, and mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.local.folder import Entry, Show, add_entries
from connectors.types import Availability, Busy, Known, Reply, Unknown, Verdict, Window
from scheduler.domain.bookings import Interview, SeatState
from scheduler.domain.loops import Loop, LoopState
from scheduler.domain.people import Mode
from scheduler.domain.time import Span
from scheduler.services.afterwards import conflicts, repair
from scheduler.services.planning.availability import without_own
from scheduler.storage import invariants
from scheduler.workers.periodic import Periodic
from tests.scheduler.kit import Kit, make
from tests.stories.kit import MARA, ask, booked, look, replied

MINUTES = timedelta(minutes=1)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def sound(kit: Kit) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []


def lead(interview: Interview) -> str:
    return next(s.person for s in interview.seats if s.required)


def meets(kit: Kit, address: str, interview: Interview, **more: Any) -> None:
    """A meeting over the second half of the interview comes into a calendar file."""
    middle = interview.span.start + (interview.span.end - interview.span.start) / 2
    add_entries(
        kit.folder, f"{address}@testwerk.example", [Entry("Later", middle, middle + 60 * MINUTES, **more)]
    )


def later(kit: Kit, **more: float) -> int:
    """Ten minutes pass, the calendars are looked at, what follows is done; how many were asked for."""
    kit.clock.forward(**(more or {"minutes": 10}))
    asked = conflicts.look(kit.app, 7)
    kit.run()
    return asked


def facts(kit: Kit, loop: Loop, what: str) -> int:
    with kit.app.db.read() as tx:
        return sum(f.what == what for f in tx.facts.of(f"loop:{loop.id}", limit=1000))


def to_repair(kit: Kit, loop: Loop) -> int:
    with kit.app.db.read() as tx:
        found = tx.facts.of(f"loop:{loop.id}", limit=1000)
    return sum(f.what == "loop_moved" and f.after == "repairing" for f in found)


def test_a_new_meeting_of_an_interviewer_is_mended_once(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    person = lead(before["deep"])
    meets(kit, person, before["deep"])
    later(kit)
    after = booked(kit, loop.id)
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert after["deep"].span == before["deep"].span, "somebody else at the same time is the least change"
    assert lead(after["deep"]) != person
    later(kit)
    later(kit)
    assert to_repair(kit, loop) == 1
    assert look(kit, loop.id).reasons == ()
    sound(kit)


def test_a_new_meeting_of_the_manager_moves_the_interview(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)["manager"]
    meets(kit, "hana", before)
    later(kit)
    after = booked(kit, loop.id)["manager"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert lead(after) == "hana" and not after.span.overlaps(before.span)
    sound(kit)


def test_a_room_that_was_given_away_is_changed(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)["deep"]
    assert before.room is not None
    meets(kit, before.room, before)
    later(kit)
    after = booked(kit, loop.id)["deep"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert after.room != before.room or not after.span.overlaps(before.span)
    sound(kit)


def test_a_debrief_moves_when_somebody_it_needs_is_busy_then(kit: Kit) -> None:
    loop = ask(kit, "short")
    before = booked(kit, loop.id)["debrief"]
    meets(kit, "rolf", before)
    later(kit)
    after = booked(kit, loop.id)["debrief"]
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    assert not after.span.overlaps(before.span)
    assert "rolf" in {s.person for s in after.seats}
    sound(kit)


def test_what_cannot_be_mended_waits_for_a_human_and_is_told_once(kit: Kit) -> None:
    loop = ask(kit)
    manager = booked(kit, loop.id)["manager"]
    for day in (11, 12):
        start = datetime(2026, 3, day, 7, tzinfo=UTC)
        add_entries(kit.folder, "hana@testwerk.example", [Entry("Away", start, start + timedelta(hours=12))])
    for _ in range(3):
        later(kit)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    kinds = [r.kind for r in found.reasons]
    assert kinds.count("conflict") == 2, "of the manager's interview and of the debrief"
    assert "Hana Maier is busy with something else during Manager" in [
        r.text.partition(",")[0] for r in found.reasons
    ]
    assert kinds[-1] == "no_repair" and "Hana Maier" in found.reasons[-1].text
    assert booked(kit, loop.id)["manager"] == manager
    assert to_repair(kit, loop) == 1
    sound(kit)


def test_within_the_freeze_a_human_is_told_and_can_go_on_when_it_is_over(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    kit.clock.now = deep.span.start - timedelta(hours=5)
    file = kit.folder / f"{lead(deep)}@testwerk.example.ics"
    before = file.read_bytes()
    meets(kit, lead(deep), deep)
    for _ in range(3):
        later(kit)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert [r.kind for r in found.reasons] == ["conflict", "freeze"]
    assert booked(kit, loop.id)["deep"] == deep
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    assert [r.kind for r in look(kit, loop.id).reasons] == ["conflict", "freeze"], "it is still there"
    file.write_bytes(before)
    later(kit)
    assert [r.kind for r in look(kit, loop.id).reasons] == ["freeze"]
    repair.request(kit.app, loop.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    sound(kit)


def test_a_loop_that_needs_attention_gets_one_more_reason(kit: Kit) -> None:
    loop = ask(kit)
    with kit.app.db.write() as tx:
        tx.loops.move(
            loop.id,
            LoopState.NEEDS_ATTENTION,
            expect={LoopState.CONFIRMED},
            actor="t",
            cause="t",
            at=kit.clock(),
        )
    deep = booked(kit, loop.id)["deep"]
    meets(kit, lead(deep), deep)
    for _ in range(3):
        later(kit)
    found = look(kit, loop.id)
    assert found.state is LoopState.NEEDS_ATTENTION
    assert [(r.kind, r.people, r.interviews) for r in found.reasons] == [
        ("conflict", (lead(deep),), ("deep",))
    ]
    assert facts(kit, loop, "conflict_found") == 1


@pytest.mark.parametrize("show", [Show.TENTATIVE, Show.FOCUS])
def test_a_tentative_meeting_is_shown_and_changes_nothing(kit: Kit, show: Show) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    meets(kit, lead(before["deep"]), before["deep"], show=show)
    for _ in range(3):
        later(kit)
    found = look(kit, loop.id)
    assert found.state is LoopState.CONFIRMED and found.reasons == ()
    assert "may be busy during Deep dive" in found.labels["tentative"]
    assert booked(kit, loop.id) == before
    assert facts(kit, loop, "calendars_seen") == 1


def test_an_unanswered_invitation_drives_out_nobody_who_accepted(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    replied(kit, deep, lead(deep), Reply.ACCEPTED)
    meets(kit, lead(deep), deep, reply=Reply.NEEDS_ACTION, organizer="else@where.example")
    later(kit)
    after = booked(kit, loop.id)["deep"]
    assert lead(after) == lead(deep)
    assert next(s.state for s in after.seats if s.required) is SeatState.ACCEPTED
    assert "may be busy" in look(kit, loop.id).labels["tentative"]


def test_our_own_events_are_no_conflict(kit: Kit) -> None:
    loops = [ask(kit), ask(kit, "short", application=replace(MARA, id="app-2"))]
    assert later(kit) > 4
    later(kit)
    for loop in loops:
        found = look(kit, loop.id)
        assert (found.state, found.reasons, dict(found.labels)) == (LoopState.CONFIRMED, (), {})
        assert to_repair(kit, loop) == 0


def test_a_calendar_that_cannot_be_read_is_shown_and_changes_nothing(kit: Kit) -> None:
    loop = ask(kit)
    before = booked(kit, loop.id)
    person = lead(before["deep"])
    file = kit.folder / f"{person}@testwerk.example.ics"
    good = file.read_bytes()
    file.write_bytes(b"no calendar")
    for _ in range(3):
        later(kit)
    found = look(kit, loop.id)
    assert found.state is LoopState.CONFIRMED and found.reasons == () and found.blocked == ()
    assert found.labels["unread"].startswith("conflicts would not be seen: ")
    assert booked(kit, loop.id) == before
    file.write_bytes(good)
    later(kit)
    assert "unread" not in look(kit, loop.id).labels


@dataclass
class Bare:
    """The real calendars as a service shows them that tells busy times only, joined where they touch."""

    real: Any
    calls: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def availability(self, addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        self.calls.append(len(addresses))
        return {a: _bare(v) for a, v in self.real.availability(addresses, window).items()}


def _bare(state: Availability) -> Availability:
    if isinstance(state, Unknown):
        return state
    joined: list[list[datetime]] = []
    for block in state.busy:
        if joined and block.start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], block.end)
        else:
            joined.append([block.start, block.end])
    return Known(tuple(Busy(a, b, Verdict.BUSY) for a, b in joined), state.as_of, typed=False)


def bare(kit: Kit) -> Bare:
    service = Bare(kit.calendar)
    kit.app = replace(kit.app, calendars=dict.fromkeys([("local", m) for m in Mode], service))
    return service


def test_a_meeting_right_after_ours_is_no_conflict_where_only_busy_times_are_known(kit: Kit) -> None:
    loop = ask(kit)
    service = bare(kit)
    for interview in booked(kit, loop.id).values():
        around = [
            Entry("Before", interview.span.start - 15 * MINUTES, interview.span.start),
            Entry("After", interview.span.end, interview.span.end + 15 * MINUTES),
        ]
        add_entries(kit.folder, f"{lead(interview)}@testwerk.example", around)
    later(kit)
    assert look(kit, loop.id).state is LoopState.CONFIRMED and to_repair(kit, loop) == 0
    assert len(service.calls) == 1, "one request for everybody"


def test_an_interval_of_ours_is_cut_out_of_bare_busy_time_only() -> None:
    nine = datetime(2026, 3, 11, 9, tzinfo=UTC)
    ours = [Span(nine + 60 * MINUTES, nine + 120 * MINUTES)]
    long = Busy(nine, nine + 180 * MINUTES, Verdict.BUSY)
    exact = Busy(ours[0].start, ours[0].end, Verdict.BUSY)
    bare = Known((long,), nine, typed=False)
    assert [(b.start, b.end) for b in without_own(bare, "x/", ours)] == [
        (nine, nine + 60 * MINUTES),
        (nine + 120 * MINUTES, nine + 180 * MINUTES),
    ]
    assert without_own(Known((long,), nine), "x/", ours) == [long], "told apart, a longer one is another"
    assert without_own(Known((long, exact), nine, typed=False), "x/", ours) == [long]
    away = replace(long, verdict=Verdict.OUT_OF_OFFICE)
    assert without_own(Known((away,), nine, typed=False), "x/", ours) == [away]


def test_only_what_is_near_enough_and_has_not_begun_is_looked_at(kit: Kit) -> None:
    loop = ask(kit)
    starts = sorted(i.span.start for i in booked(kit, loop.id).values())
    assert conflicts.look(kit.app, 1) == 0, "it begins the day after tomorrow"
    kit.clock.now = starts[-1]
    assert conflicts.look(kit.app, 7) == 0


def test_a_loop_that_changed_while_the_calendars_were_read_is_left_alone(kit: Kit) -> None:
    loop = ask(kit)
    deep = booked(kit, loop.id)["deep"]
    meets(kit, lead(deep), deep)
    service = bare(kit)
    real = service.availability

    def meanwhile(addresses: Sequence[str], window: Window) -> Mapping[str, Availability]:
        with kit.app.db.write() as tx:
            tx.loops.change(loop.id, "t", "t", kit.clock(), "touched", labels={"a": "b"})
        return real(addresses, window)

    service.availability = meanwhile  # type: ignore[method-assign]
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 7)
    assert look(kit, loop.id).state is LoopState.CONFIRMED


def test_the_look_is_one_job_however_many_workers_ask(kit: Kit) -> None:
    for _ in range(3):
        conflicts.watch(kit.app, 7, 600)
    assert kit.jobs.waiting == [("conflicts", {"days": 7}, 0.0)]
    kit.clock.forward(minutes=10)
    conflicts.watch(kit.app, 7, 600)
    conflicts.watch(kit.app, 0, 1)
    assert len(kit.jobs.waiting) == 2
    kit.run()
    assert Periodic(kit.app).watch_days == 7
