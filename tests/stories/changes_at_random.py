"""Random changes by hand of random loops, each tried and then done, judged after every one.

Whatever a try allows, applying it does, and the checker accepts what is booked then. Whatever it refuses breaks the
rule that it names. What must hold in the tables holds after each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import solver
from connectors.types import Reply
from scheduler.domain.errors import BadInput, NotAllowed, Overtaken, Taken
from scheduler.domain.fixes.fix import How
from scheduler.domain.loops import BookMode, Loop, LoopState
from scheduler.domain.proposals import ByHand, ProposalState
from scheduler.domain.templates import InterviewSpec, Modality, SeatKind, SeatSpec
from scheduler.services.afterwards import replies
from scheduler.services.booking import choose
from scheduler.services.changing import applying, asked, ground, trying, undoing, words
from scheduler.services.changing.applying import Why
from scheduler.services.changing.asked import Asked, Change
from scheduler.services.changing.drafting import draft
from scheduler.services.changing.fixes import granted
from scheduler.services.changing.posing import Posed, plan_of, pose
from scheduler.services.changing.trying import Tried
from scheduler.storage import invariants
from solver import Plan
from tests.scheduler.kit import Kit
from tests.stories.kit import ask, booked, look, replied
from tests.stories.test_changing import tentative

TEMPLATES = ("short", "onsite")
PEOPLE = ("anna", "ben", "cleo", "dirk", "hana", "emma", "nora")


def play(kit: Kit, seed: int, steps: int) -> Counter[str]:
    """So many changes of a loop; what became of them, counted."""
    random, told = Random(seed), Counter[str]()
    loop = _begun(kit, random)
    for number in range(steps):
        kit.clock.forward(minutes=random.choice((1, 3, 20)))
        told[_change(kit, random, loop.id, number)] += 1
        if random.random() < 0.15:
            told[_somebody_declines(kit, random, loop.id)] += 1
        sound(kit, loop.id)
    return told


def _begun(kit: Kit, random: Random) -> Loop:
    """A loop that is booked, or one on offer."""
    mode = random.choice((BookMode.BOOK, BookMode.BOOK, BookMode.PROPOSE))
    loop = ask(kit, random.choice(TEMPLATES), mode)
    replies.sync(kit.app)
    return look(kit, loop.id)


def sound(kit: Kit, loop_id: str) -> None:
    with kit.app.db.read() as tx:
        assert invariants.check(tx, kit.clock()) == []
    loop = look(kit, loop_id)
    if loop.state is LoopState.CONFIRMED:
        posed = standing(kit, loop_id)
        assert posed.broken(posed.before) == (), "what is booked is legal"


def standing(kit: Kit, loop_id: str) -> Posed:
    """The plan of a loop as a question, on the calendars as they are."""
    with kit.app.db.read() as tx:
        base = ground.read(tx, loop_id, kit.clock())
    posed = pose(kit.app, draft(base, ()))
    assert isinstance(posed, Posed), posed
    return posed


# -- one change -------------------------------------------------------------------------------------


def _change(kit: Kit, random: Random, loop_id: str, number: int) -> str:
    """Try something; where it is allowed, do it. What became of it."""
    loop = look(kit, loop_id)
    if loop.state not in (LoopState.CONFIRMED, LoopState.PROPOSED, LoopState.NEEDS_ATTENTION):
        return f"is {loop.state.value}"
    changes = Asked(tuple(_some(kit, random, loop, number) for _ in range(random.choice((1, 1, 2)))))
    try:
        tried = trying.look(kit.app, loop_id, changes)
    except BadInput as fault:
        assert fault.field.startswith("changes[") and fault.fix and "\n" not in fault.text
        return "not meant"
    if tried.verdict != "allowed":
        assert tried.verdict == "refused", tried.refused
        _breaks(kit, loop_id, changes, tried)
        return _helped(kit, random, loop, changes, tried)
    return _done(kit, random, loop, changes, tried)


def _helped(kit: Kit, random: Random, loop: Loop, changes: Asked, tried: Tried) -> str:
    """Sometimes a fix of the refusal is carried out: then what is there is the plan that it was shown by."""
    able = [one for one in tried.helps.found if one.fix.how is How.APPLY]
    if not able or random.random() < 0.5:
        return "refused"
    one, why = able[0], Why(None, "agreed")
    granted.carry_out(kit.app, loop.id, one.fix.id, changes, one.version, why, "person:rolf")
    kit.run()
    _exactly(kit, loop, replace(tried, planned=one.fix.plan))
    return "helped"


def _breaks(kit: Kit, loop_id: str, changes: Asked, tried: Tried) -> None:
    """The plan as drawn breaks every rule that the refusal names; else it cannot even be posed, for that reason."""
    with kit.app.db.read() as tx:
        base = ground.read(tx, loop_id, kit.clock())
    made = draft(base, changes.changes)
    posed = pose(kit.app, made)
    named = {r.rule for r in tried.refused}
    if isinstance(posed, tuple):
        out = {r.rule for r in words.outside(made)}
        assert named == {r.kind for r in posed} | out
        return
    assert named == {v.rule for v in posed.broken(posed.drawn)} != set()
    found = solver.solve(posed.encoded.problem)
    assert found.plan.loops[loop_id] is None, "there is a plan after all"


def _done(kit: Kit, random: Random, loop: Loop, changes: Asked, tried: Tried) -> str:
    why, before = Why(None, "agreed" if tried.overrides else None), _plan(kit, loop)
    raced = random.random() < 0.1 and _somebody_declines(kit, random, loop.id) == "declined"
    try:
        applying.apply(kit.app, loop.id, changes, tried.version, why, "person:rolf")
    except (Overtaken, Taken):
        assert raced, "nothing has changed since"
        return "overtaken"
    assert not raced, "something has changed since"
    kit.run()
    _exactly(kit, loop, tried)
    if random.random() < 0.2:
        return _undone(kit, loop, before)
    return "done on offer" if loop.state is LoopState.PROPOSED else "done booked"


def _plan(kit: Kit, loop: Loop) -> object:
    """What a person may change of a loop: its fields, what is booked, and what is on offer."""
    now = look(kit, loop.id)
    with kit.app.db.read() as tx:
        offered = {p.id for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED}
        base = ground.read(tx, loop.id, kit.clock()).base
    return ByHand.of(now), set(base.values()), offered if now.state is LoopState.PROPOSED else None


def _undone(kit: Kit, loop: Loop, before: object) -> str:
    """Undone at once, it is what it was; or a rule is in the way that stood against it before as well."""
    try:
        undoing.undo(kit.app, loop.id, "person:rolf")
    except NotAllowed:
        assert loop.state is LoopState.NEEDS_ATTENTION, "what was fine is fine"
        return "not undone"
    kit.run()
    assert _plan(kit, loop) == before
    return "undone"


def _exactly(kit: Kit, then: Loop, tried: Tried) -> None:
    """What is there now is the plan that was shown; the checker accepts it."""
    posed = standing(kit, then.id)
    shown = plan_of(posed.encoded, {p.interview: p for p in tried.planned})
    if then.state is LoopState.PROPOSED:
        with kit.app.db.read() as tx:
            offered = [p for p in tx.proposals.of_loop(then.id) if p.state is ProposalState.OFFERED]
        assert any(set(p.interviews) == set(tried.planned) for p in offered)
        return
    assert look(kit, then.id).state is LoopState.CONFIRMED, look(kit, then.id).reasons
    assert posed.before == shown
    assert solver.violations(posed.encoded.problem, Plan({then.id: posed.before})) == ()


def _somebody_declines(kit: Kit, random: Random, loop_id: str) -> str:
    if look(kit, loop_id).state is not LoopState.CONFIRMED:
        return "nobody to decline"
    interviews = [i for i in booked(kit, loop_id).values() if i.spec != "debrief"]
    interview = random.choice(interviews)
    seats = [s.person for s in interview.seats if s.required and s.number >= 0]
    if not seats:
        return "nobody to decline"
    replied(kit, interview, random.choice(seats), Reply.DECLINED)
    return "declined"


# -- what is asked for ------------------------------------------------------------------------------


def _some(kit: Kit, random: Random, loop: Loop, number: int) -> Change:
    with kit.app.db.read() as tx:
        base = ground.read(tx, loop.id, kit.clock()).base
    ids = [i for i in base if i != "debrief"]
    spec, other = random.choice(ids), random.choice(ids)
    kind = random.choice(_KINDS)
    if kind == "move":
        spec = random.choice([*ids, "debrief"])
        minutes = 15 * random.randint(-12, 12)
        return asked.Move(spec, (base[spec].span.start + timedelta(minutes=minutes)).isoformat())
    if kind == "give":
        seats = len(base[spec].people)
        seat = random.randrange(seats)
        there = base[spec].people[seat]
        instead = random.choice(there) if len(there) > 1 else None
        return asked.Give(spec, random.choice(PEOPLE), seat, instead)
    who = [p for seat in base[spec].people for p in seat] or ["anna"]
    whom = [p for seat in base[other].people for p in seat] or ["ben"]
    return _other(kit, random, kind, spec, other, random.choice(who), random.choice(whom), number)


_KINDS = (
    "move",
    "move",
    "move",
    "give",
    "give",
    "free",
    "swap",
    "room",
    "lock",
    "unlock",
    "seat",
    "no seat",
    "add",
    "out",
    "windows",
    "horizon",
)


def _other(
    kit: Kit, random: Random, kind: str, spec: str, other: str, who: str, whom: str, number: int
) -> Change:
    parts = {part: random.random() < 0.5 for part in ("time", "people", "room")}
    made: dict[str, Change] = {
        "free": asked.Free(spec, who),
        "swap": asked.Swap(spec, who, other, whom),
        "room": asked.Place(spec, random.choice(("oak", "elm"))),
        "lock": asked.Lock(spec, **parts),
        "unlock": asked.Unlock(spec, time=True, people=True, room=True),
        "seat": asked.AddSeat(spec, SeatSpec(SeatKind.OPTIONAL, pools=("engineers",))),
        "no seat": asked.RemoveSeat(spec, random.choice((0, 1))),
        "add": asked.Add(
            InterviewSpec(
                f"more-{number}", "More", 30, modality=Modality.VIDEO, seats=(SeatSpec(pools=("engineers",)),)
            )
        ),
        "out": asked.Remove(spec),
        "windows": asked.Windows(_offered(random), "Europe/Berlin"),
        "horizon": asked.Horizon(
            "2026-03-09T09:00", f"2026-03-{random.randint(11, 20)}T13:00", "Europe/Berlin"
        ),
    }
    return made[kind]


def _offered(random: Random) -> tuple[tuple[str, str], ...]:
    """One to three days of the week, some of them half."""
    days = random.sample((11, 12, 13), random.randint(1, 3))
    return tuple((f"2026-03-{d}T{random.choice(('09', '09', '12'))}:00", f"2026-03-{d}T17:00") for d in days)


def busy_people(kit: Kit, random: Random) -> None:
    """Something tentative in a few calendars, so that soft rules have their chance."""
    for person in random.sample(PEOPLE, 3):
        start = kit.clock() + timedelta(days=2, hours=random.choice((2, 4, 6)))
        begin = start.replace(minute=0, second=0, microsecond=0)
        tentative(
            kit, f"{person}@testwerk.example", begin.isoformat(), (begin + timedelta(hours=1)).isoformat()
        )


def chosen(kit: Kit, loop: Loop) -> None:
    """Book the best plan of a loop on offer."""
    with kit.app.db.read() as tx:
        offered = [p for p in tx.proposals.of_loop(loop.id) if p.state is ProposalState.OFFERED]
    choose.choose(kit.app, min(offered, key=lambda p: p.rank).id, "person:rolf")
    kit.run()
