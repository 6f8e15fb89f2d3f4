"""An interviewer proposes another time for an interview: only times that hold are shown, and a person decides.

Told by `tests/scheduler/web/guests/test_proposing.py`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from connectors.errors import ConnectorError
from scheduler.domain.errors import Missing
from scheduler.domain.guests.links import Link
from scheduler.services.links import interviewer, proposing
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.forms import Posted
from scheduler.web.frame.viewer import Looking, Services
from scheduler.web.frame.words import N_
from scheduler.web.guest import frame
from scheduler.web.interviewer import views
from scheduler.web.interviewer.forms import ProposeForm

router = APIRouter(prefix="/interviewer/{token}/propose", include_in_schema=False)
_TAKEN = N_("That time is not free any more. Nothing has changed; please look again.")


@router.get("")
def get_times(request: Request, token: str, app: Services, viewer: Looking) -> Response:
    opened = views.found(app, token)
    if opened is None:
        return frame.gone(request)
    link, mine = opened
    try:
        with app.db.read() as tx:
            duty = interviewer.duty(app, tx, link, request.query_params.get("interview", ""))
        times = proposing.times(app, duty)
    except Missing:
        return views.page(request, app, viewer, token, mine, 404, note=viewer.words(views.ELSE))
    except ConnectorError:
        return views.page(request, app, viewer, token, mine, 503, note=viewer.words(views.NOT_NOW))
    when = Clock(viewer.words.locale, mine.person.zone, app.clock())
    more = {"duty": duty, "times": [(s.start.isoformat(), when.stretch(s)) for s in times]}
    return views.shown(request, app, token, mine, "interviewer/propose.html", 200, more)


@router.post("")
def propose_it(request: Request, token: str, app: Services, viewer: Looking, posted: Posted) -> Response:
    def work(link: Link, form: ProposeForm) -> None:
        proposing.propose(app, link, form.interview, form.to, form.comment)

    return views.do(request, app, viewer, token, posted, ProposeForm, work, "proposed", _TAKEN)
