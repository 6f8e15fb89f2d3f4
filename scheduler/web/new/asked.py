"""A form for a new loop as the request that the services know, and their faults as those of its fields.

Told by `tests/scheduler/web/planning/test_new.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from scheduler.domain.errors import BadInput, BadInputs, DomainError
from scheduler.domain.loops import Accommodation, Application, Candidate, InterviewLock
from scheduler.domain.people import Person
from scheduler.domain.time import instant
from scheduler.services.asking.prepare import InterviewChange
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.overview import named
from scheduler.storage.database import Tx
from scheduler.web.frame.words import N_, Words
from scheduler.web.new.forms import NewForm
from scheduler.web.new.written import Written

_FIELDS: Mapping[str, str] = {
    "application.candidate.zone": "zone",
    "application.hiring_manager": "manager",
    "application.recruiter": "recruiter",
    "application.id": "application",
    "zone": "clock",
}
"""What the services call a field, where the form calls it otherwise."""
_WINDOW = re.compile(r"windows\[(\d+)\]")


def request(tx: Tx, form: NewForm, written: Written) -> LoopRequest:
    """What is asked of the services. Raises `BadInputs` naming the fields of the form."""
    faults: list[BadInput] = []
    manager, recruiter = (
        _person(tx, text, name, faults)
        for name, text in (("manager", form.manager), ("recruiter", form.recruiter))
    )
    adjust = _adjust(tx, form, faults)
    pins, needs = _pins(tx, form, faults), _needs(tx, form, faults)
    if faults or manager is None or recruiter is None:
        raise BadInputs(faults)
    application = Application(
        id=form.application or f"console-{form.key}",
        candidate=Candidate(form.name, form.email, form.zone),
        job=form.job,
        hiring_manager=manager.id,
        recruiter=recruiter.id,
        accommodation=needs,
    )
    return LoopRequest(
        application=application,
        template=form.template,
        windows=written.windows,
        zone=form.clock or form.zone,
        mode=form.mode,
        branch=dict(_pair(text) for text in form.branch if text),
        leave_out=form.leave_out,
        adjust=adjust,
        stage_visit=f"request:{form.key}",
        site=form.site or None,
        pins=pins,
    )


def _pair(text: str) -> tuple[str, str]:
    branch, _, step = text.rpartition(":")
    return branch, step


def _person(tx: Tx, text: str, field: str, faults: list[BadInput]) -> Person | None:
    try:
        return named.person(tx, text.strip(), field)
    except BadInput as error:
        faults.append(error)
        return None


def _adjust(tx: Tx, form: NewForm, faults: list[BadInput]) -> dict[str, InterviewChange]:
    """What was said of the unfinished steps; those that are left out need nothing."""
    found = {}
    for step, minutes, people in zip_longest(form.step, form.minutes, form.people, fillvalue=""):
        if step in form.leave_out or not (minutes.strip() or people.strip()):
            continue
        found[step] = InterviewChange(
            minutes=int(minutes) if minutes.strip() else None,
            people=_people(tx, people, f"step-{step}", faults),
        )
    return found


def _pins(tx: Tx, form: NewForm, faults: list[BadInput]) -> list[InterviewLock]:
    """What is fixed from the start; steps that are left out need nothing."""
    found = []
    for step, at, people in zip_longest(form.pin, form.at, form.seated, fillvalue=""):
        if step in form.leave_out or not (at.strip() or people.strip()):
            continue
        start = None
        try:
            start = instant(at, form.clock or form.zone, f"pin-{step}") if at.strip() else None
        except BadInput as error:
            faults.append(error)
        seated = _people(tx, people, f"pin-{step}", faults)
        found.append(InterviewLock(step, start, ((0, seated),) if seated else ()))
    return found


def _needs(tx: Tx, form: NewForm, faults: list[BadInput]) -> Accommodation:
    return Accommodation(
        form.extra_time,
        form.break_every or None,
        form.max_day or None,
        frozenset(form.features),
        _people(tx, form.also, "also", faults),
    )


def _people(tx: Tx, text: str, field: str, faults: list[BadInput]) -> tuple[str, ...]:
    names = [name for name in re.split(r"[,;\n]", text) if name.strip()]
    there = [_person(tx, name, field, faults) for name in names]
    return tuple(p.id for p in there if p is not None)


def faults(error: DomainError, written: Written, words: Words) -> dict[str, str]:
    """What the services have against it, by the form's field."""
    found: dict[str, list[str]] = {}
    for one in error.faults if isinstance(error, BadInputs) else [error]:
        name, text = _of(one, written, words)
        found.setdefault(name, []).append(text)
    return {name: "\n".join(texts) for name, texts in found.items()}


def _of(error: DomainError, written: Written, words: Words) -> tuple[str, str]:
    if not isinstance(error, BadInput):
        return "", error.text
    text = f"{error.fault}; {error.fix}" if error.fix else error.fault
    window = _WINDOW.match(error.field)
    if window is not None:
        line = _line(written.lines, int(window[1]))
        return "windows", words(N_("Line %(number)s: %(fault)s"), number=line, fault=text)
    head, _, rest = error.field.partition(".")
    if head == "adjust":
        return f"step-{rest.partition('.')[0]}", text
    if head == "pins":
        return f"pin-{rest.partition('.')[0]}", text
    if head == "branch":
        return f"branch-{rest}", text
    name = _FIELDS.get(error.field, error.field)
    known = name in NewForm.model_fields or name.startswith(("step-", "pin-"))
    return (name, text) if known else ("", error.text)


def _line(lines: Sequence[int], n: int) -> int:
    return lines[n] if n < len(lines) else n + 1
