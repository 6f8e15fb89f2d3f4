#!/bin/sh
# recurring-ical-events 3.8.2 leaves out two occurrences for one EXDATE in UTC (seen 2026-11-27).
#
# Expected: RFC 5545 section 3.8.5.1 leaves out the occurrence that begins at the time of the EXDATE. The series below
# is at 09:00 and at 10:00 in Berlin every day; EXDATE:20261208T090000Z is 10:00 there, so of the 8th the
# one at 09:00 stays.
# Happens: both are gone. The value counts as an instant and also by what its clock shows, whatever zone that is of.
# With EXDATE:20261208T080000Z, which is 09:00 in Berlin, only that one goes, because nothing is at 08:00.
#
# Why it matters to scheduling: a meeting that takes place is not seen, and its owner is booked twice. Many servers
# write EXDATE in UTC beside a DTSTART with TZID.
#
# Prints what it saw; exits with 1 when the behaviour has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check \
    recurring-ical-events==3.8.2 icalendar==7.3.0 python-dateutil==2.9.0.post0 tzdata==2026.6
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import date

import icalendar
import recurring_ical_events

TEXT = """BEGIN:VCALENDAR
PRODID:-//example//EN
VERSION:2.0
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Berlin:20261207T090000
DTEND;TZID=Europe/Berlin:20261207T093000
RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=6
EXDATE:20261208T{0}0000Z
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def on_the_eighth(hour: str) -> list[str]:
    calendar = icalendar.Calendar.from_ical(TEXT.format(hour))
    return sorted(e.start.strftime("%H:%M") for e in recurring_ical_events.of(calendar).at(date(2026, 12, 8)))


ten, nine = on_the_eighth("09"), on_the_eighth("08")
print("without 10:00 in Berlin (09:00Z), what is left of the day:", ten, "expected ['09:00']")
print("without 09:00 in Berlin (08:00Z), what is left of the day:", nine, "expected ['10:00']")
same = ten == [] and nine == ["10:00"]
print("as described" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
