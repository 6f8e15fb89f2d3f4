"""What the candidate needs: chosen from lists, kept to by the plan, asked no reason for.

Told by `tests/stories/test_candidate_needs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import APIRouter, Request, Response

from scheduler.domain.errors import DomainError
from scheduler.services.app import App
from scheduler.services.links import needs as needing
from scheduler.services.links.candidate import Standing
from scheduler.services.links.needs import BREAKS, DAYS, EXTRA, Needs
from scheduler.web.candidate.asking import length
from scheduler.web.candidate.doors import Door, Opened
from scheduler.web.candidate.forms import NeedsForm
from scheduler.web.candidate.views import framed
from scheduler.web.frame.forms import Posted, read
from scheduler.web.frame.viewer import Looking, Services, Viewer
from scheduler.web.frame.words import N_, Words
from scheduler.web.guest import frame

router = APIRouter(prefix="/candidate/{token}/needs", include_in_schema=False, route_class=Door)
FEATURES = {
    "accessible": N_("step-free access"),
    "quiet": N_("quiet around them"),
    "video": N_("a screen for video"),
    "hearing_loop": N_("a hearing loop"),
    "whiteboard": N_("a whiteboard"),
}
"""Features of rooms that most companies call so; others are shown by the company's own word."""
_WAIT = N_("Your interviews are being booked just now. Please send it again in a few minutes.")


@router.get("")
def get_the_needs(request: Request, token: str, opened: Opened, app: Services, viewer: Looking) -> Response:
    return _page(request, app, viewer, token, opened[1])


@router.post("")
def tell_them(
    request: Request, token: str, opened: Opened, app: Services, viewer: Looking, posted: Posted
) -> Response:
    link, stands = opened
    own = stands.application.candidate.zone
    form = read(NeedsForm, posted, viewer.words).value
    if form is None:
        return _page(request, app, viewer, token, stands, 422)
    asked = Needs(form.extra_time, form.break_every, form.max_day, frozenset(form.features))
    try:
        needing.tell(app, link, asked)
    except DomainError:
        return _page(request, app, viewer, token, stands, 409, viewer.words(_WAIT))
    return frame.see(f"/candidate/{token}", frame.zone_of(request, own), own, done="needs")


def _page(
    request: Request,
    app: App,
    viewer: Viewer,
    token: str,
    stands: Standing,
    status: int = 200,
    note: str = "",
) -> Response:
    words, zone = viewer.words, frame.zone_of(request, stands.application.candidate.zone)
    with app.db.read() as tx:
        agreed, features = needing.known(tx, stands.loop), needing.features(tx, stands.loop)
    values = {
        **framed(token, stands, zone),
        "needs": agreed,
        "extra": _listed(EXTRA, agreed.extra_time, words, lambda n: words(N_("%(n)s %% more"), n=n)),
        "breaks": _listed(
            BREAKS, agreed.break_every, words, lambda n: words(N_("after %(t)s at most"), t=length(n, words))
        ),
        "most": _listed(DAYS, agreed.max_day, words, lambda n: length(n, words)),
        "features": [(f, words(FEATURES[f]) if f in FEATURES else f) for f in features],
        "note": note,
    }
    return frame.page(request, "candidate/needs.html", zone, status, **values)


def _listed(
    choices: Iterable[int], now: int, words: Words, text: Callable[[int], str]
) -> list[tuple[int, str]]:
    """What can be chosen, with what is agreed on although it is not in the list."""
    each = sorted({*choices, now})
    return [(n, text(n) if n else words(N_("no such need"))) for n in each]
