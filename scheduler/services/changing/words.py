"""Rules and prices as a recruiter reads them, with names and wall-clock times.

Told by `tests/stories/test_changing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import solver
from scheduler.domain.fixes import saying
from scheduler.domain.fixes.saying import Said, listed
from scheduler.domain.loops import Reason
from scheduler.domain.time import Span, intersection, without, zone
from scheduler.services.changing.draft import Draft
from scheduler.services.changing.posing import Posed
from scheduler.services.planning.encode import DEBRIEF
from scheduler.services.planning.naming import title_of, told_span
from solver import BusyKind, LoopPlan, Violation


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that stands against a change: ``interview`` and ``people`` whom it is about, ``fix`` what would help."""

    rule: str
    interview: str
    people: tuple[str, ...]
    text: str
    fix: str
    said: Said | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Override:
    """A soft rule that the plan breaks and the one before did not: who takes it says why."""

    rule: str
    interview: str
    people: tuple[str, ...]
    text: str
    said: Said | None = field(default=None, compare=False)


_SAID = {
    "busy": "{who} is busy then",
    "work": "{who} does not work then",
    "lunch_block": "{who} has lunch then",
    "apart": "{who} is in another meeting of this loop then, or too close to it",
    "held": "{who} has an interview of another loop then, or too close to it",
    "travel_person": "{who} could not get there in time",
    "max_day": "{who} would have more interviews that day than they may",
    "max_week": "{who} would have more interviews that week than they may",
    "once_in_session": "{who} would have two places in it",
    "once_in_loop": "{who} is in another interview of this loop as well",
    "barred": "{who} has met the candidate in an earlier round",
    "availability": "the candidate does not offer that time, or is not free then",
    "horizon": "that time is beyond the loop's horizon",
    "window": "the interview has hours of its own, and that is outside them",
    "lock": "it is locked to something else",
    "breaks": "the break beside another interview would be too short, or they would overlap",
    "order": "it would not come after the interview that goes before it",
    "gap": "the distance to the interview before it would not be kept",
    "room": "it has no room",
    "room_fits": "the room does not fit: its site, its places or what it offers",
    "room_busy": "the room is taken then",
    "room_once": "the room is used by another interview then",
    "debrief_after": "the debrief would not come after the last interview",
    "debrief_within": "the debrief would be too late after the last interview",
    "shadow": "{who} cannot observe it",
}
_SEAT_LEFT = "a seat is not filled"
_NOT_IN_POOL = "{who} is not among those who may take this seat"
_PERSON = "seat somebody else (`substitutes`), or choose another time (`starts`)"
_TIME = "choose another time (`starts`)"
_FIXES = {
    "availability": "ask the candidate, and add the time to the windows",
    "horizon": "change the horizon",
    "lock": "unlock it",
    "seats": "seat somebody else (`substitutes`), or add a seat for them",
    "room": "choose a room",
    "room_fits": "choose another room",
    "room_busy": "choose another room or another time",
    "room_once": "choose another room or another time",
    "no_window": "offer other windows, or change the horizon",
    "window": "choose a time inside its hours (`starts`), or offer one",
    "left": "seat somebody else (`substitutes`)",
    "declined": "seat somebody else (`substitutes`)",
    "locked": "unlock it",
    "unknown_calendar": "seat somebody else, or have the calendar made readable",
}
SOFT = ("tentative", "focus", "outside_pref", "rank", "run", "notice")
"""Rules that may be broken at a price, and with a reason."""
DEARER = {
    "finish": ("the loop is over later", "the loop is over sooner"),
    "idle": ("the candidate waits longer between interviews", "the candidate waits less"),
    "extra_day": ("the candidate comes on more days", "the candidate comes on fewer days"),
    "tentative": ("more stands over something tentative", "less stands over something tentative"),
    "focus": ("more stands in hours that people keep for themselves", "less stands in people's own hours"),
    "outside_pref": ("more lies outside the preferred hours", "less lies outside the preferred hours"),
    "rank": ("lesser choices for a seat", "better choices for a seat"),
    "no_shadow": ("a trainee is missing", "a trainee has a place"),
    "fair": ("falls on people who carry more already", "falls on people who carry less"),
    "optional_empty": ("an optional seat stays empty", "an optional seat is filled"),
    "run": ("the candidate goes longer without a break", "the candidate has a break sooner"),
    "room_change": ("the candidate changes rooms more often", "the candidate changes rooms less often"),
}
"""Prices of a plan by rule, in words: where it is more, and where it is less."""


def price_in_words(price: Mapping[str, int]) -> list[str]:
    """A difference of prices, one line per rule, the dearest first."""
    ordered = sorted(price.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [f"{DEARER[rule][more < 0]}: {more:+}" for rule, more in ordered if rule in DEARER]


def refusals(posed: Posed, broken: Iterable[Violation], asked: Iterable[str]) -> tuple[Refusal, ...]:
    """What a drawn plan breaks, once each, first what is about the interviews that were ``asked`` about."""
    first = set(asked)
    found = dict.fromkeys(refusal(posed, v) for v in broken)
    return tuple(sorted(found, key=lambda r: r.interview not in first))


def refusal(posed: Posed, broken: Violation, *, timed: bool = True) -> Refusal:
    """A broken rule in words; with the time of the interview in the drawn plan where it is ``timed``."""
    spec = posed.encoded.sessions.spec.get(broken.session or "", DEBRIEF if broken.part == DEBRIEF else "")
    who = " and ".join(posed.picture.roster.name(p) for p in broken.people)
    said = _SAID.get(broken.rule) or _sentence(broken)
    where = _where(posed, posed.drawn, spec) if timed else title_of(posed.draft.loop.template, spec)
    fix = _FIXES.get(broken.rule, _PERSON if broken.people else _TIME)
    if timed and broken.rule == "availability":
        said, fix = _not_offered(posed, spec, said, fix)
    text = f"{where if spec else 'The loop'}: {said.format(who=who)}"
    rule = _named(broken, beyond=said == _SAID["horizon"])
    told = saying.said(
        "refused",
        where=_spot(posed, posed.drawn, spec, timed=timed),
        what=saying.said(
            f"rule.{rule}",
            who=listed(posed.picture.roster.name(p) for p in broken.people),
            text=broken.text,
        ),
    )
    return Refusal(broken.rule, spec, broken.people, text, fix, told)


def _named(broken: Violation, *, beyond: bool) -> str:
    """The rule as its sentence tells it: a seat that nobody has is another one than somebody who may not have it."""
    if broken.rule == "seats" and broken.people:
        return "seats_person"
    return "horizon" if beyond else broken.rule


def _not_offered(posed: Posed, spec: str, said: str, fix: str) -> tuple[str, str]:
    """Whose limit it is: the candidate's, or that of the loop's horizon; and a lock that keeps it there."""
    loop, there = posed.draft.loop, posed.draft.wanted.get(spec)
    if there is not None and without([there.span], [loop.horizon]):
        said, fix = _SAID["horizon"], _FIXES["horizon"]
    held = loop.lock_of(spec)
    return said, f"{fix}, or unlock it" if held is not None and held.start is not None else fix


def outside(draft: Draft) -> tuple[Refusal, ...]:
    """What is booked and would lie outside of other windows, or of another horizon, that were asked for."""
    base, loop = draft.ground, draft.loop
    if not base.booked or (base.loop.windows, base.loop.horizon) == (loop.windows, loop.horizon):
        return ()
    return tuple(_booked_outside(draft, id) for id in _left_outside(draft))


def _left_outside(draft: Draft) -> Iterator[str]:
    for id, there in draft.wanted.items():
        if id == DEBRIEF or id in draft.ground.begun:
            continue
        if without([there.span], intersection(draft.loop.windows, [draft.loop.horizon])):
            yield id


def _booked_outside(draft: Draft, id: str) -> Refusal:
    loop, span = draft.loop, draft.wanted[id].span
    title = f"{title_of(loop.template, id)}, {told_span(span, zone(loop.zone))}"
    beyond = without([span], [loop.horizon])
    limit = "the loop's horizon" if beyond else "what the candidate offers"
    fix = "let the horizon reach that far" if beyond else "offer that time as well"
    told = saying.said(
        "refused",
        where=saying.said("timed", title=title_of(loop.template, id), at=saying.times([span], loop.zone)),
        what=saying.said("rule.booked_beyond" if beyond else "rule.booked_outside"),
    )
    text = f"{title}: it is booked, and would lie outside of {limit}"
    return Refusal("availability", id, (), text, fix, told)


def _sentence(broken: Violation) -> str:
    if broken.rule == "seats":
        return _NOT_IN_POOL if broken.people else _SEAT_LEFT
    if broken.rule == "known":
        return "it has no time yet"
    if broken.rule == "max_days":
        return f"the candidate would have to come on too many days: it {broken.text}"
    sentence = solver.RULES[broken.rule]
    return "this rule would be broken: " + sentence.rstrip(".").replace("{", "{{").replace("}", "}}")


def from_reasons(reasons: Iterable[Reason]) -> tuple[Refusal, ...]:
    """What keeps a loop from being planned at all, in the same form."""
    return tuple(
        Refusal(
            r.kind,
            r.interviews[0] if r.interviews else "",
            r.people,
            r.text,
            _FIXES.get(r.kind, _PERSON),
            r.said,
        )
        for r in reasons
    )


def _where(posed: Posed, plan: LoopPlan, spec: str) -> str:
    """The interview with its time in a plan."""
    title, span = _placed(posed, plan, spec)
    return title if span is None else f"{title}, {told_span(span, zone(posed.draft.loop.zone))}"


def _spot(posed: Posed, plan: LoopPlan, spec: str, *, timed: bool = True) -> Said:
    """The same as data."""
    title, span = _placed(posed, plan, spec)
    if not spec:
        return saying.said("the_loop")
    if span is None or not timed:
        return saying.said("untimed", title=title)
    return saying.said("timed", title=title, at=saying.times([span], posed.draft.loop.zone))


def _placed(posed: Posed, plan: LoopPlan, spec: str) -> tuple[str, Span | None]:
    """An interview and its time in a plan."""
    scale, loop = posed.encoded.scale, posed.encoded.problem.loops[0]
    title = title_of(posed.draft.loop.template, spec) if spec else "The loop"
    ids = {s: id for id, s in posed.encoded.sessions.spec.items()}
    got = plan.sessions.get(ids.get(spec, ""))
    start, minutes = plan.debrief, loop.debrief.dur if loop.debrief else 0
    if spec != DEBRIEF:
        start = got.start if got else None
        minutes = next((s.dur for s in loop.sessions if s.id == ids.get(spec)), 0)
    return title, None if start is None else scale.span(start, minutes)


# -- what is soft -----------------------------------------------------------------------------------


def overrides(posed: Posed, plan: LoopPlan, price: Mapping[str, int]) -> tuple[Override, ...]:
    """What the plan does at a price that somebody has to answer for, and the plan before did not."""
    then, now = set(_soft(posed, posed.before)), _soft(posed, plan)
    found = [_override(posed, plan, *spot) for spot in dict.fromkeys(now) if spot not in then]
    if price.get("run", 0) > 0:
        text = "the candidate would be interviewed for longer without a break than the template wants"
        found.append(Override("run", "", (), text, saying.said("over.run")))
    return tuple(found)


_Spot = tuple[str, str, str]


def _soft(posed: Posed, plan: LoopPlan) -> list[_Spot]:
    """``(rule, interview, person)`` of everything soft that a plan stands over."""
    return [*_over_blocks(posed, plan), *_disliked(posed, plan), *_too_soon(posed, plan)]


def _over_blocks(posed: Posed, plan: LoopPlan) -> Iterator[_Spot]:
    """Tentative meetings and hours that people keep for themselves."""
    people = {p.id: p for p in posed.encoded.problem.people}
    for spec, start, end, who in _events(posed, plan):
        for person in (people[p] for p in who if p in people):
            for block in person.busy:
                if (
                    block.kind in (BusyKind.TENTATIVE, BusyKind.FOCUS)
                    and block.start < end
                    and start < block.end
                ):
                    yield block.kind.value, spec, person.id


def _events(posed: Posed, plan: LoopPlan) -> Iterator[tuple[str, int, int, tuple[str, ...]]]:
    loop, panel = posed.encoded.problem.loops[0], dict[str, None]()
    for session in loop.sessions:
        got = plan.sessions.get(session.id)
        if got is None:
            continue
        who = tuple(p for seat in got.people for p in seat)
        if session.kind is solver.SessionKind.INTERVIEW:
            panel.update(dict.fromkeys(who))
        shadow = (got.shadow,) if got.shadow else ()
        yield posed.encoded.sessions.spec[session.id], got.start, got.start + session.dur, (*who, *shadow)
    if loop.debrief is not None and plan.debrief is not None:
        panel.update(dict.fromkeys(loop.debrief.attend))
        yield DEBRIEF, plan.debrief, plan.debrief + loop.debrief.dur, tuple(panel)


def _disliked(posed: Posed, plan: LoopPlan) -> Iterator[_Spot]:
    """Interviews outside the preferred hours, and people who would rather not."""
    loop = posed.encoded.problem.loops[0]
    for session in loop.sessions:
        got = plan.sessions.get(session.id)
        if got is None:
            continue
        spec, end = posed.encoded.sessions.spec[session.id], got.start + session.dur
        inside = any(a <= got.start and end <= b for a, b in loop.preferred)
        if session.kind is solver.SessionKind.INTERVIEW and not inside:
            yield "outside_pref", spec, ""
        for seat, people in zip(session.seats, got.people, strict=False):
            yield from (("rank", spec, p) for p in people if seat.rank.get(p))


def _too_soon(posed: Posed, plan: LoopPlan) -> Iterator[_Spot]:
    """Interviews within the least notice, which the booked ones do not have to keep."""
    draft, scale = posed.draft, posed.encoded.scale
    hours = draft.loop.template.notice_hours if draft.ground.booked else 0
    limit = scale.ceil(draft.ground.now) + hours * 60
    was = {s: got.start for s, got in posed.before.sessions.items()}
    for session, got in plan.sessions.items():
        if hours and got.start < limit and was.get(session) != got.start:
            yield "notice", posed.encoded.sessions.spec[session], ""


_OVER = {
    "tentative": "{who} may be busy then: something tentative stands in the calendar, or is on offer to others",
    "focus": "{who} keeps that time for themselves",
    "outside_pref": "outside the preferred hours of the template",
    "rank": "{who} would rather not do it",
    "notice": "within the least notice of the template",
}


def _override(posed: Posed, plan: LoopPlan, rule: str, spec: str, person: str) -> Override:
    who = posed.picture.roster.name(person) if person else ""
    text = f"{_where(posed, plan, spec)}: {_OVER[rule].format(who=who)}"
    told = saying.said("refused", where=_spot(posed, plan, spec), what=saying.said(f"over.{rule}", who=who))
    return Override(rule, spec, (person,) if person else (), text, told)


def price_between(posed: Posed, plan: LoopPlan) -> dict[str, int]:
    """What a plan costs more than the one before (less, if negative), per rule that differs."""
    then, now = posed.price(posed.before), posed.price(plan)
    found = {rule: now[rule] - then[rule] for rule in now if rule in DEARER}
    return {rule: more for rule, more in found.items() if more}


def told(span: Span, zone_name: str) -> str:
    """A time on the loop's clock."""
    return f"{told_span(span, zone(zone_name))} ({zone_name})"
