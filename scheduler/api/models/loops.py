"""What comes in and goes out of the API, field by field: nothing leaves that is not listed here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from scheduler.api.models.proposals import ProposalOut
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import Accommodation, Application, BookMode, Candidate, InterviewLock, Loop
from scheduler.services.asking.prepare import InterviewChange
from scheduler.services.asking.requests import MAX_WINDOWS, LoopRequest
from scheduler.services.company.file import Windows
from scheduler.services.company.words import LINE, email_of
from scheduler.services.telling.agenda import Line

Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]
Short = Annotated[str, Field(max_length=200, pattern=LINE)]
Address = Annotated[str, Field(max_length=254), AfterValidator(email_of)]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Window(In):
    """Wall-clock times in the request's zone, or with an offset of their own."""

    start: Short = Field(examples=["2026-11-24T09:00"])
    end: Short = Field(examples=["2026-11-24T17:00"])


class CandidateModel(In):
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=LINE)]
    email: Address = Field(examples=["mara@example.org"])
    zone: Short = Field(examples=["Europe/Berlin"])


class AccommodationModel(In):
    """``extra_time`` in percent, ``break_every`` and ``max_day`` in minutes. The reason is never asked."""

    extra_time: int = Field(0, ge=0, le=200)
    break_every: int | None = Field(None, ge=15, le=480)
    max_day: int | None = Field(None, ge=30, le=720)
    features: list[Short] = Field(default=[], max_length=20)
    also: list[Id] = Field(default=[], max_length=5)


class ApplicationModel(In):
    """A candidacy. Everything is keyed on its id, never on an address."""

    id: Id = Field(examples=["app-1001"])
    job: Short
    candidate: CandidateModel
    hiring_manager: Id
    recruiter: Id
    coordinator: Id | None = None
    stage: Short = ""
    accommodation: AccommodationModel = Field(default_factory=lambda: AccommodationModel.model_validate({}))

    def value(self) -> Application:
        needs = self.accommodation
        return Application(
            id=self.id,
            candidate=Candidate(self.candidate.name, self.candidate.email, self.candidate.zone),
            job=self.job,
            hiring_manager=self.hiring_manager,
            recruiter=self.recruiter,
            coordinator=self.coordinator,
            stage=self.stage,
            accommodation=Accommodation(
                needs.extra_time,
                needs.break_every,
                needs.max_day,
                frozenset(needs.features),
                tuple(needs.also),
            ),
        )

    @staticmethod
    def of(value: Application) -> ApplicationModel:
        needs = value.accommodation
        return ApplicationModel(
            id=value.id,
            job=value.job,
            candidate=CandidateModel(
                name=value.candidate.name, email=value.candidate.email, zone=value.candidate.zone
            ),
            hiring_manager=value.hiring_manager,
            recruiter=value.recruiter,
            coordinator=value.coordinator,
            stage=value.stage,
            accommodation=AccommodationModel(
                extra_time=needs.extra_time,
                break_every=needs.break_every,
                max_day=needs.max_day,
                features=sorted(needs.features),
                also=list(needs.also),
            ),
        )


_ZONE = "On whose clock the windows and the horizon are written; without it on the candidate's."


class StepChange(In):
    """What a recruiter says about one step: its minutes, its people (the first leads), its windows."""

    minutes: int | None = Field(None, ge=5, le=720)
    people: list[Id] = Field(default=[], max_length=20)
    windows: Windows = Field(
        default=[], max_length=5, description="Parts of the day, as in the company file."
    )
    due_days: int | None = Field(None, ge=1, le=60)

    def value(self) -> InterviewChange:
        return InterviewChange(
            minutes=self.minutes,
            people=tuple(self.people),
            windows=tuple(self.windows),
            due_days=self.due_days,
        )


class LoopIn(In):
    """A request for a loop. Without windows it waits for the candidate's."""

    application: ApplicationModel
    template: Id = Field(examples=["onsite-loop"])
    windows: list[Window] = Field(default=[], max_length=MAX_WINDOWS)
    zone: Short = Field("", description=_ZONE)
    mode: BookMode = BookMode.PROPOSE
    horizon: Window | None = None
    branch: dict[Id, Id] = Field(default={}, max_length=12)
    leave_out: list[Id] = Field(default=[], max_length=12)
    adjust: dict[Id, StepChange] = Field(default={}, max_length=12)
    stage_visit: Short = ""
    site: Id | None = None
    owner: Id | None = Field(None, description="Who looks after it; without one the application's recruiter.")

    def value(self) -> LoopRequest:
        return LoopRequest(
            application=self.application.value(),
            template=self.template,
            windows=[(w.start, w.end) for w in self.windows],
            zone=self.zone,
            mode=self.mode,
            horizon=(self.horizon.start, self.horizon.end) if self.horizon else None,
            branch=self.branch,
            leave_out=self.leave_out,
            adjust={id: change.value() for id, change in self.adjust.items()},
            stage_visit=self.stage_visit,
            site=self.site,
            owner=self.owner,
        )


class LoopChange(In):
    """New windows of the candidate, another horizon, steps left out, steps completed; then a fresh plan."""

    windows: list[Window] | None = Field(None, max_length=MAX_WINDOWS)
    horizon: Window | None = None
    zone: Short = Field("", description=_ZONE)
    leave_out: list[Id] = Field(default=[], max_length=12)
    adjust: dict[Id, StepChange] = Field(default={}, max_length=12)
    reason: Id | None = Field(None, description="Why: a code of `GET /reasons`.")


_CODE = "Why: a code of `GET /reasons`."


class CancelIn(In):
    message: Annotated[str, Field(max_length=2000)] = ""
    reason: Annotated[Id | None, Field(description=_CODE)] = None


class ReasonIn(In):
    reason: Annotated[Id | None, Field(description=_CODE)] = None
    note: Annotated[str, Field(max_length=500, description="More than the code says, for colleagues.")] = ""


class SpanOut(BaseModel):
    start: datetime
    end: datetime


class ReasonOut(BaseModel):
    """Why a loop waits or cannot be met; ``kind`` is stable, ``text`` is for people."""

    kind: str
    text: str
    people: list[str]
    interviews: list[str]


class LockOut(BaseModel):
    """What people have locked of an interview: its `start`, who has some of its `seats` (by number), its `room`."""

    interview: str
    start: datetime | None
    seats: dict[int, list[str]]
    room: str | None

    @staticmethod
    def of(lock: InterviewLock) -> LockOut:
        seats = {n: list(people) for n, people in lock.people}
        return LockOut(interview=lock.interview, start=lock.start, seats=seats, room=lock.room)


class LoopOut(BaseModel):
    id: str
    application: str
    owner: str = Field(description="Whose loop it is: the recruiter's, until it is given to somebody else.")
    template: str
    state: str
    mode: str
    zone: str
    site: str | None
    horizon: SpanOut
    windows: list[SpanOut]
    stage_visit: str
    reasons: list[ReasonOut]
    fixes: list[str]
    unknown: list[str] = Field(description="People whose calendars could not be read.")
    incomplete: list[str]
    chosen: str | None
    generation: int
    created_at: datetime
    updated_at: datetime
    labels: dict[str, str]
    locks: list[LockOut]

    @staticmethod
    def of(loop: Loop) -> LoopOut:
        return LoopOut(
            id=loop.id,
            application=loop.application,
            owner=loop.owner,
            template=loop.template.id,
            state=loop.state.value,
            mode=loop.mode.value,
            zone=loop.zone,
            site=loop.site,
            horizon=SpanOut(start=loop.horizon.start, end=loop.horizon.end),
            windows=[SpanOut(start=w.start, end=w.end) for w in loop.windows],
            stage_visit=loop.stage_visit,
            reasons=[
                ReasonOut(kind=r.kind, text=r.text, people=list(r.people), interviews=list(r.interviews))
                for r in loop.reasons
            ],
            fixes=list(loop.fixes),
            unknown=list(loop.unknown),
            incomplete=loop.template.incomplete,
            chosen=loop.chosen,
            generation=loop.generation,
            created_at=loop.created_at,
            updated_at=loop.updated_at,
            labels=dict(loop.labels),
            locks=[LockOut.of(lock) for lock in loop.locks],
        )


class SeatOut(BaseModel):
    person: str
    kind: str
    state: str
    required: bool
    comment: str = Field("", description="What they wrote beside their answer.")


class InterviewOut(BaseModel):
    """An interview as booked, the debrief included: for the company, never for the candidate."""

    id: str
    loop: str
    interview: str
    title: str
    kind: str
    modality: str
    start: datetime
    end: datetime
    room: str | None
    state: str
    seats: list[SeatOut]
    join_url: str
    flag: str
    moved_to: SpanOut | None = Field(None, description="Where somebody moved its event in the calendar.")

    @staticmethod
    def of(value: Interview) -> InterviewOut:
        return InterviewOut(
            id=value.id,
            loop=value.loop,
            interview=value.spec,
            title=value.title,
            kind=value.kind.value,
            modality=value.modality.value,
            start=value.span.start,
            end=value.span.end,
            room=value.room,
            state=value.state.value,
            seats=[
                SeatOut(
                    person=s.person,
                    kind=s.kind.value,
                    state=s.state.value,
                    required=s.required,
                    comment=s.comment,
                )
                for s in value.seats
            ],
            join_url=value.join_url,
            flag=value.flag,
            moved_to=SpanOut(start=value.elsewhere.start, end=value.elsewhere.end)
            if value.elsewhere
            else None,
        )


class LoopDetail(LoopOut):
    looking: bool = Field(description="Whether more plans are being looked for.")
    no_more: str | None = Field(
        description="Why no more plans are looked for: `asked` (there are as many as are offered), `no_other` "
        "(proven: none differs as a person would notice), `effort`, `limit`, `given_up` (there may be more)."
    )
    books_at: datetime | None = Field(
        None, description="Until when it can be undone before the best plan is booked by itself."
    )
    proposals: list[ProposalOut]
    interviews: list[InterviewOut]


class LineOut(BaseModel):
    """One line of an agenda in wall-clock time of ``zone``. A ``take_home`` has a day on which it is ``due``
    (its end is ``start`` and ``end``), and what it consists of in ``about`` and ``links``."""

    title: str
    kind: str
    start: datetime
    end: datetime
    zone: str
    place: str
    people: list[str]
    replies: dict[str, str]
    due: date | None
    about: str
    links: list[str]

    @staticmethod
    def of(line: Line) -> LineOut:
        return LineOut(
            title=line.title,
            kind=line.kind,
            start=line.start,
            end=line.end,
            zone=line.zone,
            place=line.place,
            people=list(line.people),
            replies=dict(line.replies),
            due=line.due,
            about=line.about,
            links=list(line.links),
        )
