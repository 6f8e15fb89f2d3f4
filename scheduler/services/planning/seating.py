"""Who may sit where: seat requirements resolved to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.domain.fixes.saying import listed, said
from scheduler.domain.loops import Application, Reason
from scheduler.domain.people import Person, Pool, Site, Standing
from scheduler.domain.templates import InterviewSpec, LoopTemplate, Modality, RoleName, SeatKind, SeatSpec

_STANDINGS: Mapping[SeatKind, tuple[Standing, ...]] = {
    SeatKind.SHADOW: (Standing.SHADOWING, Standing.TRAINEE),
    SeatKind.REVERSE_SHADOW: (Standing.REVERSE_SHADOWING,),
}
"""Which standing in a pool fits a kind of seat; every other kind wants the qualified."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The people and pools of the company, by id."""

    people: Mapping[str, Person]
    pools: Mapping[str, Pool]

    def name(self, id: str) -> str:
        person = self.people.get(id)
        return person.name if person else id


def role(application: Application, name: RoleName) -> str | None:
    """The person who has that role for the application."""
    return {
        RoleName.HIRING_MANAGER: application.hiring_manager,
        RoleName.RECRUITER: application.recruiter,
        RoleName.COORDINATOR: application.coordinator or application.recruiter,
    }[name]


def named(seat: SeatSpec, application: Application) -> str | None:
    """The one person a seat names, by id or by role."""
    if seat.person:
        return seat.person
    return role(application, seat.role) if seat.role else None


def candidates(seat: SeatSpec, application: Application, roster: Roster) -> list[str]:
    """The ids of everybody active who meets a seat's requirement, in a stable order."""
    one = named(seat, application)
    if one is not None:
        ids = [one]
    else:
        standings = _STANDINGS.get(seat.kind, (Standing.QUALIFIED,))
        ids = sorted(
            {p for pool in seat.pools if pool in roster.pools for p in roster.pools[pool].of(*standings)}
        )
    people = [roster.people[i] for i in ids if i in roster.people]
    return [
        p.id
        for p in people
        if p.active and seat.skills <= p.skills and (not seat.levels or p.level in seat.levels)
    ]


def works_at(person: Person, site: Site) -> bool:
    """Whether somebody's usual place is that site: they belong to it and live by its clock."""
    return person.site == site.id and person.zone == site.zone


def everybody(template: LoopTemplate, application: Application, roster: Roster) -> set[str]:
    """Everyone who might take part in a loop of this template, debrief and companions included."""
    found = {application.hiring_manager, application.recruiter, *application.accommodation.also}
    for interview in template.interviews:
        for seat in interview.seats:
            found.update(candidates(seat, application, roster))
    if template.debrief:
        found.update(template.debrief.also)
    return {p for p in found if p in roster.people}


def asked_for(
    template: LoopTemplate, application: Application, pools: Mapping[str, Pool]
) -> tuple[set[str], set[str]]:
    """What has to be known of the company to tell `everybody` and `debrief_attendees`: ids of pools that are not
    in ``pools``, and of people."""
    seats = [seat for interview in template.interviews for seat in interview.seats]
    wanted = {id for seat in seats if named(seat, application) is None for id in seat.pools}
    people = {application.hiring_manager, application.recruiter, *application.accommodation.also}
    people |= {who for seat in seats if (who := named(seat, application)) is not None}
    people |= set(template.debrief.also) if template.debrief else set()
    for seat in seats:
        standings = _STANDINGS.get(seat.kind, (Standing.QUALIFIED,))
        people.update(p for id in seat.pools if id in pools for p in pools[id].of(*standings))
    return wanted - pools.keys(), people


def debrief_attendees(template: LoopTemplate, application: Application) -> tuple[str, ...]:
    """Who attends besides the panel: hiring manager, recruiter and whom the template adds."""
    also = template.debrief.also if template.debrief else ()
    return tuple(dict.fromkeys((application.hiring_manager, application.recruiter, *also)))


def shortage(
    interview: InterviewSpec, seat: SeatSpec, have: list[str], lost: list[str], roster: Roster
) -> Reason:
    """Why a seat cannot be filled by anybody: too few people, or too few whose calendar is known."""
    who = " or ".join(seat.pools) or "the named person"
    pools = listed(seat.pools, "or") if seat.pools else said("the_named_person")
    told: dict[str, object] = {"title": interview.title, "count": seat.count, "who": pools, "have": len(have)}
    wanted = f"{interview.title} needs {seat.count} of {who}"
    if lost:
        names = ", ".join(roster.name(p) for p in lost)
        text = f"{wanted}, but only {len(have)} can be asked: the calendar of {names} cannot be read"
        short = said("short.unread", **told, names=listed(roster.name(p) for p in lost))
        return Reason("unknown_calendar", text, tuple(lost), (interview.id,), short)
    there = " and work there" if interview.modality is Modality.ON_SITE and seat.pools else ""
    return Reason(
        "pool_too_small",
        f"{wanted}, but only {len(have)} qualify{there}",
        tuple(have),
        (interview.id,),
        said("short.there" if there else "short", **told),
    )
