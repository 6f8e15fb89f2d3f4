"""Everything that has happened, the newest first: by whom, what, about whom, when; and all of it as a file.

Told by `tests/scheduler/web/days/test_audit.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from scheduler.domain.access.policy import Action
from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.finding import FactsWanted, people_of
from scheduler.domain.time import day_span
from scheduler.services.telling import export
from scheduler.storage.database import Tx
from scheduler.web.frame.acts import acts
from scheduler.web.frame.facts import FACTS
from scheduler.web.frame.templates import page
from scheduler.web.frame.terms import Terms
from scheduler.web.frame.viewer import Looking, Services, Viewer

router = APIRouter(prefix="/audit", include_in_schema=False, dependencies=acts(Action.AUDIT, Action.AUDIT))
ROWS = 60
Text = Annotated[str, Query(max_length=200)]
Day = Annotated[str, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, as it stands in the address."""

    who: str = ""
    what: str = ""
    loop: str = ""
    person: str = ""
    first: str = ""
    last: str = ""

    def wanted(self, viewer: Viewer) -> FactsWanted:
        """The question to the services; days are whole ones on the viewer's clock. Raises `BadInput`."""
        return FactsWanted(
            actor=self.who or None,
            what=self.what or None,
            subject=f"loop:{self.loop}" if self.loop else None,
            person=self.person or None,
            start=day_span(_day("first", self.first), viewer.tz).start if self.first else None,
            end=day_span(_day("last", self.last), viewer.tz).end if self.last else None,
        )

    def query(self, **more: str) -> str:
        """The same as the part of an address behind the question mark."""
        pairs = [(n, v) for n, v in (asdict(self) | more).items() if v]
        return f"?{urlencode(pairs)}" if pairs else ""


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(field, f"{text!r:.20} is no day", "write it as 2026-03-09") from None


async def _asked(
    who: Text = "", what: Text = "", loop: Text = "", person: Text = "", first: Day = "", last: Day = ""
) -> Asked:
    return Asked(who.strip(), what.strip(), loop.strip(), person.strip(), first, last)


Looked = Annotated[Asked, Depends(_asked)]


@router.get("")
def get_audit(
    request: Request,
    app: Services,
    viewer: Looking,
    asked: Looked,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> Response:
    wrong, found = "", list[Fact]()
    with app.db.read() as tx:
        try:
            found = list(tx.found_facts.page(asked.wanted(viewer), ROWS + 1, after, newest_first=True))
        except BadInput as error:
            wrong = f"{error.fault}; {error.fix}"
        candidates, people = _names(tx, found[:ROWS])
        known = sorted(tx.people.list(), key=lambda p: (p.name, p.id))
    return page(
        request,
        "audit/audit.html",
        422 if wrong else 200,
        viewer=viewer,
        asked=asked,
        rows=found[:ROWS],
        further=str(found[ROWS - 1].seq) if len(found) > ROWS else "",
        paged=after is not None,
        candidates=candidates,
        people=people,
        known=known,
        kinds=_kinds(viewer),
        name=lambda id: people.get(id, id),
        wrong=wrong,
    )


@router.get("/export")
def export_it(app: Services, viewer: Looking, asked: Looked) -> StreamingResponse:
    """All that is asked for as CSV, whatever its number: read and sent in parts."""
    return StreamingResponse(
        export.csv_lines(export.everything(app, asked.wanted(viewer))),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"content-disposition": 'attachment; filename="audit.csv"'},
    )


def _kinds(viewer: Viewer) -> list[tuple[str, str]]:
    """Every kind of fact with its words, by these."""
    in_words = Terms(viewer.words)
    return sorted(
        ((k, in_words.kind_of_fact(k)) for k in FACTS), key=lambda kind: (kind[1].casefold(), kind[0])
    )


def _names(tx: Tx, facts: Sequence[Fact]) -> tuple[dict[str, str], dict[str, str]]:
    """What candidates of loops and whoever did something are called."""
    loops = {f.subject.removeprefix("loop:") for f in facts if f.subject.startswith("loop:")}
    ids = {id for f in facts for id in people_of(f)}
    ids |= {id for f in facts if f.what == "loop_assigned" for id in (f.before, f.after) if id}
    candidates = tx.overview.applications_of(sorted(loops)) if loops else {}
    people = {p.id: p.name for p in tx.people.list(ids, active=False)} if ids else {}
    return {id: a.candidate.name for id, a in candidates.items()}, people
