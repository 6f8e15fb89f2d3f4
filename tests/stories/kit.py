"""What the stories share: asking for a loop, answering as an interviewer, looking into the files."""

from __future__ import annotations

import icalendar

from connectors.local.folder import answer
from connectors.types import Reply
from scheduler.domain.bookings import Interview
from scheduler.domain.loops import Application, BookMode, Candidate, Loop
from scheduler.services.afterwards import replies
from scheduler.services.asking import requests
from scheduler.services.asking.requests import LoopRequest
from scheduler.services.booking import layout
from tests.scheduler.kit import Kit

MARA = Application(
    "app-1", Candidate("Mara Lind", "mara@example.org", "Europe/Lisbon"), "Backend Engineer", "hana", "rolf"
)
DAYS = (("2026-03-11T09:00", "2026-03-11T17:00"), ("2026-03-12T09:00", "2026-03-12T17:00"))


def ask(
    kit: Kit,
    template: str = "onsite",
    mode: BookMode = BookMode.BOOK,
    windows: tuple[tuple[str, str], ...] = DAYS,
    application: Application = MARA,
    **more: object,
) -> Loop:
    """Ask for a loop as a recruiter does, run what follows, and look at the loop again."""
    request = LoopRequest(application, template, windows, "Europe/Berlin", mode, **more)  # type: ignore[arg-type]
    loop = requests.ask(kit.app, request, "person:rolf")
    kit.run()
    return look(kit, loop.id)


def look(kit: Kit, loop: str) -> Loop:
    with kit.app.db.read() as tx:
        found = tx.loops.get(loop)
    assert found is not None
    return found


def booked(kit: Kit, loop: str) -> dict[str, Interview]:
    """The live interviews by the template's id."""
    with kit.app.db.read() as tx:
        return {i.spec: i for i in tx.interviews.of_loop(loop)}


def replied(kit: Kit, interview: Interview, person: str, reply: Reply) -> None:
    """Somebody answers in their own calendar file; then the organizer's calendar is followed."""
    found = next(p for p in kit.company.people if p.id == person)
    answer(kit.folder, found.account.address, layout.event_key("test", interview), reply)
    replies.sync(kit.app)
    kit.run()


def events(kit: Kit, address: str) -> list[icalendar.Event]:
    """Our live events in a calendar file, read with nothing but the icalendar library."""
    text = (kit.folder / f"{address}.ics").read_bytes()
    calendar = icalendar.Calendar.from_ical(text)
    return [e for e in calendar.walk("VEVENT") if "X-LOOPWRIGHT-KEY" in e and e.get("STATUS") != "CANCELLED"]
