"""What must hold between the values of a company file: one function per rule, each fault with its place.

Told by `tests/scheduler/services/company/test_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from scheduler.domain.company import Company
from scheduler.domain.hiring.automations import APPROVERS
from scheduler.domain.hiring.connections import MatchKind
from scheduler.domain.people import Account, Site, Standing
from scheduler.services import public_holidays
from scheduler.services.company.faults import Fault, Loc, leads_nowhere, nearest, path
from scheduler.services.company.file import CompanyFile, HolidaysFile, OwnTemplate, UsedTemplate
from scheduler.services.company.mend import Reading
from scheduler.services.company.templates.building import used_template
from scheduler.services.company.templates.checking import World, template_faults
from scheduler.services.company.templates.library import built_in_templates

Rule = Callable[[CompanyFile, Company, Reading], Iterator[Fault]]


def company_faults(written: CompanyFile, company: Company, reading: Reading) -> Iterator[Fault]:
    """Everything that is wrong between the values, by the rules in their order.

    What follows only from a value that was refused already (``reading``) is left unsaid.
    """
    for rule in RULES:
        yield from (f for f in rule(written, company, reading) if not reading.consequence(f.loc))


def _twice(section: str, field: str, values: Iterable[str]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for n, value in enumerate(values):
        if value.casefold() in seen:
            first = f"{section}[{seen[value.casefold()]}]"
            yield Fault(
                (section, n, field), f"{value!r} is already that of {first}", f"give each its own {field}"
            )
        seen.setdefault(value.casefold(), n)


def sections_hold_something(written: CompanyFile, _: Company, __: Reading) -> Iterator[Fault]:
    """A company has a site and somebody to ask."""
    if not written.sites:
        yield Fault(("sites",), "is empty", "give at least one site")
    if not written.people:
        yield Fault(("people",), "is empty", "give the people who can be asked")


def ids_differ(written: CompanyFile, company: Company, _: Reading) -> Iterator[Fault]:
    """No two of a kind share an id; no two people share an address."""
    for section in ("sites", "people", "pools", "rooms"):
        yield from _twice(section, "id", [x.id for x in getattr(written, section)])
    ids = [t.id if isinstance(t, OwnTemplate) else t.id or t.use for t in written.templates]
    for fault in _twice("templates", "id", ids):
        used = isinstance(written.templates[int(fault.loc[1])], UsedTemplate)
        yield replace(fault, fix="give each use its own `id`") if used else fault
    yield from _twice("people", "email", [p.email for p in company.people])


def calendars_differ(_: CompanyFile, company: Company, __: Reading) -> Iterator[Fault]:
    """One calendar belongs to one person, room or the organizer."""
    organizer: Loc = ("company", "organizer")
    accounts: list[tuple[Loc, Account]] = [(organizer, company.organizer)]
    accounts += [(("people", n), p.account) for n, p in enumerate(company.people)]
    accounts += [(("rooms", n), r.account) for n, r in enumerate(company.rooms)]
    owners: dict[tuple[str, str], Loc] = {}
    for loc, account in accounts:
        first = owners.setdefault((account.provider, account.address.casefold()), loc)
        if first != loc and not _same_email(first, loc, company):
            fault = f"{account.address!r} is already the calendar of {path(first)}"
            yield Fault((*loc, "calendar"), fault, "give every calendar once")


def _same_email(one: Loc, other: Loc, company: Company) -> bool:
    """Two people whose addresses are the same: `ids_differ` has said so."""
    if one[0] != "people" or other[0] != "people":
        return False
    emails = [company.people[int(loc[1])].email.casefold() for loc in (one, other)]
    return emails[0] == emails[1]


def sites_are_known(written: CompanyFile, company: Company, _: Reading) -> Iterator[Fault]:
    """People and rooms are somewhere; with several sites it must be said where."""
    known = {s.id for s in company.sites}
    usual = written.defaults.site
    if usual is not None and leads_nowhere(usual, known):
        yield Fault(("defaults", "site"), f"unknown site {usual!r}", nearest(usual, known))
    for section in ("people", "rooms"):
        for n, thing in enumerate(getattr(written, section)):
            if thing.site is None and usual is None and len(known) > 1:
                yield Fault((section, n, "site"), "missing", "name one of " + ", ".join(sorted(known)))
            elif thing.site is not None and leads_nowhere(thing.site, known):
                yield Fault((section, n, "site"), f"unknown site {thing.site!r}", nearest(thing.site, known))


def holidays_are_known(written: CompanyFile, company: Company, reading: Reading) -> Iterator[Fault]:
    """The parts and kinds of holidays are those of the country; no day is said to be two things."""
    for n, site in enumerate(written.sites):
        if not isinstance(site.holidays, HolidaysFile):
            continue
        loc: Loc = ("sites", n, "holidays")
        if reading.sound(("sites", n, "country")):
            strange = list(_strange_to_the_country(loc, site.holidays, site.country.partition("-")[0]))
            yield from strange or _names_are_known(loc, site.holidays, company.sites[n])
        yield from _one_thing_each(loc, site.holidays)


def _strange_to_the_country(loc: Loc, holidays: HolidaysFile, country: str) -> Iterator[Fault]:
    for field, known in (
        ("subdivisions", public_holidays.countries()[country] if country else ()),
        ("categories", public_holidays.categories(country) if country else ()),
    ):
        for k, word in enumerate(getattr(holidays, field)):
            if not country:
                yield Fault((*loc, field, k), "is of no country", "give the site's `country`")
            elif word not in known:
                fault = f"{country} has no {_ONE[field]} {word!r}"
                yield Fault((*loc, field, k), fault, nearest(word, known))


def _names_are_known(loc: Loc, holidays: HolidaysFile, site: Site) -> Iterator[Fault]:
    """A holiday that is left out by its name is one of the country's."""
    words = [(k, word) for k, word in enumerate(holidays.leave_out) if not word[:1].isdigit()]
    if not words or not site.country:
        return
    known = {public_holidays.bare(name): name for name in public_holidays.names(site)}
    for k, word in words:
        if public_holidays.bare(word) not in known:
            fault = f"{word!r} is no holiday of {site.country} here"
            yield Fault((*loc, "leave_out", k), fault, nearest(word, known.values()))


def _one_thing_each(loc: Loc, holidays: HolidaysFile) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for field in ("add", "leave_out", "half_days"):
        for k, day in enumerate(getattr(holidays, field)):
            if seen.setdefault(day, field) != field:
                yield Fault((*loc, field, k), f"{day} is already in `{seen[day]}`", "keep one of the two")


def members_are_known(written: CompanyFile, company: Company, _: Reading) -> Iterator[Fault]:
    """A pool's members are people of the company, each with one standing."""
    known = {p.id for p in company.people}
    for n, pool in enumerate(written.pools):
        standing: dict[str, str] = {}
        for name in (s.value for s in Standing):
            for k, person in enumerate(getattr(pool, name)):
                loc: Loc = ("pools", n, name, k)
                if leads_nowhere(person, known):
                    yield Fault(loc, f"unknown person {person!r}", nearest(person, known))
                if person in standing:
                    yield Fault(loc, f"{person!r} is already in {standing[person]!r}", "keep one standing")
                standing.setdefault(person, name)


def used_templates_exist(written: CompanyFile, company: Company, _: Reading) -> Iterator[Fault]:
    """``use`` names a built-in template, ``pools`` and ``people`` names that occur in it."""
    library = built_in_templates()
    for n, entry in enumerate(written.templates):
        if not isinstance(entry, UsedTemplate):
            continue
        loc: Loc = ("templates", n)
        if entry.use not in library:
            yield Fault(
                (*loc, "use"), f"unknown built-in template {entry.use!r}", nearest(entry.use, library)
            )
            continue
        built_in = library[entry.use]
        for field, needs, have in (
            ("pools", built_in.needs_pools, {p.id for p in company.pools}),
            ("people", built_in.needs_people, {p.id for p in company.people}),
        ):
            mapping = getattr(entry, field)
            for name, ours in mapping.items():
                if name not in needs:
                    yield Fault((*loc, field, name), f"{entry.use!r} does not name it", nearest(name, needs))
                for k, id in enumerate([ours] if isinstance(ours, str) else ours):
                    if leads_nowhere(id, have):
                        fault = f"unknown {_ONE[field]} {id!r}"
                        yield Fault((*loc, field, name, k), fault, nearest(id, have))
            for name in (n for n in sorted(set(needs) - set(mapping)) if leads_nowhere(n, have)):
                fault = f"{entry.use!r} needs {name!r} ({needs[name]}), and this company has none of that id"
                yield Fault((*loc, field), fault, f"name yours: `{field}: {{{name}: …}}`")


_ONE = {"pools": "pool", "people": "person", "subdivisions": "subdivision", "categories": "category"}


def templates_can_be_planned(written: CompanyFile, company: Company, reading: Reading) -> Iterator[Fault]:
    """Every template keeps the rules of templates; of a built-in one the fault names the step."""
    world = world_of(written, company, reading)
    library = built_in_templates()
    entries = [
        (("templates", n), entry)
        for n, entry in enumerate(written.templates)
        if isinstance(entry, OwnTemplate) or entry.use in library
    ]
    for (loc, entry), template in zip(entries, company.templates, strict=True):
        for fault in template_faults(template, world):
            if isinstance(entry, OwnTemplate):
                yield replace(fault, loc=(*loc, *fault.loc))
            elif not _said_of_names(fault):
                steps = used_template(entry, library[entry.use]).interviews
                yield _in_built_in(fault, loc, [s.id for s in steps], set(entry.model_fields_set))


def _said_of_names(fault: Fault) -> bool:
    """Unknown pools and people of a built-in template: `used_templates_exist` has said so."""
    return fault.loc[0] == "interviews" and fault.fault.startswith(("unknown pool", "unknown person"))


def _in_built_in(fault: Fault, loc: Loc, steps: list[str], said: set[str]) -> Fault:
    """A fault of a built-in template, at its entry in the file: its steps are not written there."""
    if fault.loc[0] in said:
        return replace(fault, loc=(*loc, *fault.loc))
    step = fault.loc[1] if len(fault.loc) > 1 and fault.loc[0] == "interviews" else None
    named = f"in its step {steps[step]!r}, " if isinstance(step, int) else ""
    return Fault(loc, named + fault.fault, fault.fix)


def world_of(written: CompanyFile, company: Company, reading: Reading) -> World:
    """What templates may refer to."""
    shaky = {p.id for n, p in enumerate(written.people) if not reading.sound(("people", n))}
    unsure = {
        pool.id
        for n, pool in enumerate(company.pools)
        if not reading.sound(("pools", n)) or shaky & pool.members.keys()
    }
    return World(
        people={p.id: p for p in company.people},
        pools={p.id: p for p in company.pools},
        rooms=company.rooms,
        sites={s.id for s in company.sites},
        templates={t.id for t in company.templates},
        unsure=unsure,
    )


def stages_lead_to_templates(_: CompanyFile, company: Company, __: Reading) -> Iterator[Fault]:
    """A stage rule names a known template; a stage of a job has one rule."""
    known = {t.id for t in company.templates}
    seen: dict[tuple[str, str | None], int] = {}
    for n, rule in enumerate(company.policy.stages):
        loc: Loc = ("policy", "stages", n)
        if leads_nowhere(rule.template, known):
            yield Fault(
                (*loc, "template"), f"unknown template {rule.template!r}", nearest(rule.template, known)
            )
        if (rule.stage, rule.job) in seen:
            job = f" of {rule.job!r}" if rule.job else ""
            fault = f"{rule.stage!r}{job} already has a rule in policy.stages[{seen[rule.stage, rule.job]}]"
            yield Fault((*loc, "stage"), fault, "keep one, or name a `job`")
        seen.setdefault((rule.stage, rule.job), n)


def automations_lead_somewhere(_: CompanyFile, company: Company, __: Reading) -> Iterator[Fault]:
    """An automation has an id of its own and names a known template, and whoever approves is somebody."""
    known, people = {t.id for t in company.templates}, {p.id for p in company.people}
    seen: dict[str, int] = {}
    for n, rule in enumerate(company.policy.automations):
        loc: Loc = ("policy", "automations", n)
        if leads_nowhere(rule.template, known):
            fault = f"unknown template {rule.template!r}"
            yield Fault((*loc, "template"), fault, nearest(rule.template, known))
        if rule.approver not in APPROVERS and leads_nowhere(rule.approver, people):
            yield Fault(
                (*loc, "approver"), f"unknown person {rule.approver!r}", nearest(rule.approver, people)
            )
        if rule.id in seen:
            fault = f"{rule.id!r} is already policy.automations[{seen[rule.id]}]"
            yield Fault((*loc, "id"), fault, "give each automation an id of its own")
        seen.setdefault(rule.id, n)
    for n, match in enumerate(company.policy.matches):
        if match.kind is MatchKind.PERSON and leads_nowhere(match.ours, people):
            fault = f"unknown person {match.ours!r}"
            yield Fault(("policy", "matches", n, "ours"), fault, nearest(match.ours, people))


def processes_lead_somewhere(_: CompanyFile, company: Company, __: Reading) -> Iterator[Fault]:
    """A job has one process, a stage is once in it, and asks for a known template."""
    known, seen = {t.id for t in company.templates}, dict[str | None, int]()
    for n, process in enumerate(company.policy.processes):
        loc: Loc = ("policy", "processes", n)
        if process.job in seen:
            fault = f"{process.job or 'every job'!r} already has policy.processes[{seen[process.job]}]"
            yield Fault((*loc, "job"), fault, "keep one process for each job")
        seen.setdefault(process.job, n)
        if not process.stages:
            yield Fault((*loc, "stages"), "holds no stage", "name at least one")
        names = [s.stage for s in process.stages]
        for at, stage in enumerate(process.stages):
            if stage.template is not None and leads_nowhere(stage.template, known):
                fault = f"unknown template {stage.template!r}"
                yield Fault((*loc, "stages", at, "template"), fault, nearest(stage.template, known))
            if stage.stage in names[:at]:
                fault = f"{stage.stage!r} is already a stage of this process"
                yield Fault((*loc, "stages", at, "stage"), fault, "name each stage once")


def reasons_differ(_: CompanyFile, company: Company, __: Reading) -> Iterator[Fault]:
    """A code is one reason."""
    seen: dict[str, int] = {}
    for n, reason in enumerate(company.policy.reasons):
        if reason.code in seen:
            fault = f"{reason.code!r} is already policy.reasons[{seen[reason.code]}]"
            yield Fault(("policy", "reasons", n, "code"), fault, "give each reason a code of its own")
        seen.setdefault(reason.code, n)


def seats_open_after_a_reminder(written: CompanyFile, _: Company, __: Reading) -> Iterator[Fault]:
    """Nobody loses a seat for a silence that they were not reminded of."""
    if written.policy.open_hours and not written.policy.remind_hours:
        fault = "is for who was reminded, and nobody is: `remind_hours` is 0"
        yield Fault(
            ("policy", "open_hours"), fault, "let `remind_hours` be 1 or more, or leave `open_hours` out"
        )


RULES: tuple[Rule, ...] = (
    sections_hold_something,
    ids_differ,
    calendars_differ,
    sites_are_known,
    holidays_are_known,
    members_are_known,
    used_templates_exist,
    templates_can_be_planned,
    stages_lead_to_templates,
    automations_lead_somewhere,
    processes_lead_somewhere,
    reasons_differ,
    seats_open_after_a_reminder,
)
"""The table of contents: every rule between values, in the order in which it is checked."""
