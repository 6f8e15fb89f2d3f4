#!/bin/sh
# ical 14.3.1 refuses every calendar whose VTIMEZONE has a rule that ends (seen 2026-11-27).
#
# Expected: RFC 5545 section 3.3.10 says of the sub-components STANDARD and DAYLIGHT that "the UNTIL rule part MUST
# always be specified as a date with UTC time", while their DTSTART is a local time without a zone (section
# 3.6.5). The time zone example of that section has just such rules. The event below is 2026-07-15 16:00 UTC.
# Happens: CalendarParseError for the whole calendar: "RRULE UNTIL values must be specified in UTC when DTSTART is
# timezone-aware", though UNTIL is in UTC and DTSTART is not aware. icalendar reads the same text as meant.
#
# Why it matters to scheduling: a zone whose rules have changed (British Columbia in 2026, Brazil, Turkey, Samoa …) is
# written like this by programs that keep to the standard, and then nobody in that calendar can be planned. Who
# writes for such readers ends a rule by COUNT.
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
from ical.exceptions import CalendarParseError

TEXT = """BEGIN:VCALENDAR
PRODID:-//example//EN
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Pacific office
BEGIN:STANDARD
DTSTART:20241103T020000
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU;UNTIL=20271107T090000Z
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20250309T020000
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;UNTIL=20270314T100000Z
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example
DTSTAMP:20260101T000000Z
DTSTART;TZID=Pacific office:20260715T090000
DTEND;TZID=Pacific office:20260715T100000
SUMMARY:Interview
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
MEANT = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)

(event,) = icalendar.Calendar.from_ical(TEXT).walk("VEVENT")
print("icalendar:", event["DTSTART"].dt.astimezone(UTC))
try:
    read = IcsCalendarStream.calendar_from_ics(TEXT).events[0].dtstart.astimezone(UTC)
    print("ical:     ", read)
    refused = False
except CalendarParseError as error:
    print("ical:     ", type(error).__name__, str(error).rpartition("Value error, ")[2])
    refused = True
same = event["DTSTART"].dt.astimezone(UTC) == MEANT and refused
print("as described" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
