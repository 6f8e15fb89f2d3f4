"""Plans for several loops that want the same people and rooms: first an idea of who gets what, by one problem
for all of them; then each loop by itself, in the order in which they are served, around what the others get.

Only the second step makes plans that are offered: each is proven or bounded as that of any other loop.

Told by `tests/stories/test_together.py`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from scheduler.domain.fixes.saying import said
from scheduler.domain.loops import Reason
from scheduler.services import progress
from scheduler.services.app import App
from scheduler.services.planning.encode import decode, encode
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.plan import Outcome, look
from scheduler.services.planning.together.merging import Posed, components, merged
from scheduler.services.planning.together.offers import Offer, around, offer, offer_of
from scheduler.services.solving import SolveFailed
from solver import ProblemError, Progress

log = logging.getLogger("loopwright.planning")


@dataclass(frozen=True, slots=True)
class Whole:
    """What is asked of a plan for all of a batch: ``seconds`` for it, ``priority`` per loop (1 to 3), and where
    its progress is told."""

    seconds: float
    priority: Mapping[str, int]
    tell: Callable[[Progress], None]


def packed(
    app: App, pictures: Sequence[Picture], offers: Sequence[Offer], whole: Whole | None = None
) -> tuple[list[Outcome], dict[str, Exception]]:
    """What becomes of each loop, in the order served; groups that share nobody are solved side by side,
    unless a plan for the ``whole`` is asked for. A loop that raises is in the second answer, and sinks
    nobody else."""
    groups = components(pictures) if whole is None else [list(pictures)]
    failed: dict[str, Exception] = {}
    if len(groups) == 1:
        found = [_group(app, groups[0], offers, failed, whole)]
    else:
        job = progress.CURRENT  # a thread of the pool knows of no job by itself
        with ThreadPoolExecutor(
            min(len(groups), os.cpu_count() or 1), initializer=job.set, initargs=(job.get(),)
        ) as pool:
            found = list(pool.map(lambda group: _group(app, group, offers, failed, None), groups))
    order = {picture.loop.id: n for n, picture in enumerate(pictures)}
    return sorted((o for group in found for o in group), key=lambda o: order[o.picture.loop.id]), failed


def _group(
    app: App,
    pictures: Sequence[Picture],
    offers: Sequence[Offer],
    failed: dict[str, Exception],
    whole: Whole | None,
) -> list[Outcome]:
    ideas = _ideas(app, pictures, offers, whole) if len(pictures) > 1 else {}
    done: dict[str, Offer] = {}
    found: dict[str, Outcome] = {}
    # who has an idea first; who has none, or one that does not hold, when all the others are served
    for picture in (*(p for p in pictures if p.loop.id in ideas), *pictures):
        id = picture.loop.id
        if id in found or id in failed:
            continue
        hoped = ideas.pop(id, None) is not None
        try:
            mates = [*done.values(), *ideas.values()]
            outcome = _one(app, picture, offers, mates, explain=not hoped, apart=whole is not None)
        except Exception as error:
            log.exception("loop %s cannot be planned", id)
            failed[id] = error
            continue
        if outcome is not None:
            found[id] = outcome
        if outcome is not None and outcome.placed:
            done[id] = offer_of(outcome)
    return [found[p.loop.id] for p in pictures if p.loop.id in found]


def _one(
    app: App,
    picture: Picture,
    offers: Sequence[Offer],
    mates: Sequence[Offer],
    *,
    explain: bool,
    apart: bool,
) -> Outcome | None:
    """Plans of one loop around what is on offer and what the others of its batch get. Where there are none:
    over what waits for somebody's yes, at a price (but not over its mates, if they are to be kept ``apart``).
    ``None``: there is no plan of the first kind, and the loop is looked at again (not ``explain``)."""
    taken, further = _apart([*offers, *mates])
    pictures = [around(picture, taken, further)]
    kept = {o.loop.id for o in taken if o.firm} | ({o.loop.id for o in mates} if apart else set())
    soft = [o for o in taken if o.loop.id not in kept]
    if explain and soft:
        firm = [o for o in taken if o.loop.id in kept]
        pictures.append(around(picture, firm, [*soft, *further]))
    outcome = look(app, pictures, explain=explain)
    if outcome is None:
        return None
    outcome = replace(outcome, picture=picture)
    return _warned(outcome) if outcome.contested else outcome


def _apart(offers: Iterable[Offer]) -> tuple[list[Offer], list[Offer]]:
    """What is planned around like a booking, and what only has a price: further plans of a loop."""
    taken, further = list[Offer](), list[Offer]()
    for one in offers:
        (taken if one.leads else further).append(one)
    return taken, further


def _warned(outcome: Outcome) -> Outcome:
    text = "no plan was found that keeps free what is on offer to other candidates: whoever says yes first gets it"
    return replace(outcome, reasons=(*outcome.reasons, Reason("on_offer", text, said=said("on_offer"))))


def _ideas(
    app: App, pictures: Sequence[Picture], offers: Sequence[Offer], whole: Whole | None
) -> dict[str, Offer]:
    """What each loop might get if all are looked at at once; nothing where that fails, and then the first
    served takes what it likes best."""
    taken, further = _apart(offers)
    groups: dict[tuple[int, int, str], list[Posed]] = {}
    for picture in pictures:
        posed = _posed(around(picture, taken, further))
        if posed is not None:
            groups.setdefault(posed.alike, []).append(posed)
    found: dict[str, Offer] = {}
    for group in groups.values():
        # the pictures have `taken` in them already; only what the groups before are to get is new
        again = (_posed(around(p.picture, found.values())) for p in group) if found else group
        found |= _idea(app, [p for p in again if p is not None], whole)
    return found


def _posed(picture: Picture) -> Posed | None:
    """A loop as a problem; ``None`` where it cannot be posed, which is told when it is looked at alone."""
    try:
        encoded = encode(picture)
    except Exception:
        log.exception("loop %s cannot be posed", picture.loop.id)
        return None
    return None if isinstance(encoded, tuple) else Posed(picture, encoded)


def _idea(app: App, group: Sequence[Posed], whole: Whole | None) -> dict[str, Offer]:
    if not group:
        return {}
    try:
        if whole is None:
            asked = app.solver.within(group[0].picture.policy.solve_seconds)
            plan = asked.idea(merged(group)).plan
        else:
            asked = app.solver.within(whole.seconds)
            plan = asked.pack(merged(group, whole.priority), whole.tell).plan
    except (SolveFailed, ProblemError) as error:
        log.warning("%d loops cannot be looked at together: %s", len(group), error)
        return {}
    found = {}
    for posed in group:
        placed = plan.loops[posed.loop.id]
        if placed is not None:
            loop, application = posed.picture.loop, posed.picture.application
            found[loop.id] = offer("", loop, 1, application, decode(posed.encoded, placed))
    return found
