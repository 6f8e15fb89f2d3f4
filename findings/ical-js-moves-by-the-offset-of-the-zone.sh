#!/bin/sh
# ical.js 2.2.1 moves what follows a THISANDFUTURE change by the offset of the zone (seen 2026-11-27).
#
# Expected: RFC 5545 section 3.8.4.4 lets RECURRENCE-ID name an occurrence in UTC. 20261214T080000Z is the one at
# 09:00 in Berlin; it is moved to 12:00 there, and all that follow with it: three hours later, at 12:00.
# Happens: the occurrence itself is at 12:00, those that follow at 13:00. The clock of the UTC value (08:00) is taken
# from the clock in Berlin (12:00), which makes four hours. With RECURRENCE-ID;TZID=Europe/Berlin all are at 12:00.
#
# Why it matters to scheduling: every later meeting is seen an hour (in New York: five hours) beside its time, so its
# owner is booked while it takes place.
#
# Prints what it saw; exits with 1 when the behaviour has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" ical.js@2.2.1 >/dev/null
cat >look.mjs <<'JAVASCRIPT'
import ICAL from "ical.js";

const zone = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE`;

function starts(occurrence) {
  const text = `BEGIN:VCALENDAR
PRODID:-//example//EN
VERSION:2.0
${zone}
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Berlin:20261207T090000
DURATION:PT1H
RRULE:FREQ=WEEKLY;COUNT=4
END:VEVENT
BEGIN:VEVENT
UID:1@example
DTSTAMP:20261101T000000Z
RECURRENCE-ID;RANGE=THISANDFUTURE${occurrence}
DTSTART;TZID=Europe/Berlin:20261214T120000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
`;
  const calendar = new ICAL.Component(ICAL.parse(text.replaceAll("\n", "\r\n")));
  calendar.getAllSubcomponents("vtimezone").forEach((one) => ICAL.TimezoneService.register(one));
  const [series, change] = calendar.getAllSubcomponents("vevent");
  const event = new ICAL.Event(series);
  event.relateException(change);
  const found = [];
  const walk = event.iterator();
  for (let next = walk.next(); next; next = walk.next()) {
    found.push(event.getOccurrenceDetails(next).startDate.toString().slice(5, 16).replace("T", " "));
  }
  return found.join(", ");
}

const named = starts(";TZID=Europe/Berlin:20261214T090000");
const utc = starts(":20261214T080000Z");
const right = "12-07 09:00, 12-14 12:00, 12-21 12:00, 12-28 12:00";
console.log("named on the clock of Berlin:", named);
console.log("named in UTC:                ", utc);
console.log("expected both times:         ", right);
const same = named === right && utc === "12-07 09:00, 12-14 12:00, 12-21 13:00, 12-28 13:00";
console.log(same ? "as described" : "the behaviour has changed");
process.exit(same ? 0 : 1);
JAVASCRIPT
node look.mjs
