"""Invitations as iCalendar texts: what another reader finds in them, whatever is put into them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Invalid
from connectors.ics import Invitation, Told, cancellation, following, request, told_by

NOW = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)
BASE = Invitation(
    uid="abc@loopwright",
    title="Interview with Acme",
    start=datetime(2026, 10, 21, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")),
    end=datetime(2026, 10, 21, 11, 0, tzinfo=ZoneInfo("Europe/Berlin")),
    organizer="talent@acme.example",
    organizer_name="Acme Talent",
    attendee="jo@home.example",
    attendee_name="Jo Doe",
    description="Bring questions.\nBring a pen.",
    location="HQ, Room 1; 2nd floor",
    url="https://meet.acme.example/x?y=1",
    reminders=(15, 60),
)


def event(text: str) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(text)
    (found,) = calendar.walk("VEVENT")
    assert isinstance(found, icalendar.Event)
    return found


def test_an_invitation_says_everything() -> None:
    text = request(BASE, NOW)
    assert "METHOD:REQUEST\r\n" in text
    found = event(text)
    assert found["DTSTART"].dt == BASE.start
    assert found["DTEND"].dt == BASE.end
    assert str(found["SUMMARY"]) == BASE.title
    assert str(found["DESCRIPTION"]) == BASE.description
    assert str(found["LOCATION"]) == BASE.location
    assert str(found["URL"]) == BASE.url
    assert str(found["ATTENDEE"]) == "mailto:jo@home.example"
    assert found["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert [alarm["TRIGGER"].dt for alarm in found.walk("VALARM")] == [
        timedelta(minutes=-15),
        timedelta(minutes=-60),
    ]
    assert str(found["STATUS"]) == "CONFIRMED"


def test_a_cancellation_takes_back_the_same_event() -> None:
    text = cancellation(replace(BASE, sequence=2), NOW)
    assert "METHOD:CANCEL\r\n" in text
    found = event(text)
    assert (str(found["UID"]), found["SEQUENCE"], str(found["STATUS"])) == (BASE.uid, 2, "CANCELLED")
    assert found.walk("VALARM") == []


def test_the_same_invitation_is_the_same_text() -> None:
    assert request(BASE, NOW) == request(BASE, NOW)


def test_lines_are_folded_and_broken_as_the_format_wants() -> None:
    text = request(replace(BASE, description="ü" * 400), NOW)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize(
    "field", ["title", "description", "location", "organizer_name", "attendee_name", "uid"]
)
@pytest.mark.parametrize(
    "evil",
    [
        "x\r\nATTENDEE:mailto:evil@evil.example\r\ny",
        "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:2",
        'x";PARTSTAT=ACCEPTED:mailto:evil@evil.example',
        "x\x00\x1c\u2028ATTENDEE:mailto:evil@evil.example\u2029\x85z",
        "\\n\\,\\; ^n ^' %0D%0A",
        "\ud800 lone",
    ],
)  # fmt: skip
def test_nothing_can_be_smuggled_in(field: str, evil: str) -> None:
    found = event(request(replace(BASE, **{field: evil}), NOW))  # type: ignore[arg-type]
    assert str(found["ATTENDEE"]) == "mailto:jo@home.example"
    assert found["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert found["DTSTART"].dt == BASE.start


@given(
    title=st.text(min_size=1, max_size=60).filter(lambda t: any(c.isalnum() for c in t)),
    description=st.text(max_size=200),
    name=st.text(max_size=40),
)
def test_any_text_reads_back_as_one_event_for_one_person(title: str, description: str, name: str) -> None:
    told = replace(BASE, title=title, description=description, location=title, attendee_name=name)
    found = event(request(told, NOW))
    assert str(found["ATTENDEE"]) == "mailto:jo@home.example"
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (BASE.start, BASE.end)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": datetime(2026, 10, 21, 10)}, "start"),  # noqa: DTZ001 - the naive value is the point
        ({"end": BASE.start}, "end"),
        ({"title": "\x00\x01"}, "title"),
        ({"uid": ""}, "uid"),
        ({"sequence": -1}, "sequence"),
        ({"reminders": (-5,)}, "reminders"),
        ({"attendee": "jo"}, "attendee"),
        ({"attendee": "jo@home.example\r\nX:1"}, "attendee"),
        ({"organizer": "a@b.example, c@d.example"}, "organizer"),
        ({"url": "javascript:alert(1)"}, "url"),
    ],
)
def test_what_cannot_be_an_invitation_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid, match=field):
        request(replace(BASE, **change), NOW)  # type: ignore[arg-type]


class TestTheNextOne:
    def told(self, sequence: int, hour: int, cancelled: bool = False) -> Told:
        start = BASE.start.replace(hour=hour)
        text = (cancellation if cancelled else request)(
            replace(BASE, sequence=sequence, start=start, end=start + timedelta(hours=1)), NOW
        )
        return told_by(text)

    def test_what_was_told_is_read_again(self) -> None:
        assert told_by(request(replace(BASE, sequence=3), NOW)) == Told(
            BASE.uid, 3, BASE.start, BASE.end, False
        )
        assert told_by(cancellation(replace(BASE, sequence=4), NOW)).cancelled

    @pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "hello"])
    def test_another_text_is_refused(self, text: str) -> None:
        with pytest.raises(Invalid, match="calendar"):
            told_by(text)

    def test_a_detail_keeps_the_number_and_a_time_raises_it(self) -> None:
        first = self.told(2, 8)
        assert following([first], first.start, first.end) == 2
        assert following([first], first.start, first.end, least=9) == 2
        assert following([first], first.start, first.end + timedelta(minutes=5)) == 3
        assert following([first], first.start - timedelta(minutes=5), first.end, least=9) == 9

    def test_it_never_falls(self) -> None:
        first, moved = self.told(2, 8), self.told(5, 9)
        assert following([first, moved], first.start, first.end) == 6
        off = self.told(6, 9, cancelled=True)
        assert following([first, moved, off], moved.start, moved.end) == 7
        assert following([], first.start, first.end, least=1) == 1


def test_why_it_is_off_is_told() -> None:
    found = event(cancellation(replace(BASE, sequence=1, comment="Filled.\nSorry."), NOW))
    assert str(found["COMMENT"]) == "Filled.\nSorry."


def test_international_domains_are_written_in_ascii() -> None:
    found = event(request(replace(BASE, organizer="jobs@büro.example", attendee="jo@müller.example"), NOW))
    assert str(found["ORGANIZER"]) == "mailto:jobs@xn--bro-hoa.example"
    assert str(found["ATTENDEE"]) == "mailto:jo@xn--mller-kva.example"
