"""Answers to our invitations as mail programs write them, made from an invitation of ours.

What each of them does: Exchange and Outlook.com leave ORGANIZER out and write times on a Windows clock; their proposal of
another time is a COUNTER with what the time was before ([MS-OXCICAL] 2.1.3.1.1.20), an old one's a tentative REPLY; Google sends
UTC, the same text twice, under the attendee's own address; Apple's mail is the calendar text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from zoneinfo import ZoneInfo

import icalendar


@dataclass(frozen=True)
class Said:
    """What is answered: ``to`` is another time that is proposed."""

    partstat: str = "ACCEPTED"
    to: datetime | None = None
    comment: str = ""
    stamp: datetime = datetime(2026, 3, 9, 12, tzinfo=UTC)
    sender: str = ""
    attendee: str = ""


Writes = Callable[[str, Said], EmailMessage]
_WINDOWS = (
    "BEGIN:VTIMEZONE",
    "TZID:GMT Standard Time",
    "BEGIN:STANDARD",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T010000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
)


def asked(request: str) -> Any:
    """The event of an invitation."""
    return icalendar.Calendar.from_ical(request).walk("VEVENT")[0]


def _address(event: Any) -> str:
    return str(event["ATTENDEE"]).partition(":")[2]


def _mail(event: Any, said: Said, subject: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = said.sender or _address(event)
    mail["To"] = str(event["ORGANIZER"]).partition(":")[2]
    mail["Subject"] = f"{subject}: {event['SUMMARY']}"
    mail["Message-ID"] = f"<{abs(hash((str(event['UID']), said)))}@mail.example>"
    return mail


def _times(event: Any, said: Said) -> tuple[datetime, datetime]:
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    to = said.to or start
    return to, to + (end - start)


def _text(lines: Sequence[str]) -> str:
    return "\r\n".join([*lines, ""])


def exchange(request: str, said: Said) -> EmailMessage:
    """Exchange and Outlook.com; another time is a COUNTER."""
    return _exchange(request, said, "COUNTER" if said.to else "REPLY", original=said.to is not None)


def old_exchange(request: str, said: Said) -> EmailMessage:
    """Another time is a REPLY, and nothing says so but the time."""
    return _exchange(request, said, "REPLY", original=False)


def _exchange(request: str, said: Said, method: str, *, original: bool) -> EmailMessage:
    event, london = asked(request), ZoneInfo("Europe/London")

    def local(name: str, when: datetime) -> str:
        return f"{name};TZID=GMT Standard Time:{when.astimezone(london):%Y%m%dT%H%M%S}"

    start, end = _times(event, said)
    attendee = said.attendee or _address(event)
    lines = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        *_WINDOWS,
    ]
    lines += ["BEGIN:VEVENT", f"ATTENDEE;PARTSTAT={said.partstat};CN={attendee}:MAILTO:{attendee.upper()}"]
    lines += [f"COMMENT;LANGUAGE=en-US:{said.comment}\\n", f"UID:{event['UID']}"]
    lines += [f"SUMMARY;LANGUAGE=en-US:{event['SUMMARY']}", local("DTSTART", start), local("DTEND", end)]
    lines += [
        "CLASS:PUBLIC",
        "PRIORITY:5",
        f"DTSTAMP:{said.stamp:%Y%m%dT%H%M%SZ}",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
    ]
    lines += [
        f"SEQUENCE:{event['SEQUENCE']}",
        "X-MICROSOFT-CDO-APPT-SEQUENCE:0",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    ]
    if original:
        lines += [
            local("X-MS-OLK-ORIGINALSTART", event["DTSTART"].dt),
            local("X-MS-OLK-ORIGINALEND", event["DTEND"].dt),
        ]
    mail = _mail(event, said, said.partstat.title())
    mail.set_content(said.comment or " ")
    mail.add_alternative(
        _text([*lines, "END:VEVENT", "END:VCALENDAR"]),
        subtype="calendar",
        cte="base64",
        params={"method": method},
    )
    return mail


def google(request: str, said: Said) -> EmailMessage:
    event = asked(request)
    start, end = _times(event, said)
    attendee, method = said.attendee or _address(event), "COUNTER" if said.to else "REPLY"
    who = f'ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={said.partstat};CN="{attendee}";X-NUM-GUESTS=0'
    who += f';X-RESPONSE-COMMENT="{said.comment}"' if said.comment else ""
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
    ]
    lines += [
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{end:%Y%m%dT%H%M%SZ}",
    ]
    lines += [
        f"DTSTAMP:{said.stamp:%Y%m%dT%H%M%SZ}",
        f"ORGANIZER;CN=Testwerk:{event['ORGANIZER']}",
        f"UID:{event['UID']}",
    ]
    lines += [
        f"{who}:mailto:{attendee}",
        f"SEQUENCE:{event['SEQUENCE']}",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
    ]
    text = _text([*lines, "END:VEVENT", "END:VCALENDAR"])
    mail = _mail(event, said, said.partstat.title())
    mail["Sender"] = "Google Calendar <calendar-notification@google.com>"
    mail.set_content("somebody has answered")
    mail.add_alternative("<p>somebody has answered</p>", subtype="html")
    mail.add_alternative(text, subtype="calendar", cte="7bit", params={"method": method})
    mail.add_attachment(text.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return mail


def apple(request: str, said: Said) -> EmailMessage:
    event, lisbon = asked(request), ZoneInfo("Europe/Lisbon")
    start, end = _times(event, said)
    method = "COUNTER" if said.to else "REPLY"
    calendar = icalendar.Calendar()
    for name, value in (("PRODID", "-//Apple Inc.//macOS 14.4//EN"), ("VERSION", "2.0"), ("METHOD", method)):
        calendar.add(name, value)
    answer = icalendar.Event()
    answer.add("UID", str(event["UID"]))
    answer.add("DTSTAMP", said.stamp)
    answer.add("DTSTART", start.astimezone(lisbon))
    answer.add("DTEND", end.astimezone(lisbon))
    answer.add("SEQUENCE", int(event["SEQUENCE"]))
    if said.comment:
        answer.add("COMMENT", said.comment)
    answer.add("ORGANIZER", event["ORGANIZER"])
    who = icalendar.vCalAddress(f"mailto:{said.attendee or _address(event)}")
    who.params.update({"PARTSTAT": said.partstat, "CN": "Mara Lind", "SCHEDULE-STATUS": "2.0"})
    answer.add("ATTENDEE", who)
    calendar.add_component(answer)
    calendar.add_missing_timezones()
    mail = _mail(event, said, said.partstat.title())
    mail.set_content(
        calendar.to_ical().decode(), subtype="calendar", cte="quoted-printable", params={"method": method}
    )
    return mail


DIALECTS: dict[str, Writes] = {
    "exchange": exchange,
    "old_exchange": old_exchange,
    "google": google,
    "apple": apple,
}
LATER = timedelta(hours=1)
