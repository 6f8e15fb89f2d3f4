"""Browsers that are signed in: one's own, and everybody's for an administrator.

Told by `tests/scheduler/api/test_sessions.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from scheduler.api.access import Action, Actor, needs
from scheduler.api.accounts.models import SessionOut
from scheduler.api.common import BASE, Services
from scheduler.api.problems import answers
from scheduler.domain.errors import Missing
from scheduler.services.access import sessions

router = APIRouter(prefix=BASE, tags=["accounts"])
SessionId = Annotated[str, Path(max_length=100)]
Administrator = Annotated[Actor, needs(Action.ADMINISTER)]
Oneself = Annotated[Actor, needs(Action.SELF)]


def _listed(request: Request, app: Services, user: str | None) -> list[SessionOut]:
    here = getattr(request.state, "session", "")
    with app.db.read() as tx:
        return [SessionOut.of(s, here) for s in sessions.live(app, tx, request.app.state.door.keeping, user)]


@router.get("/sessions", responses=answers())
def list_sessions(request: Request, app: Services, _: Administrator) -> list[SessionOut]:
    """Every browser that is signed in, the one used last first."""
    return _listed(request, app, None)


@router.delete("/sessions/{session_id}", status_code=204, responses=answers(404))
def end_a_session(session_id: SessionId, app: Services, actor: Administrator) -> None:
    """Shut a browser out, from now on."""
    with app.db.write() as tx:
        sessions.end(app, tx, session_id, actor.name)


@router.get("/me/sessions", responses=answers())
def list_own_sessions(request: Request, app: Services, actor: Oneself) -> list[SessionOut]:
    """The browsers in which whoever asks is signed in; of a program none."""
    own = sessions.owner(actor)
    return [] if own is None else _listed(request, app, own)


@router.delete("/me/sessions/{session_id}", status_code=204, responses=answers(404))
def end_an_own_session(session_id: SessionId, app: Services, actor: Oneself) -> None:
    """Sign out in one of one's own browsers."""
    own = sessions.owner(actor)
    if own is None:
        raise Missing("session", session_id)
    with app.db.write() as tx:
        sessions.end(app, tx, session_id, actor.name, own)
