"""What `book`, `find`, `get`, `reschedule` and `cancel` promise, for every calendar."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Conflict, Gone, Invalid, NotFound, StaleWrite, Transient
from connectors.protocol import fingerprint
from connectors.types import (
    Attendee,
    Booked,
    EventRef,
    Reply,
    Role,
)
from tests.connectors.conformance_kit import (
    WINDOW,
    Base,
    at,
    blocks,
    covered,
    known,
    make,
    replies,
)
from tests.connectors.harness import Foreign, Harness, Kind


class BookingConformance(Base):
    def test_what_was_asked_for_is_there(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        event = harness.calendar.get(booked.ref)
        assert booked.ref.calendar.casefold() == harness.organizer.casefold()
        assert event.ref == booked.ref
        assert (event.start, event.end) == (intent.start, intent.end)
        assert (event.key, event.fingerprint) == (intent.key, fingerprint(intent))
        assert not event.cancelled
        invited = {a.address.casefold(): (a.role, a.reply) for a in event.attendees}
        assert {address: invited[address] for address in invited if address != harness.organizer} == {
            harness.people[0]: (Role.REQUIRED, Reply.NEEDS_ACTION),
            harness.people[1]: (Role.OPTIONAL, Reply.NEEDS_ACTION),
        }
        assert harness.live(intent.key) == 1

    def test_instants_are_kept_on_the_night_the_clocks_change(self, harness: Harness) -> None:
        start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, the first of two
        intent = make(harness, start=start, end=start + timedelta(hours=1))  # until 02:30, the second
        booked = harness.calendar.book(harness.organizer, intent)
        event = harness.calendar.get(booked.ref)
        assert (event.start, event.end) == (start, start + timedelta(hours=1))
        assert blocks(known(harness.calendar, harness.people[0])) == [
            (start, start + timedelta(hours=1), blocks(known(harness.calendar, harness.people[0]))[0][2])
        ]

    def test_the_same_key_twice_is_one_event(self, harness: Harness) -> None:
        intent = make(harness)
        first = harness.calendar.book(harness.organizer, intent)
        second = harness.calendar.book(harness.organizer, intent)
        third = harness.restart().book(harness.organizer, intent)
        assert first.ref == second.ref == third.ref
        assert harness.live(intent.key) == 1

    def test_two_keys_are_two_events(self, harness: Harness) -> None:
        one = harness.calendar.book(harness.organizer, make(harness, "t/loop-1/interview-1/0"))
        two = harness.calendar.book(harness.organizer, make(harness, "t/loop-1/interview-2/0"))
        assert one.ref != two.ref

    def test_the_same_key_with_other_content_is_a_conflict(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        with pytest.raises(Conflict):
            harness.calendar.book(harness.organizer, replace(intent, end=intent.end + timedelta(hours=1)))
        assert harness.calendar.get(booked.ref).end == intent.end
        assert harness.live(intent.key) == 1

    def test_a_lost_answer_makes_no_second_event(self, harness: Harness) -> None:
        intent = make(harness)
        harness.lose_next_answer()
        with pytest.raises(Transient):
            harness.calendar.book(harness.organizer, intent)
        found = harness.calendar.find(harness.organizer, intent.key)
        assert found is not None
        assert found.fingerprint == fingerprint(intent)
        again = harness.calendar.book(harness.organizer, intent)
        assert again.ref == found.ref
        assert harness.live(intent.key) == 1

    def test_eight_threads_with_one_key_make_one_event(self, harness: Harness) -> None:
        intent = make(harness)
        booked: list[Booked] = []
        barrier = threading.Barrier(8)

        def work() -> None:
            barrier.wait(timeout=30)
            for _ in range(20):
                try:
                    booked.append(harness.calendar.book(harness.organizer, intent))
                except Transient:
                    continue
                return

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(booked) == 8
        assert len({b.ref for b in booked}) == 1
        assert harness.live(intent.key) == 1

    def test_an_organizer_that_does_not_exist(self, harness: Harness) -> None:
        missing = next(a for a, code in harness.unreadable.items() if code == "not_found")
        with pytest.raises(NotFound):
            harness.calendar.book(missing, make(harness))

    @pytest.mark.parametrize(
        "change",
        [
            {"end": at(1, 10)},
            {"end": at(1, 9)},
            {"start": datetime(2026, 10, 21, 10)},  # noqa: DTZ001 - the naive value is the point
            {"key": ""},
            {"zone": "Mars/Olympus"},
        ],
        ids=["empty", "backwards", "naive", "no key", "unknown zone"],
    )
    def test_nonsense_is_refused_before_anything_is_written(
        self, harness: Harness, change: dict[str, object]
    ) -> None:
        intent = make(harness, **change)
        with pytest.raises(Invalid):
            harness.calendar.book(harness.organizer, intent)
        assert harness.calendar.find_all(harness.organizer, WINDOW) == ()

    @pytest.mark.parametrize(
        "text",
        [
            "Interview\r\nATTENDEE:mailto:evil@evil.invalid\r\nX: y",
            'semi;colon, comma \\ back "quote" <b>',
            "\x00\x07\x1c\x1f bell \u2028 line \u2029 end",
            "Çağrı 面接 🎤",
        ],
        ids=["line breaks", "separators", "control characters", "beyond ascii"],
    )
    def test_hostile_text_stays_text(self, harness: Harness, text: str) -> None:
        intent = make(harness, title=text, description=text * 50, location=text)
        booked = harness.calendar.book(harness.organizer, intent)
        event = harness.calendar.get(booked.ref)
        assert (event.start, event.end, event.key) == (intent.start, intent.end, intent.key)
        assert set(replies(event)) - {harness.organizer} == set(harness.people[:2])
        assert harness.calendar.book(harness.organizer, intent).ref == booked.ref

    def test_a_cancelled_key_is_burnt(self, harness: Harness) -> None:
        intent = make(harness)
        harness.calendar.cancel(harness.calendar.book(harness.organizer, intent).ref)
        if harness.remembers:
            with pytest.raises(Conflict):
                harness.calendar.book(harness.organizer, intent)
            assert harness.live(intent.key) == 0
        else:
            harness.calendar.book(harness.organizer, intent)
            assert harness.live(intent.key) == 1
        later = make(harness, "t/loop-1/interview-1/1")
        harness.calendar.book(harness.organizer, later)
        assert harness.live(later.key) == 1


class FindConformance(Base):
    def test_what_never_existed_is_not_found(self, harness: Harness) -> None:
        assert harness.calendar.find(harness.organizer, "t/loop-9/nothing/0") is None

    def test_by_key(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        found = harness.restart().find(harness.organizer, intent.key)
        assert found is not None
        assert (found.ref, found.etag, found.key) == (booked.ref, booked.etag, intent.key)

    def test_cancelled_is_found_as_cancelled(self, harness: Harness) -> None:
        intent = make(harness)
        harness.calendar.cancel(harness.calendar.book(harness.organizer, intent).ref)
        found = harness.calendar.find(harness.organizer, intent.key)
        if harness.remembers:
            assert found is not None
        assert found is None or found.cancelled

    def test_deleted_by_a_human_is_never_found_alive(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.delete(booked.ref)
        found = harness.calendar.find(harness.organizer, intent.key)
        assert found is None or found.cancelled
        with pytest.raises(Gone):
            harness.calendar.get(booked.ref)

    def test_all_that_is_ours_alive_and_in_the_window(self, harness: Harness) -> None:
        calendar, organizer = harness.calendar, harness.organizer
        inside = calendar.book(organizer, make(harness, "t/l/inside/0"))
        edge = make(harness, "t/l/edge/0", start=WINDOW.start - timedelta(minutes=30), end=at(0, 1))
        overlapping = calendar.book(organizer, edge)
        outside = make(harness, "t/l/outside/0", start=at(20, 9), end=at(20, 10))
        calendar.book(organizer, outside)
        calendar.cancel(calendar.book(organizer, make(harness, "t/l/cancelled/0")).ref)
        harness.add(organizer, Foreign(Kind.BUSY, at(1, 10), at(1, 11)))
        found = calendar.find_all(organizer, WINDOW)
        assert {e.ref for e in found} == {inside.ref, overlapping.ref}
        assert {e.key for e in found} == {"t/l/inside/0", "t/l/edge/0"}

    def test_an_id_nobody_gave_out_is_gone(self, harness: Harness) -> None:
        with pytest.raises(Gone):
            harness.calendar.get(EventRef(harness.organizer, "0" * 26))


class RescheduleConformance(Base):
    def test_a_new_time(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        moved = replace(intent, start=at(2, 14), end=at(2, 15))
        again = harness.calendar.reschedule(booked.ref, moved, booked.etag)
        assert again.ref == booked.ref
        assert again.etag != booked.etag
        event = harness.calendar.get(booked.ref)
        assert (event.start, event.end, event.key) == (at(2, 14), at(2, 15), intent.key)
        assert (event.fingerprint, event.etag) == (fingerprint(moved), again.etag)
        assert harness.live(intent.key) == 1
        harness.settle()
        answer = known(harness.calendar, harness.people[0])
        assert [(b.start, b.end) for b in answer.busy] == [(at(2, 14), at(2, 15))]

    def test_an_old_etag_changes_nothing(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        moved = replace(intent, start=at(2, 14), end=at(2, 15))
        harness.calendar.reschedule(booked.ref, moved, booked.etag)
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(
                booked.ref, replace(intent, start=at(3, 9), end=at(3, 10)), booked.etag
            )
        assert harness.calendar.get(booked.ref).start == at(2, 14)

    def test_a_humans_move_is_not_overwritten(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.move(booked.ref, at(4, 9), at(4, 10))
        with pytest.raises(StaleWrite):
            harness.calendar.reschedule(booked.ref, replace(intent, title="Other"), booked.etag)
        event = harness.calendar.get(booked.ref)
        assert (event.start, event.end) == (at(4, 9), at(4, 10))
        moved = replace(intent, start=at(5, 9), end=at(5, 10))
        harness.calendar.reschedule(booked.ref, moved, event.etag)
        assert harness.calendar.get(booked.ref).start == at(5, 9)

    def test_answers_stand_where_the_time_did_not_change(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.answer(harness.people[0], booked.ref, Reply.ACCEPTED)
        etag = harness.calendar.get(booked.ref).etag
        other = (intent.attendees[0], Attendee(harness.people[2], "Cem"))
        harness.calendar.reschedule(booked.ref, replace(intent, attendees=other, title="New"), etag)
        harness.settle()
        event = harness.calendar.get(booked.ref)
        there = {a: r for a, r in replies(event).items() if a != harness.organizer}
        assert there == {harness.people[0]: Reply.ACCEPTED, harness.people[2]: Reply.NEEDS_ACTION}
        assert known(harness.calendar, harness.people[1]).busy == ()
        assert covered(known(harness.calendar, harness.people[2]), intent.start, intent.end)

    def test_a_yes_to_one_time_is_no_yes_to_another(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.answer(harness.people[0], booked.ref, Reply.ACCEPTED)
        etag = harness.calendar.get(booked.ref).etag
        harness.calendar.reschedule(booked.ref, replace(intent, start=at(2, 14), end=at(2, 15)), etag)
        assert replies(harness.calendar.get(booked.ref))[harness.people[0]] is Reply.NEEDS_ACTION

    def test_whom_a_colleague_added_stays(self, harness: Harness) -> None:
        """Whatever we change: people at the same time, the time, and both again by another process."""
        ada, ben, cem = harness.people[:3]
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.invite(booked.ref, cem)
        swapped = replace(intent, attendees=(intent.attendees[0],), title="New")
        again = harness.calendar.reschedule(booked.ref, swapped, harness.calendar.get(booked.ref).etag)
        harness.settle()
        assert set(replies(harness.calendar.get(booked.ref))) - {harness.organizer} == {ada, cem}
        assert known(harness.calendar, ben).busy == ()
        harness.answer(cem, booked.ref, Reply.ACCEPTED)
        etag = harness.calendar.get(booked.ref).etag
        named = replace(swapped, title="Newer")
        harness.restart().reschedule(booked.ref, named, etag)
        assert replies(harness.calendar.get(booked.ref))[cem] is Reply.ACCEPTED
        moved = replace(named, start=at(2, 14), end=at(2, 15))
        harness.restart().reschedule(booked.ref, moved, harness.calendar.get(booked.ref).etag)
        harness.settle()
        event = harness.calendar.get(booked.ref)
        assert again.ref == event.ref
        assert (event.start, replies(event)[cem]) == (moved.start, Reply.NEEDS_ACTION)
        assert covered(known(harness.calendar, cem), moved.start, moved.end)
        assert [b for b in known(harness.calendar, cem).busy if b.start == intent.start] == []

    def test_who_becomes_ours_can_leave_again(self, harness: Harness) -> None:
        ada, _, cem = harness.people[:3]
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.invite(booked.ref, cem)
        ours = replace(intent, attendees=(intent.attendees[0], Attendee(cem, "Cem")))
        harness.calendar.reschedule(booked.ref, ours, harness.calendar.get(booked.ref).etag)
        alone = replace(intent, attendees=(intent.attendees[0],))
        harness.calendar.reschedule(booked.ref, alone, harness.calendar.get(booked.ref).etag)
        harness.settle()
        assert set(replies(harness.calendar.get(booked.ref))) - {harness.organizer} == {ada}
        assert known(harness.calendar, cem).busy == ()

    def test_the_words_of_a_decline_are_kept(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.answer(harness.people[1], booked.ref, Reply.DECLINED, "In Lisbon, all week")
        said = "In Lisbon, all week" if harness.words else ""

        def answered() -> tuple[Reply, str]:
            event = harness.calendar.get(booked.ref)
            ben = next(a for a in event.attendees if a.address.casefold() == harness.people[1])
            return ben.reply, ben.comment

        assert answered() == (Reply.DECLINED, said)
        etag = harness.calendar.get(booked.ref).etag
        harness.calendar.reschedule(booked.ref, replace(intent, title="New"), etag)
        assert answered() == (Reply.DECLINED, said)
        assert answered() == (Reply.DECLINED, said), "also when it is looked at once more"

    def test_a_cancelled_event_cannot_be_moved(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.calendar.cancel(booked.ref)
        with pytest.raises(Gone):
            harness.calendar.reschedule(booked.ref, replace(intent, title="New"), booked.etag)
        with pytest.raises(Gone):
            harness.calendar.reschedule(EventRef(harness.organizer, "0" * 26), intent, booked.etag)


class CancelConformance(Base):
    def test_everybody_is_free_again(self, harness: Harness) -> None:
        intent = make(harness)
        booked = harness.calendar.book(harness.organizer, intent)
        harness.calendar.cancel(booked.ref, "The position is filled")
        harness.settle()
        assert harness.live(intent.key) == 0
        for address in (harness.organizer, *harness.people[:2]):
            assert known(harness.calendar, address).busy == ()
        with pytest.raises(Gone):
            harness.calendar.get(booked.ref)

    def test_cancelling_what_is_gone_is_success(self, harness: Harness) -> None:
        booked = harness.calendar.book(harness.organizer, make(harness))
        harness.calendar.cancel(booked.ref)
        harness.calendar.cancel(booked.ref)
        harness.restart().cancel(booked.ref)
        harness.calendar.cancel(EventRef(harness.organizer, "0" * 26))
        deleted = harness.calendar.book(harness.organizer, make(harness, "t/l/deleted/0"))
        harness.delete(deleted.ref)
        harness.calendar.cancel(deleted.ref)

    def test_only_that_event_is_cancelled(self, harness: Harness) -> None:
        one = harness.calendar.book(harness.organizer, make(harness, "t/l/one/0"))
        two = harness.calendar.book(harness.organizer, make(harness, "t/l/two/0"))
        harness.calendar.cancel(one.ref)
        assert not harness.calendar.get(two.ref).cancelled
        assert harness.live("t/l/two/0") == 1
