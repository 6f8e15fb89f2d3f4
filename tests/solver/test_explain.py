"""Explanations on small hand-made loops: exact changes, sentences, batches, limits."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from benchmarks.solver.families import make
from solver.problem.plan import Limits, Plan, Status
from solver.problem.values import Gap, LongestRun, Loop, Problem
from solver.questions.explain import Fix, LoopExplanation, explain, verified
from solver.questions.solve import solve
from solver.rules.check import violations
from solver.why import amend, changes, wording
from solver.why.amend import amended
from solver.why.gaps import Lack
from solver.why.groups import Group, Kind
from tests.solver.build import (
    at,
    busy,
    debrief,
    got,
    hours,
    lock,
    loop,
    lunch,
    person,
    placed,
    plan,
    problem,
    room,
    seat,
    session,
)

DAY = ((at(0, 9), at(0, 12)),)


def told(it: Problem, name: str = "L") -> LoopExplanation:
    return explain(it).loops[name]


def kinds(found: LoopExplanation) -> list[Kind]:
    return [fix.changes[0].kind for fix in found.fixes]


def the(found: LoopExplanation, kind: Kind) -> Fix:
    (fix,) = (fix for fix in found.fixes if fix.changes[0].kind is kind)
    return fix


def test_a_loop_that_fits_needs_no_explanation() -> None:
    assert told(problem(loop(session("s", "ann")))) == LoopExplanation(alone=True)


def test_one_busy_person_is_named_with_the_hour_to_free() -> None:
    ann = person("ann", busy=(busy(at(0, 8), at(0, 18)),), work=hours(8, 18, [0]))
    found = told(problem(loop(session("s", "ann"), availability=DAY), people=[ann]))
    (gap,) = found.gaps
    assert (gap.lack, gap.session, gap.people) == (Lack.PEOPLE, "s", ("ann",))
    assert set(kinds(found)) == {Kind.PERSON, Kind.POOL}
    change = the(found, Kind.PERSON).changes[0]
    assert change.people == ("ann",)
    assert [end - start for start, end in change.times] == [60]
    assert found.sentence(str.title).startswith(
        "It is impossible even alone. Ann is never free for S when L is. It would fit if Ann could make time."
    )
    assert "at 9" in the(found, Kind.PERSON).sentence(str, lambda start, end: f"at {start // 60}")


def test_a_meeting_is_easier_to_move_than_working_hours() -> None:
    away = [person("ann", work=()), person("bob", busy=(busy(at(0, 8), at(0, 18)),))]
    found = told(problem(loop(session("s", "ann bob"), availability=DAY), people=away))
    people = [fix.changes[0].people for fix in found.fixes if fix.changes[0].kind is Kind.PERSON]
    assert people == [("bob",), ("ann",)]


def test_the_deadline_is_extended_by_as_little_as_helps() -> None:
    late = person("bob", work=hours(9, 10, [2]))
    one = loop(session("s", "ann"), availability=DAY, debrief=debrief("bob", within=60))
    found = told(problem(one, people=[late]))
    assert [gap.lack for gap in found.gaps] == [Lack.DEADLINE]
    change = the(found, Kind.DEBRIEF).changes[0]
    assert change.limits == (("within", 5 * 60 + 8 * 60),)


@pytest.mark.parametrize(
    ("one", "kind", "limits"),
    [
        (
            loop(session("s", "ann"), session("t", "bob"), max_span=90, max_days=1),
            Kind.SPAN,
            ("max_span", 120),
        ),
        (
            loop(
                session("s", "ann"), session("t", "bob"), availability=((at(0, 9), at(0, 11)),), min_break=15
            ),
            Kind.BREAKS,
            ("min_break", 0),
        ),
        (
            loop(session("s", "ann"), longest_run=LongestRun(45, 15, hard=True)),
            Kind.LONGEST_RUN,
            ("minutes", 60),
        ),
        (loop(session("s", "ann"), max_day_minutes=45), Kind.DAY_MINUTES, ("max_day_minutes", 60)),
        (
            loop(session("s", "ann"), session("t", "bob"), max_days=1, different_day=(("s", "t"),)),
            Kind.DAYS,
            ("max_days", 2),
        ),
    ],
)
def test_a_limit_is_raised_by_as_little_as_helps(one: Loop, kind: Kind, limits: tuple[str, int]) -> None:
    it = problem(one)
    fix = the(told(it), kind)
    assert fix.changes[0].limits == (limits,)
    assert verified(it, fix)


def test_a_cap_is_raised_for_the_one_person_it_binds() -> None:
    ann = person("ann", max_day=1, held=((at(0, 14), at(0, 15)),))
    found = told(problem(loop(session("s", "ann"), availability=DAY), people=[ann]))
    change = the(found, Kind.CAPS).changes[0]
    assert (change.people, change.limits) == (("ann",), (("max_day", 2),))


def test_two_sessions_that_need_the_same_person_are_named() -> None:
    found = told(problem(loop(session("s", "ann"), session("t", "ann"))))
    (gap,) = found.gaps
    assert (gap.lack, set(gap.sessions), gap.people) == (Lack.DIFFERENT, {"s", "t"}, ("ann",))
    assert kinds(found) == [Kind.POOL, Kind.POOL]


def test_an_order_that_contradicts_a_pin_offers_both() -> None:
    it = problem(loop(session("s", "ann"), session("t", "bob", after=("s",), lock=lock(at(0, 8)))))
    found = told(it)
    (gap,) = found.gaps
    assert gap.lack is Lack.TOGETHER
    assert {Group(Kind.ORDER, "t"), Group(Kind.LOCK, "t")} <= gap.helps
    assert {Kind.ORDER, Kind.LOCK} <= set(kinds(found))
    assert the(found, Kind.ORDER).changes[0].sessions == ("t", "s")
    assert "what t has to come after and what is pinned about t" in found.sentence(str)


def test_the_second_format_s_rules_are_explained_too() -> None:
    two = (session("s", "ann"), session("t", "bob"))
    far = loop(*two, gaps=(Gap("s", "t", 0, 15),), different_day=(("s", "t"),))
    assert {Kind.GAP, Kind.DIFFERENT_DAY} <= set(kinds(told(problem(far))))
    kept_out = loop(session("s", "ann"), barred=frozenset({"ann"}))
    assert kinds(told(problem(kept_out))) == [Kind.POOL, Kind.BARRED]
    same = loop(session("s", "ann"), session("t", "bob", same_people_as="s"))
    assert Kind.SAME_PEOPLE in kinds(told(problem(same)))


@pytest.mark.parametrize("first, then", [("s", "t"), ("a>b", "c"), (">", ">>")])
def test_two_sessions_are_told_apart_whatever_signs_their_ids_hold(first: str, then: str) -> None:
    two = (session(first, "ann", lock=lock(at(0, 9))), session(then, "bob", lock=lock(at(0, 11))))
    found = told(problem(loop(*two, gaps=(Gap(first, then, 0, 15),))))
    change = the(found, Kind.GAP).changes[0]
    assert (change.sessions, change.limits) == ((then, first), (("minutes", 60),))
    assert f"the time between {first} and {then}" in found.sentence(str)


@pytest.mark.parametrize("name", ["ann", "somebody", "somebody else"])
def test_a_person_is_no_stand_in_whatever_their_id(name: str) -> None:
    short = loop(session("s", seat(name.replace(" ", "-"), 1), seat("bob", 1)))
    it = problem(short, people=[person("bob", work=())])
    assert dict(the(told(it), Kind.POOL).changes[0].limits) == {"people": 1}


def test_rooms_name_what_is_missing() -> None:
    wanted = session("s", "ann", seat("bob cy", 2), room=True, features=frozenset({"video"}))
    found = told(problem(loop(wanted), rooms=[room("R", cap=9)]))
    (gap,) = found.gaps
    assert (gap.lack, gap.site, gap.wanted) == (Lack.ROOM, "here", 4)
    change = the(found, Kind.ROOMS).changes[0]
    assert (change.site, change.sessions, dict(change.limits)["cap"]) == ("here", ("s",), 4)


def test_two_changes_are_offered_where_no_single_one_helps() -> None:
    away = [person("ann", work=())]
    it = problem(
        loop(session("s", "ann"), lunch("l", "bob", window=((at(0, 12), at(0, 12, 30)),))), people=away
    )
    found = told(it)
    assert {gap.lack for gap in found.gaps} == {Lack.PEOPLE, Lack.WINDOW}
    assert found.fixes and all(len(fix.changes) == 2 for fix in found.fixes)
    assert {Kind.PERSON, Kind.WINDOW} in [{change.kind for change in fix.changes} for fix in found.fixes]


def test_three_changes_are_found_where_no_two_help() -> None:
    away = [person(name, work=()) for name in ("ann", "bob", "cy")]
    it = problem(loop(*(session(who, who) for who in ("ann", "bob", "cy"))), people=away)
    (fix,) = told(it).fixes
    assert len(fix.changes) == 3 and verified(it, fix)


BATCH = problem(
    loop(session("s", "ann"), name="L", availability=((at(0, 9), at(0, 10)),)),
    loop(session("s", "ann"), name="M", availability=((at(0, 9), at(0, 10)),)),
    loop(session("s", "zoe"), name="N"),
    people=[person("zoe", work=())],
)


def test_in_a_batch_it_is_said_who_would_fit_alone() -> None:
    found = explain(BATCH)
    assert {name: one.alone for name, one in found.loops.items()} == {"L": True, "M": True, "N": False}


def test_a_loop_that_others_keep_out_names_them() -> None:
    beside = plan(L=placed(s=got(at(0, 9), "ann")), M=None, N=None)
    found = explain(BATCH, plan=beside)
    assert set(found.loops) == {"M", "N"}
    left_out = found.loops["M"]
    assert left_out.alone and left_out.sentence(str).startswith("It would fit alone.")
    assert the(left_out, Kind.LOOP).changes[0].limits == (("L", 0),)
    for fix in left_out.fixes:
        changed = amended(BATCH, fix.changes)
        names = {one.id for one in changed.loops}
        together = {name: got for name, got in beside.loops.items() if name in names} | {"M": fix.witness}
        assert violations(changed, Plan(together)) == ()


def test_a_packed_batch_explains_what_it_left_out() -> None:
    it = make("dst", 2)
    packed = solve(it, Limits(seconds=3)).plan
    without = Plan({**packed.loops, "c0": None})
    it = replace(it, people=tuple(replace(one, max_day=1) for one in it.people))
    found = explain(it, plan=without)
    assert set(found.loops) == {name for name, one in without.loops.items() if one is None}
    for one in found.loops.values():
        assert (one.alone and one.beside) or (one.gaps and one.sentence(str))


def test_out_of_time_is_said() -> None:
    found = explain(BATCH, Limits(seconds=0))
    assert found.cut and not found.loops
    found = explain(BATCH, stop=lambda: True)
    assert found.cut


def test_the_same_question_has_the_same_answer() -> None:
    it = problem(loop(session("s", "ann"), session("t", "ann")))
    assert explain(it) == explain(it)


def test_every_kind_of_change_can_be_found_made_and_said() -> None:
    for table in (changes._FOUND, amend._AMEND, wording._CHANGES, wording._GROUPS):
        assert set(table) == set(Kind)


def test_sentences_have_no_holes() -> None:
    for template in (*wording._CHANGES.values(), *wording._GROUPS.values()):
        assert all(
            field is None or field.isidentifier() for _, field, _, _ in string.Formatter().parse(template)
        )


def test_infeasible_and_explained_agree_on_a_golden_loop() -> None:
    it = problem(loop(session("s", "ann", window=hours(3, 4))))
    assert solve(it).status is Status.INFEASIBLE
    assert kinds(told(it)) == [Kind.WINDOW]
