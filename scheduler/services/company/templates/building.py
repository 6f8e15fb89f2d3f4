"""From a template as written to the domain's `LoopTemplate`; a built-in one with a company's names put in.

Told by `tests/scheduler/services/company/templates/test_library.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.domain.templates import DebriefSpec, InterviewSpec, LoopTemplate, SeatSpec
from scheduler.services.company.file import (
    BuiltInTemplate,
    DebriefFile,
    InterviewFile,
    LoopRules,
    OwnTemplate,
    SeatFile,
    UsedTemplate,
)


def loop_template(written: OwnTemplate) -> LoopTemplate:
    """The template's value; a step with ``same_people_as`` and no seats takes over those of that step."""
    seats = {i.id: tuple(map(seat_spec, i.seats)) for i in written.interviews}
    return LoopTemplate(
        id=written.id,
        title=written.title,
        interviews=tuple(
            _interview(i, seats[i.id] or seats.get(i.same_people_as or "", ())) for i in written.interviews
        ),
        debrief=_debrief(written.debrief),
        different_day=tuple(map(tuple, written.different_day)),
        same_day=tuple(map(tuple, written.same_day)),
        other_people_than=tuple(written.other_people_than),
        preferred=tuple(written.preferred),
        site=written.site,
        max_days=written.max_days,
        max_span=written.max_span,
        min_break=written.min_break,
        buffer=written.buffer,
        travel=written.travel,
        longest_run=written.longest_run,
        notice_hours=written.notice_hours,
        horizon_days=written.horizon_days,
        grid=written.grid,
    )


def used_template(used: UsedTemplate, built_in: BuiltInTemplate) -> OwnTemplate:
    """The built-in template with the company's own pools, people and rules for the loop."""
    said: dict[str, Any] = {f: getattr(used, f) for f in used.model_fields_set & set(LoopRules.model_fields)}
    fields = {f: getattr(built_in, f) for f in OwnTemplate.model_fields} | said
    fields["id"] = used.id or built_in.id
    fields["title"] = used.title or built_in.title
    fields["interviews"] = [
        i.model_copy(update={"seats": [_mapped(s, used.pools, used.people) for s in i.seats]})
        for i in built_in.interviews
    ]
    debrief: DebriefFile | None = fields["debrief"]
    if debrief is not None and "debrief" not in said:
        also = [used.people.get(p, p) for p in debrief.also]
        fields["debrief"] = debrief.model_copy(update={"also": also})
    return OwnTemplate.model_construct(**fields)


def _mapped(seat: SeatFile, pools: Mapping[str, list[str]], people: Mapping[str, str]) -> SeatFile:
    named = [seat.pool] if seat.pool else seat.pools
    own = [ours for pool in named for ours in pools.get(pool, [pool])]
    person = people.get(seat.person, seat.person) if seat.person else None
    return seat.model_copy(update={"pool": None, "pools": list(dict.fromkeys(own)), "person": person})


def seat_spec(written: SeatFile) -> SeatSpec:
    """A seat's value."""
    pools = ([written.pool] if written.pool else []) + written.pools
    return SeatSpec(
        kind=written.kind,
        count=written.count,
        person=written.person,
        role=written.role,
        pools=tuple(dict.fromkeys(pools)),
        skills=frozenset(written.skills),
        levels=frozenset(written.levels),
    )


def interview_spec(written: InterviewFile) -> InterviewSpec:
    """The value of an interview that stands for itself."""
    return _interview(written, tuple(map(seat_spec, written.seats)))


def _interview(written: InterviewFile, seats: tuple[SeatSpec, ...]) -> InterviewSpec:
    return InterviewSpec(
        id=written.id,
        title=written.title,
        minutes=written.minutes,
        kind=written.kind,
        modality=written.modality,
        seats=seats,
        after=tuple(dict.fromkeys(written.after)),
        immediately_after=written.immediately_after,
        least_gap=written.least_gap,
        greatest_gap=written.greatest_gap,
        same_people_as=written.same_people_as,
        windows=tuple(written.windows),
        room=written.room,
        features=frozenset(written.features),
        agenda=written.agenda.strip(),
        links=tuple(written.links),
        branch=written.branch,
        due_days=written.due_days,
        open=written.open,
    )


def _debrief(written: DebriefFile | None) -> DebriefSpec | None:
    if written is None:
        return None
    return DebriefSpec(written.minutes, written.within_hours, written.least_gap, tuple(written.also))
