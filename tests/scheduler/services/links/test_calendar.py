"""What is booked as a file for calendars, read by another library."""

from __future__ import annotations

import email
from email import policy

import vobject

from scheduler.services.links import calendar
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
