"""Plans for several loops that want the same people and rooms: first an idea of who gets what, by one problem
for all of them; then each loop by itself, in the order in which they are served, around what the others get.

Only the second step makes plans that are offered: each is proven or bounded as that of any other loop.

Told by `tests/stories/test_together.py`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from scheduler.domain.loops import Reason
from scheduler.services import progress
from scheduler.services.app import App
from scheduler.services.planning.encode import decode, encode
from scheduler.services.planning.picture import Picture
from scheduler.services.planning.plan import Outcome, look
from scheduler.services.planning.together.merging import Posed, components, merged
from scheduler.services.planning.together.offers import Offer, around, offer
from scheduler.services.solving import SolveFailed
from solver import ProblemError

log = logging.getLogger("loopwright.planning")

IDEA_SECONDS = 4.0
"""The most time for the first idea of one group; a loop by itself has the policy's."""


def packed(
    app: App, pictures: Sequence[Picture], offers: Sequence[Offer]
) -> tuple[list[Outcome], dict[str, Exception]]:
    """What becomes of each loop, in the order served; groups that share nobody are solved side by side.
    A loop that raises is in the second answer, and sinks nobody else."""
    groups = components(pictures)
    failed: dict[str, Exception] = {}
    if len(groups) == 1:
        found = [_group(app, groups[0], offers, failed)]
    else:
        job = progress.CURRENT  # a thread of the pool knows of no job by itself
        with ThreadPoolExecutor(
            min(len(groups), os.cpu_count() or 1), initializer=job.set, initargs=(job.get(),)
        ) as pool:
            found = list(pool.map(lambda group: _group(app, group, offers, failed), groups))
    order = {picture.loop.id: n for n, picture in enumerate(pictures)}
    return sorted((o for group in found for o in group), key=lambda o: order[o.picture.loop.id]), failed


def _group(
    app: App, pictures: Sequence[Picture], offers: Sequence[Offer], failed: dict[str, Exception]
) -> list[Outcome]:
    ideas = _ideas(app, pictures, offers) if len(pictures) > 1 else {}
    done: dict[str, Offer] = {}
    found: dict[str, Outcome] = {}
    # who has an idea first; who has none, or one that does not hold, when all the others are served
    for picture in (*(p for p in pictures if p.loop.id in ideas), *pictures):
        id = picture.loop.id
        if id in found or id in failed:
            continue
        hoped = ideas.pop(id, None) is not None
        try:
            outcome = _one(app, picture, offers, [*done.values(), *ideas.values()], explain=not hoped)
        except Exception as error:
            log.exception("loop %s cannot be planned", id)
            failed[id] = error
            continue
        if outcome is not None:
            found[id] = outcome
        if outcome is not None and outcome.placed:
            best = outcome.proposals[0]
            done[id] = offer(best.id, picture.loop, 1, picture.application, best.interviews)
    return [found[p.loop.id] for p in pictures if p.loop.id in found]


def _one(
    app: App, picture: Picture, offers: Sequence[Offer], mates: Iterable[Offer], *, explain: bool
) -> Outcome | None:
    """Plans of one loop around what is on offer and what the others of its batch get. Where there are none:
    over what waits for somebody's yes, at a price. ``None``: there is no plan of the first kind, and the
    loop is looked at again (not ``explain``)."""
    taken, further = _apart([*offers, *mates])
    pictures = [around(picture, taken, further)]
    firm = [o for o in taken if o.firm]
    if explain and len(firm) < len(taken):
        pictures.append(around(picture, firm, [o for o in (*taken, *further) if not o.firm]))
    outcome = look(app, pictures, explain=explain)
    return _warned(outcome) if outcome is not None and outcome.contested else outcome


def _apart(offers: Iterable[Offer]) -> tuple[list[Offer], list[Offer]]:
    """What is planned around like a booking, and what only has a price: further plans of a loop."""
    taken, further = list[Offer](), list[Offer]()
    for one in offers:
        (taken if one.rank == 1 else further).append(one)
    return taken, further


def _warned(outcome: Outcome) -> Outcome:
    text = "no plan was found that keeps free what is on offer to other candidates: whoever says yes first gets it"
    return replace(outcome, reasons=(*outcome.reasons, Reason("on_offer", text)))


def _ideas(app: App, pictures: Sequence[Picture], offers: Sequence[Offer]) -> dict[str, Offer]:
    """What each loop might get if all are looked at at once; nothing where that fails, and then the first
    served takes what it likes best."""
    taken, further = _apart(offers)
    groups: dict[tuple[int, int, str], list[Picture]] = {}
    for picture in pictures:
        posed = _posed(around(picture, taken, further))
        if posed is not None:
            groups.setdefault(posed.alike, []).append(picture)
    found: dict[str, Offer] = {}
    for group in groups.values():
        again = (_posed(around(p, [*taken, *found.values()], further)) for p in group)
        found |= _idea(app, [p for p in again if p is not None])
    return found


def _posed(picture: Picture) -> Posed | None:
    """A loop as a problem; ``None`` where it cannot be posed, which is told when it is looked at alone."""
    try:
        encoded = encode(picture)
    except Exception:
        log.exception("loop %s cannot be posed", picture.loop.id)
        return None
    return None if isinstance(encoded, tuple) else Posed(picture, encoded)


def _idea(app: App, group: Sequence[Posed]) -> dict[str, Offer]:
    if not group:
        return {}
    try:
        plan = app.solver.within(IDEA_SECONDS).idea(merged(group)).plan
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
