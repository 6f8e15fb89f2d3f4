"""Where an interview could be instead, and who could take a seat: every answer with its price, or why not.

Everything else of the plan is kept; people and room of the interview itself may change, and the debrief follows. Nothing
is changed by asking. Told by `tests/stories/test_places.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.domain.errors import BadInput, NotAllowed, WrongState
from scheduler.domain.fixes.saying import said
from scheduler.domain.time import Span, utc
from scheduler.services.app import App
from scheduler.services.changing import ground, trying, words
from scheduler.services.changing.draft import known, seat_number
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.loads import Load, fitting, loads, unfit
from scheduler.services.changing.posing import Posed, pose, told_apart
from scheduler.services.changing.trying import Step
from scheduler.services.changing.words import Override, Refusal
from scheduler.services.planning.encode import DEBRIEF, decode
from scheduler.services.planning.naming import title_of
from scheduler.services.planning.sessions import session_id
from scheduler.services.solving import SolveFailed, why
from solver import LoopPlan, Place, ProblemError, Violation

FITS, PRICED, NO, UNDECIDED = "fits", "price", "no", "undecided"
MOST = timedelta(days=14)
"""The longest stretch of starts that is asked for at once."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``verdict`` is *fits* (nothing soft is broken and nobody else comes), *price*, or *no*: then ``refused`` says why,
    else ``steps`` what follows, and ``overrides`` what would take a reason."""

    verdict: str
    price: Mapping[str, int]
    refused: tuple[Refusal, ...] = ()
    steps: tuple[Step, ...] = ()
    overrides: tuple[Override, ...] = ()

    @property
    def cost(self) -> int:
        """The difference as a whole."""
        return sum(self.price.values())


@dataclass(frozen=True, slots=True)
class Start:
    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Starts:
    """Every start that was asked for, judged by what it would break itself; ``already`` is what the plan that stands
    breaks elsewhere, whatever start is chosen."""

    starts: tuple[Start, ...]
    already: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Substitute:
    person: str
    name: str
    verdict: Verdict
    load: Load


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits in a seat (``holders``) and who else could, the cheapest first, those who cannot last; ``already`` as of
    `Starts`."""

    interview: str
    number: int
    holders: tuple[str, ...]
    others: tuple[Substitute, ...]
    already: tuple[Refusal, ...] = ()
    instead_of: str = ""
    """Of those who sit there, whose place it is; empty for a seat that nobody has."""


def starts(app: App, loop_id: str, interview: str, span: Span, proposal: str | None = None) -> Starts:
    """Every start of the grid within a span of an interview, or of the debrief.

    Raises `Missing`, `WrongState`; `BadInput` for an interview that is not there or has begun, and for a span of more
    than `MOST`; `NotAllowed` where the plan cannot even be posed."""
    if span.end - span.start > MOST:
        raise BadInput("to", f"is more than {MOST.days} days after from", "ask for less at once")
    posed, already = _posed(app, loop_id, interview, proposal)
    scale, problem = posed.encoded.scale, posed.encoded.problem
    first, last = max(scale.ceil(span.start), 0), max(scale.ceil(span.end), 0)
    name = DEBRIEF if interview == DEBRIEF else session_id(loop_id, interview)
    solver = app.solver.within(posed.picture.policy.solve_seconds)
    found = _worked_out(loop_id, lambda: solver.starts(problem, posed.before, name, (first, last)))
    by_start = {scale.instant(p.start): p for p in found}
    answers = _Answers(posed, interview)
    now = posed.draft.ground.now
    rows = (
        Start(at, answers.of(by_start[at]) if at > now and at in by_start else answers.past())
        for at in _grid(span, problem.grid)
    )
    return Starts(tuple(rows), already)


def _grid(span: Span, minutes: int) -> list[datetime]:
    """The starts of the grid in a span; it counts from midnight in UTC."""
    step = timedelta(minutes=minutes)
    midnight = utc(span.start).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - (midnight - utc(span.start)) // step * step
    return [first + n * step for n in range(-((first - span.end) // step))]


def substitutes(
    app: App,
    loop_id: str,
    interview: str,
    number: int,
    instead_of: str | None = None,
    proposal: str | None = None,
) -> Seat:
    """Everybody of the pools of a seat, at the time that stands. Raises as `starts`."""
    posed, already = _posed(app, loop_id, interview, proposal)
    if interview == DEBRIEF:
        raise BadInput("interview", "the debrief has no seats of its own", "ask for an interview")
    spec = posed.draft.loop.template.interview(interview)
    seat_number(spec, number)
    holders = posed.draft.wanted[interview].people[number]
    if instead_of is not None and instead_of not in holders:
        raise BadInput("instead_of", f"{instead_of} does not sit there", f"use one of {', '.join(holders)}")
    able, others = fitting(posed, spec, number)
    asked = [p for p in able if p not in holders]
    session = session_id(loop_id, interview)
    kept = posed.encoded.sessions.kept[session]
    solver = app.solver.within(posed.picture.policy.solve_seconds)
    problem, places = posed.encoded.problem, list[Place]()
    if number in kept and asked:
        at = kept.index(number)
        question = (problem, posed.before, session, at, asked, instead_of)
        places = list(_worked_out(loop_id, lambda: solver.substitutes(*question)))
    answers = _Answers(posed, interview, "people")
    verdicts = {p.person: answers.of(p) for p in places if p.person}
    refused = {p: Verdict(NO, {}, (unfit(posed, spec, number, p),)) for p in others if p not in holders}
    with app.db.read() as tx:
        carried = loads(tx, posed, posed.draft.wanted[interview].span, [*verdicts, *refused])
    people = posed.draft.ground.people
    rows = [Substitute(p, people[p].name, verdict, carried[p]) for p, verdict in (verdicts | refused).items()]
    order = (FITS, PRICED, UNDECIDED, NO)
    rows.sort(
        key=lambda r: (
            r.verdict.verdict in (NO, UNDECIDED),
            r.verdict.cost,
            order.index(r.verdict.verdict),
            r.name,
        )
    )
    return Seat(
        interview, number, holders, tuple(rows), already, instead_of or (holders[0] if holders else "")
    )


def _posed(app: App, loop_id: str, interview: str, proposal: str | None) -> tuple[Posed, tuple[Refusal, ...]]:
    """The plan as it stands, as a question, and what it breaks already elsewhere. Raises where an interview of it
    cannot be looked at."""
    with app.db.read() as tx:
        base = ground.read(tx, loop_id, app.clock(), proposal)
    made = draft(base, ())
    known(made, interview, debrief=True)
    posed = pose(app, made)
    if isinstance(posed, tuple):
        raise NotAllowed(posed[0].kind, posed[0].text)
    missing = [s.id for s in posed.encoded.problem.loops[0].sessions if s.id not in posed.before.sessions]
    if missing:
        title = title_of(base.loop.template, posed.encoded.sessions.spec[missing[0]])
        raise WrongState("loop", loop_id, base.loop.state.value, f"{title} has no time yet")
    apart, already = told_apart(posed, interview)
    return apart, words.refusals(posed, already, ())


def _worked_out(loop_id: str, ask: Callable[[], Sequence[Place]]) -> Sequence[Place]:
    try:
        return ask()
    except (SolveFailed, ProblemError) as error:
        raise NotAllowed("solver", f"this could not be worked out: {why(error, loop_id)}") from None


class _Answers:
    """Places of one interview as verdicts in words."""

    def __init__(self, posed: Posed, interview: str, asked: str = "time") -> None:
        """``asked``: what of the interview is another in each of them."""
        self.posed, self.interview, self.asked = posed, interview, asked
        self._told: dict[tuple[str, str | None, tuple[str, ...], str], Refusal] = {}

    def past(self) -> Verdict:
        title = title_of(self.posed.draft.loop.template, self.interview)
        told = said("refused", where=said("untimed", title=title), what=said("rule.past"))
        refusal = Refusal(
            "past", self.interview, (), f"{title}: that time is past", "choose one still ahead", told
        )
        return Verdict(NO, {}, (refusal,))

    def of(self, place: Place) -> Verdict:
        if place.plan is None:
            refused = dict.fromkeys(self._refusal(v) for v in place.against)
            return Verdict(NO if place.proven else UNDECIDED, {}, tuple(refused))
        return self._allowed(place.plan, place.price)

    def _refusal(self, broken: Violation) -> Refusal:
        key = (broken.rule, broken.session, broken.people, broken.part)
        if key not in self._told:
            self._told[key] = words.refusal(self.posed, broken, timed=False)
        return self._told[key]

    def _allowed(self, plan: LoopPlan, price: Mapping[str, int]) -> Verdict:
        made = self.posed.draft
        planned = ground.padded(made.loop.template, decode(self.posed.encoded, plan))
        steps = tuple(
            s
            for s in trying.steps(made, planned)
            if (s.interview, s.what) not in ((self.interview, self.asked), (DEBRIEF, "people"))
        )
        over = words.overrides(self.posed, plan, price)
        follows = any(s.interview != DEBRIEF for s in steps)
        shown = {rule: more for rule, more in price.items() if rule in words.DEARER}
        return Verdict(PRICED if over or follows else FITS, shown, (), steps, over)
