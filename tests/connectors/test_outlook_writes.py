"""Bookings in Exchange when things go wrong: lost answers, burnt keys, doubled events, old zone rules."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import Conflict, Forbidden, Gone, Invalid, StaleWrite, Transient
from connectors.protocol import fingerprint
from connectors.types import Attendee, Reply, Role
from tests.connectors.conformance_kit import WINDOW, at, make, replies
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers import graph_payload
from tests.connectors.servers.graph_harness import KEY, GraphHarness, graph_harness
from tests.connectors.servers.graph_payload import Refused
from tests.connectors.servers.graph_world import clone


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness() as harness:
        yield harness


def items(harness: GraphHarness) -> list:  # type: ignore[type-arg]
    return list(harness.server.world.mailboxes[harness.organizer].items.values())


def test_a_booking_costs_one_look_and_one_write_and_a_loop_that_per_interview(harness: GraphHarness) -> None:
    for n in range(5):
        harness.calendar.book(harness.organizer, make(harness, f"t/l/{n}/0"))
    assert harness.server.count("create") == 5
    assert harness.server.count() == 10


def test_what_exchange_stores_is_what_was_asked_for(harness: GraphHarness) -> None:
    room = Attendee(harness.rooms[0], role=Role.ROOM)
    base = make(harness)
    intent = replace(
        base,
        attendees=(*base.attendees, room),
        description="Agenda: <b>no</b>\nhttps://example.org/cv",
        location="HQ",
        conference=True,
        reminders=(60, 15),
    )
    booked = harness.calendar.book(harness.organizer, intent)
    (item,) = items(harness)
    assert booked.join_url == f"https://teams.microsoft.com/l/meetup-join/{item.ical}"
    assert (item.subject, item.location, item.show_as, item.reminder) == (intent.title, "HQ", "busy", 15)
    assert [(a["address"], a["type"]) for a in item.attendees] == [
        (harness.people[0], "required"),
        (harness.people[1], "optional"),
        (harness.rooms[0], "resource"),
    ]
    assert "&lt;b&gt;no&lt;/b&gt;" in item.body
    assert '<a href="https://example.org/cv">' in item.body
    assert item.zone == "W. Europe Standard Time", "invitations show the interview's own zone"
    assert item.properties[KEY] == intent.key


def test_a_link_that_is_not_there_yet_is_pending_and_comes_with_the_next_look(harness: GraphHarness) -> None:
    harness.server.routes.link_later = True
    intent = make(harness, conference=True)
    booked = harness.calendar.book(harness.organizer, intent)
    assert (booked.join_url, booked.join_pending) == (None, True)
    with harness.server.locked():
        items(harness)[0].linked = True
    again = harness.calendar.book(harness.organizer, intent)
    assert again.ref == booked.ref
    assert (again.join_url is not None, again.join_pending) == (True, False)


@pytest.mark.parametrize("verb", ["book", "reschedule", "cancel"])
def test_a_write_whose_answer_is_lost_is_done_once(harness: GraphHarness, verb: str) -> None:
    calendar, intent = harness.calendar, make(harness)
    if verb == "book":
        harness.lose_next_answer()
        with pytest.raises(Transient):
            calendar.book(harness.organizer, intent)
        assert calendar.book(harness.organizer, intent).ref.id == items(harness)[0].id
        assert harness.server.count("create") == 1, "found, not written again"
        return
    booked = calendar.book(harness.organizer, intent)
    if verb == "reschedule":
        moved = replace(intent, start=at(2, 9), end=at(2, 10))
        harness.lose_next_answer()
        with pytest.raises(Transient):
            calendar.reschedule(booked.ref, moved, booked.etag)
        again = calendar.reschedule(booked.ref, moved, booked.etag)
        assert again.etag == calendar.get(booked.ref).etag
        assert harness.server.count("update") == 1
        with pytest.raises(StaleWrite):
            calendar.reschedule(booked.ref, replace(intent, start=at(3, 9), end=at(3, 10)), booked.etag)
        return
    for _ in range(2):  # the note, then the cancellation itself
        harness.lose_next_answer()
        with pytest.raises(Transient):
            calendar.cancel(booked.ref, "sorry")
    calendar.cancel(booked.ref, "sorry")
    assert [comment for _, comment in harness.server.world.cancellations] == ["sorry", "sorry"]
    assert harness.server.count("cancel") == 1
    found = calendar.find(harness.organizer, intent.key)
    assert found is not None
    assert found.cancelled
    assert found.ref == booked.ref


def test_a_crash_between_note_and_cancellation_leaves_a_live_event_that_is_found(
    harness: GraphHarness,
) -> None:
    calendar, intent = harness.calendar, make(harness)
    booked = calendar.book(harness.organizer, intent)
    harness.lose_next_answer()
    with pytest.raises(Transient):
        calendar.cancel(booked.ref)
    found = calendar.find(harness.organizer, intent.key)
    assert found is not None
    assert not found.cancelled
    assert found.ref == booked.ref
    with pytest.raises(Conflict, match="cancelled"):
        calendar.book(harness.organizer, intent)
    calendar.cancel(booked.ref)
    assert harness.live(intent.key) == 0


@pytest.mark.parametrize("forgets", [True, False], ids=["a new event would come", "the id is refused"])
def test_a_burnt_key_makes_no_event_and_no_second_note(harness: GraphHarness, forgets: bool) -> None:
    """After a cancel the same transactionId would make a new event, or is refused: both are a conflict."""
    harness.server.routes.forgets_transactions = forgets
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    harness.calendar.cancel(booked.ref)
    for _ in range(2):
        with pytest.raises(Conflict):
            harness.restart().book(harness.organizer, intent)
    assert harness.live(intent.key) == 0
    assert len(items(harness)) == 1


def test_two_workers_at_once_where_a_repeat_is_an_error(harness: GraphHarness) -> None:
    """Both find nothing, both write: one is refused and finds the other's event."""
    harness.server.routes.repeats_refused = True
    harness.server.faults.latency = 0.02
    with ThreadPoolExecutor(4) as pool:
        booked = list(pool.map(lambda _: harness.restart().book(harness.organizer, make(harness)), range(4)))
    assert len({b.ref for b in booked}) == 1
    assert harness.live(make(harness).key) == 1
    other = make(harness, title="Other", end=at(1, 12))
    with pytest.raises(Conflict, match="other content"):
        harness.calendar.book(harness.organizer, other)


def test_an_event_that_holds_the_transaction_but_not_the_key_is_a_conflict(harness: GraphHarness) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness))
    with harness.server.locked() as world:
        world.mailboxes[harness.organizer].items[booked.ref.id].properties.clear()
    with pytest.raises(Conflict, match="other content"):
        harness.calendar.book(harness.organizer, make(harness, end=at(1, 12)))


def test_an_event_marked_as_cancelled_counts_as_gone(harness: GraphHarness) -> None:
    """Some Outlook programs leave a cancelled event in the organizer's calendar."""
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    with harness.server.locked() as world:
        world.mailboxes[harness.organizer].items[booked.ref.id].cancelled = True
    for verb in (
        lambda: harness.calendar.get(booked.ref),
        lambda: harness.calendar.reschedule(booked.ref, intent, booked.etag),
    ):
        with pytest.raises(Gone):
            verb()
    harness.calendar.cancel(booked.ref)
    assert harness.calendar.find_all(harness.organizer, WINDOW) == ()
    assert (harness.server.count("cancel"), harness.server.count("delete")) == (0, 0)


def test_an_event_that_goes_while_it_is_cancelled_is_cancelled(
    harness: GraphHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness))

    def gone(*_: object) -> None:
        raise Refused(404, "ErrorItemNotFound")

    monkeypatch.setattr(harness.server.routes, "_cancel", gone)
    harness.calendar.cancel(booked.ref)
    harness.server.routes.repeats_refused = True
    harness.calendar.cancel(booked.ref)
    assert len(items(harness)) == 2, "one note however often it is tried"


def test_an_event_deleted_by_a_human_and_a_transaction_still_remembered_is_a_conflict(
    harness: GraphHarness,
) -> None:
    harness.server.routes.forgets_transactions = False
    intent = make(harness)
    harness.delete(harness.calendar.book(harness.organizer, intent).ref)
    with pytest.raises(Conflict, match="raise its revision"):
        harness.calendar.book(harness.organizer, intent)


def test_the_note_of_a_cancellation_takes_nobodys_time(harness: GraphHarness) -> None:
    harness.calendar.cancel(harness.calendar.book(harness.organizer, make(harness)).ref)
    (note,) = items(harness)
    assert (note.show_as, note.sensitivity, note.reminder, note.attendees) == ("free", "private", None, [])
    assert note.start < datetime(2002, 1, 1, tzinfo=UTC)
    assert harness.calendar.find_all(harness.organizer, WINDOW) == ()
    with pytest.raises(Gone):
        harness.calendar.get(
            replace(harness.calendar.book(harness.organizer, make(harness, "t/l/x/0")).ref, id=note.id)
        )


def test_two_live_events_with_one_key_are_both_told_to_the_reconciler(harness: GraphHarness) -> None:
    """Exchange took the same transactionId twice, or a human copied the event with its properties."""
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    with harness.server.locked() as world:
        box = world.mailboxes[harness.organizer]
        copied = clone(box.items[booked.ref.id], id="AAMkcopy=", ical="copy", transaction=None)
        box.items[copied.id] = copied
        world.touch(box, copied.id)
    assert [e.ref.id for e in harness.calendar.find_all(harness.organizer, WINDOW)].count(copied.id) == 1
    assert len(harness.calendar.find_all(harness.organizer, WINDOW)) == 2
    found = harness.calendar.find(harness.organizer, intent.key)
    assert found is not None
    assert found.ref == booked.ref
    assert harness.calendar.book(harness.organizer, intent).ref == booked.ref
    harness.calendar.cancel(replace(booked.ref, id=copied.id))
    assert harness.live(intent.key) == 1


def test_a_new_agenda_keeps_the_meeting_online(harness: GraphHarness) -> None:
    intent = make(harness, conference=True)
    booked = harness.calendar.book(harness.organizer, intent)
    changed = harness.calendar.reschedule(
        booked.ref, replace(intent, description="Another agenda"), booked.etag
    )
    assert changed.join_url == booked.join_url
    (item,) = items(harness)
    assert "Another agenda" in item.body
    assert "____" in item.body
    assert item.online


def test_a_link_can_be_added_later(harness: GraphHarness) -> None:
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    changed = harness.calendar.reschedule(booked.ref, replace(intent, conference=True), booked.etag)
    assert changed.join_url is not None


def test_a_human_made_it_all_day_and_we_put_it_back(harness: GraphHarness) -> None:
    intent = make(harness)
    booked = harness.calendar.book(harness.organizer, intent)
    with harness.server.locked() as world:
        world.move(world.mailboxes[harness.organizer], booked.ref.id, at(1, 0).date(), at(2, 0).date())
    event = harness.calendar.get(booked.ref)
    assert (event.start, event.end) == (at(1, 0), at(2, 0))
    assert [e.ref for e in harness.calendar.find_all(harness.organizer, WINDOW)] == [booked.ref]
    harness.calendar.reschedule(booked.ref, intent, event.etag)
    assert harness.calendar.get(booked.ref).start == intent.start


def test_a_meeting_without_guests_is_deleted_because_exchange_cancels_meetings_only(
    harness: GraphHarness,
) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness, attendees=()))
    harness.calendar.cancel(booked.ref, "sorry")
    assert harness.live(make(harness).key) == 0
    assert (harness.server.count("delete"), harness.server.count("cancel")) == (1, 0)


def test_the_message_reaches_everybody_who_was_invited(harness: GraphHarness) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness))
    harness.calendar.cancel(booked.ref, "The position\x00 is filled")
    assert harness.server.world.cancellations == [
        (harness.people[0], "The position is filled"),
        (harness.people[1], "The position is filled"),
    ]


def test_somebody_elses_event_is_never_touched(harness: GraphHarness) -> None:
    foreign = harness.add(harness.organizer, Foreign(Kind.BUSY, at(1, 10), at(1, 11)))
    ref = replace(harness.calendar.book(harness.organizer, make(harness)).ref, id=foreign.id)
    writes = harness.server.count()
    harness.calendar.cancel(ref)
    for verb in (harness.calendar.get, lambda r: harness.calendar.reschedule(r, make(harness), "CK1")):
        with pytest.raises(Gone):
            verb(ref)
    assert harness.server.count() == writes + 3, "looked at three times, written never"
    assert foreign.id in harness.server.world.mailboxes[harness.organizer].items


def test_an_event_of_another_key_is_not_rescheduled(harness: GraphHarness) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness))
    with pytest.raises(Invalid, match="another key"):
        harness.calendar.reschedule(booked.ref, make(harness, "t/l/other/0"), booked.etag)


def test_answers_bump_the_change_key_and_are_seen(harness: GraphHarness) -> None:
    booked = harness.calendar.book(harness.organizer, make(harness))
    harness.answer(harness.people[0], booked.ref, Reply.ACCEPTED)
    event = harness.calendar.get(booked.ref)
    assert replies(event)[harness.people[0]] is Reply.ACCEPTED
    with pytest.raises(StaleWrite):
        harness.calendar.reschedule(booked.ref, make(harness, title="New"), booked.etag)
    assert event.fingerprint == fingerprint(make(harness))


def test_a_mailbox_outside_the_scope_says_so(harness: GraphHarness) -> None:
    with pytest.raises(Forbidden, match="RBAC for Applications"):
        harness.calendar.book("ceo@contoso.example", make(harness))


def test_a_key_with_odd_characters_is_found_again(harness: GraphHarness) -> None:
    for key in ("o'brien & söhne/1/#?+%/0", "T/L/UPPER/0", "t/l/upper/0"):
        booked = harness.calendar.book(harness.organizer, make(harness, key))
        found = harness.calendar.find(harness.organizer, key)
        assert found is not None
        assert (found.ref, found.key) == (booked.ref, key)
    assert len(items(harness)) == 3, "keys that differ in case alone are two keys"


def test_people_whom_exchange_holds_by_another_address_are_ours(
    harness: GraphHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invited by an alias, held by the first address: not somebody whom a colleague added."""
    read = graph_payload.read_attendees

    def resolved(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        first = {"ben.alias@acme.example": harness.people[1]}
        return [{**one, "address": first.get(one["address"], one["address"])} for one in read(entries)]

    monkeypatch.setattr(graph_payload, "read_attendees", resolved)
    intent = make(harness)
    alias = replace(intent, attendees=(intent.attendees[0], Attendee("ben.alias@acme.example", "Ben")))
    booked = harness.calendar.book(harness.organizer, alias)
    assert set(replies(harness.calendar.get(booked.ref))) == set(harness.people[:2])
    again = harness.calendar.reschedule(booked.ref, replace(alias, title="New"), booked.etag)
    assert set(replies(harness.calendar.get(booked.ref))) == set(harness.people[:2])
    alone = replace(alias, attendees=(intent.attendees[0],))
    harness.calendar.reschedule(booked.ref, alone, again.etag)
    assert set(replies(harness.calendar.get(booked.ref))) == {harness.people[0]}
