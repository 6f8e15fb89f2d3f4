"""From the company file as written to the domain's values, defaults filled in.

Told by `tests/scheduler/services/company/test_read.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from scheduler.domain.company import Company
from scheduler.domain.hiring.automations import Automation
from scheduler.domain.hiring.connections import Match, MatchHow
from scheduler.domain.hiring.processes import Process, ProcessStage
from scheduler.domain.people import Account, Closing, Person, Pool, Room, Site, Standing
from scheduler.domain.policy import Policy, StageRule
from scheduler.domain.reasons import DEFAULT_REASONS, ReasonCode
from scheduler.domain.templates import LoopTemplate
from scheduler.services.company.fields import kept
from scheduler.services.company.file import (
    CalendarFile,
    CompanyFile,
    DefaultsFile,
    HolidaysFile,
    PersonFile,
    PoolFile,
    RoomFile,
    SiteFile,
)
from scheduler.services.company.policy import AutomationFile, MatchFile, PolicyFile, ProcessFile
from scheduler.services.company.words import together

NOWHERE = ""
"""The site of somebody who names none where the company has several: reported, never kept."""


def company_of(written: CompanyFile, templates: tuple[LoopTemplate, ...]) -> Company:
    """The company. Names that lead nowhere are kept as they are: `checks` reports them."""
    usual = written.defaults
    zones = {s.id: s.zone for s in written.sites}
    home = usual.site or (written.sites[0].id if len(written.sites) == 1 else NOWHERE)
    return Company(
        name=written.company.name,
        organizer=_account(written.company.organizer, usual),
        sites=tuple(_site(s, usual) for s in written.sites),
        people=tuple(_person(p, usual, zones, home) for p in written.people),
        pools=tuple(map(_pool, written.pools)),
        rooms=tuple(_room(r, usual, home) for r in written.rooms),
        templates=templates,
        policy=_policy(written.policy),
    )


def _account(written: CalendarFile, usual: DefaultsFile) -> Account:
    return Account(written.provider or usual.provider, written.address, written.mode or usual.mode)


def _site(written: SiteFile, usual: DefaultsFile) -> Site:
    days = (
        written.holidays if isinstance(written.holidays, HolidaysFile) else HolidaysFile(add=written.holidays)
    )
    once = {day for day in days.add if len(day) > len("12-24")}
    return Site(
        **kept(written, Site, "name", "hours", "holidays"),
        name=written.name or written.id,
        hours=together(written.hours or usual.hours),
        holidays=frozenset(map(date.fromisoformat, once)),
        closing=Closing(
            subdivisions=frozenset(days.subdivisions),
            categories=frozenset(days.categories),
            yearly=frozenset(days.add) - once,
            leave_out=frozenset(days.leave_out),
            half_days=frozenset(days.half_days),
            until=days.half_days_until,
        ),
    )


def _person(written: PersonFile, usual: DefaultsFile, zones: Mapping[str, str], home: str) -> Person:
    site = written.site or home
    calendar = written.calendar or CalendarFile(address=written.email)
    return Person(
        **kept(written, Person, "site", "zone", "hours", "max_day", "max_week", "lunch", "avoid"),
        avoid=together(written.avoid),
        zone=written.zone or zones.get(site, "UTC"),  # an unknown site is refused, its people with it
        site=site,
        account=_account(calendar, usual),
        hours=together(written.hours or usual.hours),
        max_day=usual.max_day if written.max_day is None else written.max_day,
        max_week=usual.max_week if written.max_week is None else written.max_week,
        lunch=_lunch(usual.lunch if written.lunch is None else written.lunch),
    )


def _lunch(written: tuple[time, time] | bool) -> tuple[time, time] | None:
    return None if isinstance(written, bool) else written


def _pool(written: PoolFile) -> Pool:
    members = {p: s for s in Standing for p in getattr(written, s.value)}
    return Pool(written.id, written.name or written.id, members)


def _room(written: RoomFile, usual: DefaultsFile, home: str) -> Room:
    return Room(
        **kept(written, Room, "name", "site"),
        name=written.name or written.id,
        site=written.site or home,
        account=_account(written.calendar, usual),
    )


def _policy(written: PolicyFile) -> Policy:
    return Policy(
        **kept(
            written,
            Policy,
            "prices",
            "stages",
            "automations",
            "matches",
            "processes",
            "reasons",
            "own_fields",
        ),
        own_fields=tuple(sorted(set(written.own_fields))),
        prices=dict(written.prices.items()),
        stages=tuple(StageRule(s.stage, s.template, s.mode, s.job) for s in written.stages),
        automations=tuple(map(_automation, written.automations)),
        matches=tuple(map(_match, written.matches)),
        processes=tuple(map(_process, written.processes)),
        reasons=DEFAULT_REASONS
        if written.reasons is None
        else tuple(ReasonCode(r.code, r.text, frozenset(r.deeds)) for r in written.reasons),
    )


def _automation(written: AutomationFile) -> Automation:
    return Automation(**{name: getattr(written, name) for name in AutomationFile.model_fields})


def _process(written: ProcessFile) -> Process:
    stages = (ProcessStage(s.stage, s.template, s.target_days, s.gate) for s in written.stages)
    return Process(written.id, tuple(stages), written.job)


def _match(written: MatchFile) -> Match:
    how = MatchHow.FILE
    return Match(written.connection or "", written.kind, written.theirs, written.ours, written.theirs, how)
