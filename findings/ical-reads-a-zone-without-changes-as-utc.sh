#!/bin/sh
# ical 14.3.1 reads times in a zone that never changes its clocks as UTC (seen 2026-11-27).
#
# Expected: a VTIMEZONE of one STANDARD with DTSTART and no RRULE or RDATE: its onset is DTSTART (RFC 5545 section
# 3.6.5: "the mandatory DTSTART property gives the effective onset date and local time for the time zone sub-component
# definition"). 09:00 in a zone of +0530 is 03:30 UTC.
# Happens: without a recurrence the observance has no onset at all, so no offset is found and 0 is taken: 09:00 UTC,
# without an error. icalendar reads the same text as meant. With an RDATE equal to DTSTART ical is right as well.
#
# Why it matters to scheduling: India, Japan, China, most of Africa and South America have no changes, and their
# calendars are written like this. Busy times five to nine hours away from the real ones double-book people
# silently. It only shows where the zone's name is not one of the tz database.
#
# Prints what it saw; exits with 1 when the behaviour has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ical==14.3.1 icalendar==7.3.0 tzdata==2026.6
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import UTC, datetime

import icalendar
from ical.calendar_stream import IcsCalendarStream

TEXT = """BEGIN:VCALENDAR
PRODID:-//example//EN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Bangalore office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
TZNAME:IST
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example
DTSTAMP:20260101T000000Z
DTSTART;TZID=Bangalore office:20260715T090000
DTEND;TZID=Bangalore office:20260715T100000
SUMMARY:Interview
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
MEANT = datetime(2026, 7, 15, 3, 30, tzinfo=UTC)
SEEN = datetime(2026, 7, 15, 9, 0, tzinfo=UTC)


def ical(text: str) -> datetime:
    return IcsCalendarStream.calendar_from_ics(text).events[0].dtstart.astimezone(UTC)


(event,) = icalendar.Calendar.from_ical(TEXT).walk("VEVENT")
dated = TEXT.replace("TZNAME:IST", "RDATE:19700101T000000\r\nTZNAME:IST")
print("icalendar:          ", event["DTSTART"].dt.astimezone(UTC))
print("ical:               ", ical(TEXT))
print("ical, with an RDATE:", ical(dated))
same = (event["DTSTART"].dt.astimezone(UTC), ical(TEXT), ical(dated)) == (MEANT, SEEN, MEANT)
print("as described" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
