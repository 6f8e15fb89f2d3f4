"""What is booked as a file for calendars, read by another library."""

from __future__ import annotations

import email
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from urllib.parse import parse_qs, urlsplit

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream

from connectors.ics import Entry
from scheduler.services.links import calendar
from scheduler.services.links.adding import adding
from tests.scheduler.kit import Kit
from tests.scheduler.services.links.test_candidate import stands
from tests.stories.kit import ask, booked


def test_every_interview_but_the_debrief_under_the_uid_of_its_invitation(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    text = calendar.of_candidate(kit.app, stands(kit, loop.id))
    read = vobject.readOne(text)
    assert read.method.value == "PUBLISH"
    found = {e.uid.value: e for e in read.vevent_list}
    outbox = sorted((kit.folder.parent / "outbox").iterdir())
    mails = [email.message_from_bytes(p.read_bytes(), policy=policy.default) for p in outbox]
    parts = [part for mail in mails for part in mail.walk() if part.get_content_type() == "text/calendar"]
    invited = {vobject.readOne(part.get_content()).vevent.uid.value for part in parts}
    spans = {i.span.start for spec, i in booked(kit, loop.id).items() if spec != "debrief"}
    assert {e.dtstart.value for e in found.values()} == spans and len(found) == 4
    assert "ebrief" not in text
    assert set(found) == invited
    assert all(not hasattr(e, "attendee") for e in found.values())


def test_three_readers_that_were_not_written_here_read_the_same(kit: Kit) -> None:
    loop = ask(kit, "onsite")
    text = calendar.of_candidate(kit.app, stands(kit, loop.id))
    wanted = sorted(
        (i.span.start, i.span.end) for spec, i in booked(kit, loop.id).items() if spec != "debrief"
    )
    one = [(e["DTSTART"].dt, e["DTEND"].dt) for e in icalendar.Calendar.from_ical(text).walk("VEVENT")]
    two = [(e.dtstart.value, e.dtend.value) for e in vobject.readOne(text).vevent_list]
    three = [(e.dtstart, e.dtend) for e in IcsCalendarStream.calendar_from_ics(text).events]
    assert sorted(one) == sorted(two) == sorted(three) == wanted


def test_a_web_calendar_opens_with_the_interview_filled_in() -> None:
    start = datetime(2026, 3, 29, 0, 30, tzinfo=timezone(-timedelta(hours=4)))  # as Europe's clocks change
    entry = Entry(
        "uid",
        "Talk & more, Müller + Söhne",
        start,
        start + timedelta(minutes=45),
        "with Ada",
        "Oak, 1st floor",
    )
    found = adding(entry)
    google, outlook = (
        {k: v[0] for k, v in parse_qs(urlsplit(a).query).items()} for a in (found.google, found.outlook)
    )
    assert google["text"] == outlook["subject"] == entry.title
    assert google["location"] == outlook["location"] == "Oak, 1st floor"
    assert google["dates"] == "20260329T043000Z/20260329T051500Z"
    read = datetime.fromisoformat(outlook["startdt"]), datetime.fromisoformat(outlook["enddt"])
    assert read == (entry.start.astimezone(UTC), entry.end.astimezone(UTC))
    assert "+" not in found.google.replace("%2B", "") and found.google.isascii() and found.outlook.isascii()
