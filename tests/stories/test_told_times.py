"""On which clock people are told of times, what they hear of a change, and of exercises to be done at home."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.errors import Transient
from connectors.local.folder import Entry, add_entries
from connectors.mail import LocalMessenger, Message
from scheduler.domain.loops import Candidate, Loop, LoopState
from scheduler.services.afterwards import conflicts
from scheduler.services.telling import agenda, notices
from scheduler.services.telling.agenda import Line
from tests.scheduler.kit import COMPANY, Kit, make
from tests.stories.kit import MARA, ask, booked, look
from tests.stories.test_mails import invitations, mails, text

FAR = replace(MARA, candidate=Candidate("Mara Lind", "mara@example.org", "Asia/Tokyo"))
MIXED = """
  - id: mixed
    title: A call, then a visit
    notice_hours: 1
    max_days: 2
    interviews:
      - {id: call, title: First call, minutes: 30, modality: video, seats: [{role: recruiter}]}
      - {id: visit, title: Visit, minutes: 60, after: [call], seats: [{person: nora}]}
    debrief: false
  - id: homework
    title: An exercise, then a talk
    notice_hours: 1
    interviews:
      - {id: exercise, title: Exercise, kind: take_home, due_days: 2, agenda: Build a small parser., links: ["https://example.com/task", "https://example.com/data"]}
      - {id: talk, title: Talk, minutes: 45, after: [exercise], seats: [{role: hiring_manager}]}
    debrief: {minutes: 30, within_hours: 16}
"""


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    text = COMPANY.read_text(encoding="utf-8").replace("\npolicy:", MIXED + "\npolicy:")
    return make(tmp_path, text)


def lines(kit: Kit, loop: Loop, reader: str = "") -> dict[str, Line]:
    found = booked(kit, loop.id).values()
    with kit.app.db.read() as tx:
        people, rooms = notices.roster(tx, found)
        application = tx.applications.get(loop.application)
    assert application is not None
    if reader:
        told = agenda.for_person(reader, loop, found, people, rooms)
    else:
        told = agenda.for_candidate(loop, application, found, people, rooms)
    return {line.interview.partition(":")[2] or line.interview: line for line in told}


def busy_at(kit: Kit, person: str, loop: Loop, spec: str) -> None:
    span = booked(kit, loop.id)[spec].span
    add_entries(kit.folder, f"{person}@testwerk.example", [Entry("Dentist", span.start, span.end)])
    kit.clock.forward(minutes=10)
    conflicts.look(kit.app, 60)
    kit.run()


def test_everybody_hears_of_a_visit_on_the_clock_there_and_of_a_call_on_their_own(kit: Kit) -> None:
    """The visit is in Berlin; the candidate lives in Tokyo, one interviewer in New York."""
    loop = ask(kit, "mixed", application=FAR)
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    assert {k: line.zone for k, line in lines(kit, loop).items()} == {
        "call": "Asia/Tokyo",
        "visit": "Europe/Berlin",
    }
    assert lines(kit, loop, "nora")["visit"].zone == "Europe/Berlin"
    assert lines(kit, loop, "rolf")["call"].zone == "Europe/Berlin", "where Rolf lives"
    visit = lines(kit, loop)["visit"]
    (mail,) = (m for m in mails(kit) if "Visit" in str(m["Subject"]))
    assert str(mail["Subject"]).endswith(f"{visit.start:%H:%M} (Europe/Berlin)")
    assert 9 <= visit.start.hour < 17
    told = text(mails(kit)[-1])
    assert told.index("(Asia/Tokyo)") < told.index("First call") < told.index("(Europe/Berlin)")


def test_a_call_alone_is_told_to_everybody_on_their_own_clock(tmp_path: Path) -> None:
    text_of_company = COMPANY.read_text(encoding="utf-8").replace(
        "seats: [{pool: engineers}]}", "seats: [{person: nora}], modality: video}"
    )
    kit = make(tmp_path, text_of_company)
    loop = ask(kit, "round-2", application=FAR)
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    assert lines(kit, loop)["second"].zone == "Asia/Tokyo"
    assert lines(kit, loop, "nora")["second"].zone == "America/New_York"


def test_a_new_time_is_told_as_a_change_of_the_old_one(kit: Kit) -> None:
    loop = ask(kit)
    before = lines(kit, loop)["manager"]
    count = len(mails(kit))
    busy_at(kit, "hana", loop, "manager")
    after = lines(kit, look(kit, loop.id))["manager"]
    assert after.start != before.start
    said = (
        f"Manager has moved from {before.start:%A, %d %B %Y %H:%M}–{before.end:%H:%M} "
        f"to {after.start:%A, %d %B %Y %H:%M}–{after.end:%H:%M} (Europe/Berlin)."
    )
    *new, last = mails(kit)[count:]
    (moved,) = (m for m in new if str(m["Subject"]).startswith("Moved: Manager, "))
    assert said in text(moved).replace("\n", " ")
    assert invitations(kit, "Manager")[-1][1]["COMMENT"] == said
    assert str(last["Subject"]).endswith("have changed")
    assert f"- {said}" in text(last)
    assert text(last).count("has moved") == len(new)


def test_what_changes_at_the_same_time_says_that_it_stays(kit: Kit) -> None:
    loop = ask(kit, "short")
    talk = booked(kit, loop.id)["talk"]
    count = len(mails(kit))
    busy_at(kit, next(s.person for s in talk.seats), loop, "talk")
    assert booked(kit, loop.id)["talk"].span == talk.span
    *new, last = mails(kit)[count:]
    assert [str(m["Subject"]).partition(",")[0] for m in new] == ["Updated: Talk"]
    assert "Talk stays at its time" in text(new[0])
    assert "has moved" not in text(last)


def test_an_exercise_reaches_the_candidate_with_its_day_and_its_links(kit: Kit) -> None:
    loop = ask(kit, "homework", windows=(("2026-03-11T09:00", "2026-03-13T17:00"),))
    assert loop.state is LoopState.CONFIRMED, loop.reasons
    found = lines(kit, loop)
    assert list(found) == ["exercise", "talk"], "in the order in which they end"
    exercise = found["exercise"]
    assert exercise.due == date(2026, 3, 11)
    assert exercise.end <= found["talk"].start
    assert exercise.links == ("https://example.com/task", "https://example.com/data")
    told = text(mails(kit)[-1])
    for part in (
        *exercise.links,
        "Build a small parser.",
        "Wednesday, 11 March 2026",
        "due by the end of this day",
    ):
        assert part in told
    assert told.index("due by the end") < told.index("Talk")
    assert "exercise" not in lines(kit, loop, "hana")


def test_a_mail_that_waited_for_its_server_and_was_overtaken_is_told_after_all(kit: Kit) -> None:
    """What waits from before a repair is never sent: then the candidate has not been told."""
    real = kit.app.messenger

    class Away(LocalMessenger):
        def __init__(self) -> None: ...

        def send(self, message: Message) -> None:
            raise Transient("the mail server is away")

    kit.app = replace(kit.app, messenger=Away())
    loop = ask(kit, "short")
    assert loop.state is LoopState.CONFIRMED and not mails(kit)
    kit.app = replace(kit.app, messenger=real)
    kit.jobs.waiting.clear()
    talk = booked(kit, loop.id)["talk"]
    busy_at(kit, next(s.person for s in talk.seats), loop, "talk")
    kit.clock.forward(hours=1)
    kit.run()
    told = {str(m["Subject"]).partition(",")[0] for m in mails(kit)}
    assert told == {"Invitation: Talk", "Invitation: Panel", "Your interviews with Testwerk"}
