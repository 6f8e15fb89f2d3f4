"""Fixes carried out: applied with a reason, or asked for; what a loop is let off is its own, and calendars have the last
word."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.local.folder import Entry, add_entries, create_calendar
from scheduler.domain.errors import BadInput, DomainError, Missing, WrongState
from scheduler.domain.fixes.fix import Fix, FixState, How
from scheduler.domain.loops import BookMode, Candidate, Loop, LoopState
from scheduler.services.asking import fixing
from scheduler.services.asking.fixing import Done
from scheduler.services.booking import choose
from scheduler.services.planning import plan as planning
from scheduler.storage import invariants
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import DAYS, MARA, ask, booked, look
from tests.stories.test_mails import mails
from tests.stories.test_repair_asks import offers

FAR = (("2026-04-13T09:00", "2026-04-13T17:00"),)
SOON = (("2026-03-10T09:00", "2026-03-10T17:00"),)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def changed(folder: Path, *pairs: tuple[str, str]) -> Kit:
    text = COMPANY.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return make(folder, text)


def fixes(kit: Kit, loop: Loop) -> list[Fix]:
    with kit.app.db.read() as tx:
        return fixing.of_loop(tx, loop.id)


def of_kind(kit: Kit, loop: Loop, kind: str) -> Fix:
    found = [fix for fix in fixes(kit, loop) if [c.kind for c in fix.changes] == [kind]]
    assert found, [(f.text, f.changes) for f in fixes(kit, loop)]
    return found[0]


def do(kit: Kit, loop: Loop, fix: str, reason: str | None = "agreed") -> Done:
    with kit.app.db.write() as tx:
        done = fixing.carry_out_in(kit.app, tx, loop.id, fix, "person:rolf", reason, "a word")
    kit.run()
    return done


def answer(kit: Kit, loop: Loop, fix: str, agreed: bool) -> Done:
    with kit.app.db.write() as tx:
        done = fixing.answer_in(kit.app, tx, loop.id, fix, "person:rolf", agreed=agreed)
    kit.run()
    return done


def away(kit: Kit, person: str, *days: int) -> None:
    """All day in something that cannot be moved."""
    whole = [
        Entry("Fair", datetime(2026, 3, d, tzinfo=UTC), datetime(2026, 3, d + 1, tzinfo=UTC)) for d in days
    ]
    add_entries(kit.folder, f"{person}@testwerk.example", whole)


def policy(kit: Kit) -> object:
    with kit.app.db.read() as tx:
        return tx.company.policy(), list(tx.people.list()), list(tx.sites.list()), list(tx.templates.list())


def test_a_longer_horizon_is_applied_for_a_reason(kit: Kit) -> None:
    loop, before = ask(kit, "short", BookMode.PROPOSE, FAR), policy(kit)
    fix = of_kind(kit, loop, "horizon")
    assert (fix.how, fix.text) == (How.APPLY, loop.fixes[0])
    assert {p.interview for p in fix.plan} == {"talk", "panel", "debrief"}
    done = do(kit, loop, fix.id)
    assert done.applied
    now = look(kit, loop.id)
    assert (now.state, now.horizon.end) == (LoopState.PROPOSED, datetime(2026, 4, 13, 15, tzinfo=UTC))
    assert fixes(kit, loop) == [] and policy(kit) == before
    with kit.app.db.read() as tx:
        (kept,) = tx.exemptions.of_loop(loop.id)
        told = {f.what: f for f in tx.facts.of(f"loop:{loop.id}")}
    assert (kept.change.kind, kept.actor, kept.reason, kept.note) == (
        "horizon",
        "person:rolf",
        "agreed",
        "a word",
    )
    assert told["fix_applied"].data["reason"] == "agreed"
    assert (told["reason_given"].before, told["reason_given"].after) == ("override", "agreed")


def test_less_notice_is_applied(tmp_path: Path) -> None:
    kit = changed(tmp_path, ("notice_hours: 1", "notice_hours: 72"))
    loop = ask(kit, "short", BookMode.PROPOSE, SOON)
    assert loop.state is LoopState.INFEASIBLE
    fix = of_kind(kit, loop, "notice")
    assert fix.changes[0].limit >= 24 and "of notice instead of 72 hours" in fix.text
    assert do(kit, loop, fix.id).applied
    assert look(kit, loop.id).state is LoopState.PROPOSED
    assert look(kit, loop.id).template.notice_hours == fix.changes[0].limit
    with kit.app.db.read() as tx:
        template = tx.templates.get("short")
    assert template is not None and template.notice_hours == 72


def test_a_cap_is_lifted_for_one_loop_up_to_the_booking(tmp_path: Path) -> None:
    """Dirk alone does talks, one a day: the second loop of a day needs his yes to two, and is booked with it."""
    kit = changed(
        tmp_path,
        ("seats: [{pool: engineers}]", "seats: [{person: dirk}]"),
        ("email: dirk@testwerk.example}", "email: dirk@testwerk.example, max_day: 1, max_week: 8}"),
    )
    first = ask(kit, "short", BookMode.BOOK, DAYS[:1])
    assert first.state is LoopState.CONFIRMED
    other = replace(MARA, id="app-2", candidate=Candidate("Otto", "otto@example.org", "Europe/Berlin"))
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS[:1], application=other)
    assert loop.state is LoopState.INFEASIBLE
    fix = of_kind(kit, loop, "caps")
    assert (fix.how, fix.changes[0].people, dict(fix.changes[0].limits)) == (
        How.APPLY,
        ("dirk",),
        {"max_day": 2},
    )
    do(kit, loop, fix.id, "urgent")
    (plan, *_) = offers(kit, look(kit, loop.id))
    choose.choose(kit.app, plan.id, "person:rolf")
    kit.run()
    assert look(kit, loop.id).state is LoopState.CONFIRMED
    with kit.app.db.read() as tx:
        dirk = tx.people.get("dirk")
    assert dirk is not None and dirk.max_day == 1, "one loop is let off, nobody's cap is changed"
    third = ask(kit, "short", BookMode.PROPOSE, DAYS[:1], replace(other, id="app-3"), stage_visit="third")
    assert third.state is LoopState.INFEASIBLE


def test_a_holiday_is_worked_by_those_who_agree(tmp_path: Path) -> None:
    kit = changed(
        tmp_path,
        ("    hours: mon-fri 08:00-19:00\n", "    hours: mon-fri 08:00-19:00\n    holidays: [2026-03-11]\n"),
    )
    loop = ask(kit, "short", BookMode.PROPOSE, DAYS[:1])
    assert loop.state is LoopState.INFEASIBLE
    fix = of_kind(kit, loop, "holiday")
    assert fix.how is How.ASK_PEOPLE and "hana" in fix.people
    assert "11 March 2026 at Berlin" in fix.text
    done = do(kit, loop, fix.id, None)
    assert (done.applied, done.mails, done.fix.state) == (False, len(fix.people), FixState.ASKED)
    assert look(kit, loop.id).state is LoopState.INFEASIBLE, "nothing is planned before they agree"
    assert {m["To"].addresses[0].addr_spec for m in mails(kit)} == {
        f"{p}@testwerk.example" for p in fix.people
    }
    assert answer(kit, loop, fix.id, True).applied
    now = look(kit, loop.id)
    assert now.state is LoopState.PROPOSED
    assert all(i.span.start.date().isoformat() == "2026-03-11" for i in offers(kit, now)[0].interviews[:-1])


def test_somebody_is_asked_for_their_time_and_their_calendar_has_the_last_word(kit: Kit) -> None:
    away(kit, "hana", 11, 12)
    loop = ask(kit, "short", BookMode.PROPOSE)
    assert loop.state is LoopState.INFEASIBLE
    fix = of_kind(kit, loop, "person")
    assert (fix.how, fix.people) == (How.ASK_PEOPLE, ("hana",))
    assert do(kit, loop, fix.id, None).mails == 1
    (mail,) = mails(kit)
    assert "Could you make time?" in mail["Subject"]
    assert "please free that time in your calendar" in " ".join(mail.get_content().split())
    assert "Mara" not in mail.as_string(), "whose interview it is, is for those who agreed"
    with pytest.raises(WrongState, match="they were asked at 2026-03-09 07:00 UTC; wait a day"):
        do(kit, loop, fix.id, None)
    answer(kit, loop, fix.id, True)
    assert look(kit, loop.id).state is LoopState.INFEASIBLE, "a yes does not make her free"
    (kit.folder / "hana@testwerk.example.ics").unlink()
    create_calendar(kit.folder, "hana@testwerk.example", "Hana Maier", "Europe/Berlin")
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED


def test_a_no_is_kept_when_it_is_planned_again(kit: Kit) -> None:
    away(kit, "hana", 11, 12)
    loop = ask(kit, "short", BookMode.PROPOSE)
    fix = of_kind(kit, loop, "person")
    with pytest.raises(WrongState, match="whoever it needs has to be asked first"):
        answer(kit, loop, fix.id, False)
    do(kit, loop, fix.id, None)
    assert answer(kit, loop, fix.id, False).fix.state is FixState.REFUSED
    with pytest.raises(WrongState, match="they said no at 2026-03-09 07:00 UTC; wait a day"):
        do(kit, loop, fix.id, None)
    planning.replan(kit.app, loop.id, actor="person:rolf", cause="asked")
    kit.run()
    same = next(f for f in fixes(kit, loop) if f.id == fix.id)
    assert same.state is FixState.REFUSED
    kit.clock.forward(hours=21)
    assert do(kit, loop, fix.id, None).mails == 1, "things may be otherwise by now"


def test_the_candidate_is_asked_for_hours_and_their_yes_is_a_window(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, (("2026-03-11T09:00", "2026-03-11T10:00"),))
    assert loop.state is LoopState.INFEASIBLE
    fix = of_kind(kit, loop, "availability")
    assert fix.how is How.ASK_CANDIDATE
    assert do(kit, loop, fix.id, None).mails == 1
    (mail,) = mails(kit)
    assert mail["To"].addresses[0].addr_spec == "mara@example.org"
    assert "(Europe/Lisbon)" in mail.get_content()
    answer(kit, loop, fix.id, True)
    now = look(kit, loop.id)
    assert now.state is LoopState.PROPOSED
    assert all(any(w.start <= s.start and s.end <= w.end for w in now.windows) for s in fix.changes[0].spans)


def test_what_is_refused_says_why_and_changes_nothing(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    fix, before = fixes(kit, loop)[0], look(kit, loop.id)
    cases: list[tuple[str, str | None, type[DomainError], str]] = [
        (
            fix.id,
            None,
            BadInput,
            "reason: missing: a rule is overridden for a reason; use one of agreed, urgent",
        ),
        (fix.id, "illness", BadInput, "'illness' is no reason for override"),
        ("fx_0", "agreed", Missing, "no fix 'fx_0'"),
    ]
    for id, reason, kind, words in cases:
        with pytest.raises(kind, match=words):
            do(kit, loop, id, reason)
    assert look(kit, loop.id) == before
    with pytest.raises(Missing, match="no loop 'lp_0'"), kit.app.db.write() as tx:
        fixing.carry_out_in(kit.app, tx, "lp_0", fix.id, "person:rolf", "agreed")
    do(kit, loop, fix.id)
    with pytest.raises((WrongState, Missing)):
        do(kit, loop, fix.id)


def test_what_nobody_here_can_grant_is_done_by_hand(tmp_path: Path) -> None:
    kit = changed(
        tmp_path,
        ("seats: [{pool: engineers}]", "seats: [{pool: engineers, count: 3}]"),
        ("qualified: [anna, ben, cleo, dirk], trainee: [emma]", "qualified: [anna, ben, cleo, dirk, emma]"),
    )
    away(kit, "dirk", 11, 12)
    away(kit, "emma", 11, 12)
    loop = ask(kit, "short", BookMode.PROPOSE)
    by_hand = [f for f in fixes(kit, loop) if f.how is How.BY_HAND]
    assert by_hand, [f.text for f in fixes(kit, loop)]
    with pytest.raises(WrongState, match="nobody can be asked for it here"):
        do(kit, loop, by_hand[0].id)


def test_of_two_who_apply_it_at_once_one_does(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    fix, gate, results = fixes(kit, loop)[0], threading.Barrier(2), list[str]()

    def one() -> None:
        gate.wait()
        try:
            with kit.app.db.write() as tx:
                fixing.carry_out_in(kit.app, tx, loop.id, fix.id, "person:rolf", "agreed")
            results.append("done")
        except WrongState as error:
            results.append(error.state)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done", "planning"]
    kit.run()
    assert look(kit, loop.id).state is LoopState.PROPOSED
    with kit.app.db.read() as tx:
        assert len(tx.exemptions.of_loop(loop.id)) == 1
        assert invariants.check(tx) == []
    assert booked(kit, loop.id) == {}
