"""The company file as it is written: its fields, what each may hold, and the JSON schema of it all.

A model here knows one value at a time. What must hold between values (a pool's people exist, an
order has no circle) is in `checks` and `templates.checking`.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictInt,
    Tag,
    WithJsonSchema,
)

from scheduler.domain.people import Hours, Mode, Person, Room, Site
from scheduler.domain.templates import ClockWindow, InterviewKind, Modality, RoleName, SeatKind
from scheduler.services.company.basics import WRITTEN, Clock, Id, Line, Minutes, OneOrMany, Some
from scheduler.services.company.faults import Said
from scheduler.services.company.fields import follows
from scheduler.services.company.policy import PolicyFile
from scheduler.services.company.words import (
    country_of,
    day_of,
    email_of,
    holiday_of,
    hours_of,
    line_if_any,
    link_of,
    lunch_of,
    pause_of,
    together,
    window_of,
    window_text,
    zone_of,
)

Email = Annotated[str, AfterValidator(email_of)]
Zone = Annotated[str, AfterValidator(zone_of)]
Text = Annotated[str, Field(max_length=10_000)]
Cap = Annotated[StrictInt, Field(ge=0, le=100)]
Provider = Literal["local", "google", "outlook"]

_RANGE = {"type": "string", "examples": ["11:30-14:00"]}
_DAY = {"type": "string", "examples": ["2026-12-24", "12-24"]}
_HOLIDAY = {"type": "string", "examples": ["2026-10-12", "Columbus Day"]}
_PAUSE = {"type": "string", "examples": ["2026-07-01/2026-07-14"]}
_HOURS = {"type": "string", "examples": ["mon-fri 09:00-17:30"]}

HoursLine = Annotated[tuple[Hours, ...], PlainValidator(hours_of), WithJsonSchema(_HOURS)]
Window = Annotated[
    ClockWindow, PlainValidator(window_of), PlainSerializer(window_text), WithJsonSchema(_RANGE)
]
Lunch = Annotated[
    tuple[time, time] | bool,
    PlainValidator(lunch_of),
    WithJsonSchema({"anyOf": [_RANGE, {"const": False}]}),
]


def _apart(lines: list[tuple[Hours, ...]]) -> list[tuple[Hours, ...]]:
    together(lines)
    return lines


DAYS, CLOSING = "<days>", "<closing>"
Day = Annotated[str, PlainValidator(day_of), WithJsonSchema(_DAY)]
Days = Annotated[list[Day], OneOrMany]
Named = Annotated[
    list[Annotated[str, PlainValidator(holiday_of), WithJsonSchema(_HOLIDAY)]],
    OneOrMany,
]
Pauses = Annotated[list[Annotated[str, PlainValidator(pause_of), WithJsonSchema(_PAUSE)]], OneOrMany]
Week = Annotated[list[HoursLine], Field(min_length=1), OneOrMany, AfterValidator(_apart)]
Windows = Annotated[list[Window], OneOrMany]
Ids = Annotated[list[Id], OneOrMany]
Lines = Annotated[list[Line], OneOrMany]
Links = Annotated[list[Annotated[str, AfterValidator(link_of)]], OneOrMany]


class Written(BaseModel):
    """A group of fields; a key that is not among them is refused."""

    model_config = WRITTEN


class CalendarFile(Written):
    """Where a calendar lives; a plain address stands for the default provider."""

    address: Email = Field(description="the address of the calendar")
    provider: Provider | None = None
    mode: Mode | None = Field(
        default=None, description="`free_busy` where the account may not see event types"
    )


def _calendar(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


Calendar = Annotated[CalendarFile, BeforeValidator(_calendar, json_schema_input_type=CalendarFile | str)]


class CompanyPart(Written):
    """Who the company is, and the account that owns every booked event."""

    name: Line = Field(description="the name of the company")
    organizer: Calendar = Field(description="the calendar account that owns every booked event")


class DefaultsFile(Written):
    """What holds for everybody who does not say otherwise."""

    hours: Week = Field(default_factory=lambda: [hours_of("mon-fri 09:00-17:30")])
    lunch: Lunch = False
    max_day: Cap = 3
    max_week: Cap = 8
    site: Id | None = None
    provider: Provider = "local"
    mode: Mode = Mode.TYPED


class HolidaysFile(Written):
    """Which days of the country's calendar count, and the company's own. A plain list is ``add``."""

    subdivisions: Lines = Field(default=[], description="parts of the country beside the one in its code")
    categories: Lines = Field(default=[], description="kinds of holidays; `public` where none is given")
    add: Days = Field(default=[], description="more closed days")
    leave_out: Named = Field(
        default=[], description="days of the country's calendar, or names of its holidays, on which one works"
    )
    half_days: Days = Field(default=[], description="days that end early")
    half_days_until: Clock = Field(default=time(12), description="when half days end")


def _form_of_holidays(value: Any) -> str:
    return DAYS if isinstance(value, list) else CLOSING


Holidays = Annotated[
    Annotated[list[Day], Tag("<days>")] | Annotated[HolidaysFile, Tag("<closing>")],
    Discriminator(_form_of_holidays),
]


PLAIN = {str: Annotated[str, AfterValidator(line_if_any)], bool: bool, frozenset[str]: Lines}
"""How a field of the domain is written that says nothing else."""


@follows(Site, PLAIN, without=frozenset({"closing"}))
class SiteFile(Written):
    id: Id = Field(description="a short name such as `berlin`")
    name: Line | None = None
    zone: Zone = Field(description="the site's time zone, e.g. Europe/Berlin")
    hours: Week | None = None
    country: Annotated[str, AfterValidator(country_of)] = Field(
        default="", description="adds its public holidays"
    )
    holidays: Holidays = Field(default=[], description="more closed days, or which days count at all")
    address: Annotated[str, Field(max_length=500)] = ""


@follows(Person, PLAIN)
class PersonFile(Written):
    id: Id = Field(description="a short name such as `anna`")
    name: Line = Field(description="the person's full name")
    email: Email = Field(description="the person's e-mail address")
    site: Id | None = None
    zone: Zone | None = None
    hours: Week | None = None
    lunch: Lunch | None = None
    max_day: Cap | None = None
    max_week: Cap | None = None
    calendar: Calendar | None = None
    pauses: Pauses = []
    avoid: Annotated[list[HoursLine], OneOrMany, AfterValidator(_apart)] = []


class PoolFile(Written):
    """Ids of people by how far they are."""

    id: Id = Field(description="a short name such as `backend`")
    name: Line | None = None
    qualified: Ids = []
    reverse_shadowing: Ids = []
    shadowing: Ids = []
    trainee: Ids = []


@follows(Room, PLAIN)
class RoomFile(Written):
    id: Id = Field(description="a short name such as `oak`")
    name: Line | None = None
    site: Id | None = None
    capacity: Annotated[StrictInt, Field(ge=2, le=10_000)] = Field(
        description="how many people it holds, the candidate included"
    )
    calendar: Calendar = Field(description="the address of the room's calendar")
    features: Ids = []


class SeatFile(Written):
    """Who may sit here: one of ``person``, ``role``, ``pool``, ``pools``."""

    kind: SeatKind = SeatKind.LEAD
    count: Annotated[StrictInt, Field(ge=1, le=50)] = 1
    person: Id | None = None
    role: RoleName | None = None
    pool: Id | None = None
    pools: Ids = []
    skills: Lines = []
    levels: Lines = []


class InterviewFile(Written):
    id: Id = Field(description="a short name such as `technical`")
    title: Line = Field(description="what the invitation is called")
    minutes: Annotated[StrictInt, Field(ge=5, le=720)] | None = None
    kind: InterviewKind = InterviewKind.INTERVIEW
    modality: Modality = Modality.ON_SITE
    seats: list[SeatFile] = []
    after: Ids = []
    immediately_after: bool = False
    least_gap: Minutes = 0
    greatest_gap: Minutes | None = None
    same_people_as: Id | None = None
    windows: Windows = []
    room: bool | None = None
    features: Ids = []
    agenda: Text = ""
    links: Links = []
    branch: Id | None = None
    due_days: Annotated[StrictInt, Field(ge=1, le=90)] | None = None
    open: bool = False


class DebriefFile(Written):
    minutes: Annotated[StrictInt, Field(ge=5, le=480)] = 30
    within_hours: Annotated[StrictInt, Field(ge=0, le=200)] = 16
    least_gap: Minutes = 0
    also: Ids = []


def _debrief(value: Any) -> Any:
    if value is None:
        raise Said("is empty", "give its `minutes`, or say `debrief: false` for none")
    return None if value is False else value


class LoopRules(Written):
    """What a template says about the whole loop; what it leaves out keeps its default."""

    site: Id | None = None
    max_days: Annotated[StrictInt, Field(ge=1, le=30)] = 1
    max_span: Some = 540
    min_break: Minutes = 0
    buffer: Minutes = 0
    travel: Minutes = 0
    longest_run: Some | None = 180
    different_day: list[list[Id]] = []
    same_day: list[list[Id]] = []
    notice_hours: Annotated[StrictInt, Field(ge=0, le=2000)] = 24
    horizon_days: Annotated[StrictInt, Field(ge=1, le=365)] = 14
    other_people_than: Ids = []
    preferred: Windows = []
    grid: Literal[1, 5, 10, 15, 20, 30, 60] = 15
    debrief: Annotated[
        DebriefFile | None,
        BeforeValidator(_debrief, json_schema_input_type=DebriefFile | Literal[False]),
    ] = DebriefFile()


class OwnTemplate(LoopRules):
    """A template of the company's own."""

    id: Id = Field(description="a short name such as `onsite`")
    title: Line = Field(description="what recruiters call it")
    interviews: list[InterviewFile] = Field(description="its interviews")


class UsedTemplate(LoopRules):
    """A built-in template with this company's pools and people put in; ``id`` is its own by default."""

    use: Line = Field(description="the id of a built-in template")
    id: Id | None = None
    title: Line | None = None
    pools: dict[str, Ids] = {}
    people: dict[str, Id] = {}


class BuiltInTemplate(OwnTemplate):
    """A template that comes with the product: ``needs`` says which pools and people it names."""

    summary: Line
    needs_pools: dict[Id, Line] = {}
    needs_people: dict[Id, Line] = {}


OWN, USED = "<own>", "<use>"
TAGS: dict[str, type[BaseModel]] = {
    OWN: OwnTemplate,
    USED: UsedTemplate,
    DAYS: SiteFile,
    CLOSING: HolidaysFile,
}
"""Steps in the location of an error that are no keys of the file."""


def _template_tag(value: Any) -> str:
    return USED if isinstance(value, dict) and "use" in value else OWN


TemplateEntry = Annotated[
    Annotated[OwnTemplate, Tag(OWN)] | Annotated[UsedTemplate, Tag(USED)], Discriminator(_template_tag)
]


class CompanyFile(Written):
    """The whole file."""

    company: CompanyPart = Field(description="the company's `name` and `organizer`")
    defaults: DefaultsFile = Field(default_factory=DefaultsFile)
    sites: list[SiteFile] = Field(description="at least one site")
    people: list[PersonFile] = Field(description="the people who can be asked")
    pools: list[PoolFile] = []
    rooms: list[RoomFile] = []
    templates: list[TemplateEntry] = []
    policy: PolicyFile = Field(default_factory=PolicyFile)
