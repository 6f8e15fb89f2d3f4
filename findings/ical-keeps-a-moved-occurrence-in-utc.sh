#!/bin/sh
# ical 14.3.1 keeps the old time of an occurrence that was moved or cancelled, in a series told in UTC (seen 2026-11-27).
#
# Expected: RFC 5545 section 3.8.4.4: a component with UID and RECURRENCE-ID stands in the place of the occurrence of that
# series which begins then. The series below is at 09:00 UTC on three days; the second is moved to 15:00.
# Happens: four occurrences, the second at 09:00 and at 15:00. With TZID=Europe/Berlin on the same lines there are
# three. recurring-ical-events tells three in both.
#
# Why it matters to scheduling: servers that keep series in UTC write them so, and an hour that was given free by moving or
# cancelling one meeting is never offered again.
#
# Prints what it saw; exits with 1 when the behaviour has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ical==14.3.1 tzdata==2026.6
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import UTC

from ical.calendar_stream import IcsCalendarStream

TEXT = """BEGIN:VCALENDAR
PRODID:-//example//EN
VERSION:2.0
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261101T000000Z
DTSTART{0}:20261207T090000{1}
DTEND{0}:20261207T100000{1}
RRULE:FREQ=DAILY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261101T000000Z
RECURRENCE-ID{0}:20261208T090000{1}
DTSTART{0}:20261208T150000{1}
DTEND{0}:20261208T160000{1}
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def starts(parameter: str, suffix: str) -> list[str]:
    calendar = IcsCalendarStream.calendar_from_ics(TEXT.format(parameter, suffix))
    return [event.start.strftime("%d %H:%M") for event in calendar.timeline_tz(UTC)]


utc, zoned = starts("", "Z"), starts(";TZID=Europe/Berlin", "")
print("in UTC:   ", utc)
print("in Berlin:", zoned)
same = utc == ["07 09:00", "08 09:00", "08 15:00", "09 09:00"] and zoned == ["07 09:00", "08 15:00", "09 09:00"]
print("as described" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
