"""Graph's payloads as our values and back: verdicts, texts, changes, cursors, notices, refusals. No network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from connectors.errors import (
    Invalid,
    Unreadable,
)
from connectors.outlook import busy, wire
from connectors.outlook.rooms import rooms_of
from connectors.types import (
    Attendee,
    EventIntent,
    Known,
    Reply,
    Role,
    Unknown,
    Verdict,
    Window,
)
from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph_world import BLOB

START = datetime(2026, 10, 21, 8, tzinfo=UTC)
WINDOW = Window(START - timedelta(days=1), START + timedelta(days=10))
INTENT = EventIntent(
    key="t/loop-1/interview-1/0",
    title="Technical interview",
    start=START,
    end=START + timedelta(hours=1),
    zone="Europe/Berlin",
    attendees=(
        Attendee("ada@contoso.example", "Ada", Role.REQUIRED),
        Attendee("ben@contoso.example", role=Role.OPTIONAL),
        Attendee("room@contoso.example", role=Role.ROOM),
    ),
    description="Agenda\nhttps://example.org/a?b=1&c=2.",
    location="Room",
    reminders=(30, 10),
    tags=(("loop", "loop-1"),),
)


def stored(intent: EventIntent = INTENT, **changes: Any) -> dict[str, Any]:
    """What Graph would tell of the event that ``intent`` made."""
    body = wire.event_body(intent, in_utc=True)
    body |= {
        "id": "AAMk1",
        "changeKey": "CK1",
        "createdDateTime": "2026-01-01T00:00:00Z",
        "isOrganizer": True,
    }
    for guest in body["attendees"]:
        guest["status"] = {"response": "none"}
    return body | changes


# --- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "meaning"),
    [
        ({"showAs": "free"}, None),
        ({"showAs": "Free"}, None),
        ({"showAs": "workingElsewhere"}, None),
        ({"showAs": "busy", "isOrganizer": True, "responseStatus": {"response": "organizer"}}, Verdict.BUSY),
        ({"showAs": "busy", "isOrganizer": True, "responseStatus": {"response": "none"}}, Verdict.BUSY),
        ({"showAs": "busy", "responseStatus": {"response": "accepted"}}, Verdict.BUSY),
        ({"showAs": "busy", "responseStatus": {"response": "none"}}, Verdict.UNANSWERED),
        ({"showAs": "tentative", "responseStatus": {"response": "notResponded"}}, Verdict.UNANSWERED),
        ({"showAs": "tentative", "responseStatus": {"response": "tentativelyAccepted"}}, Verdict.TENTATIVE),
        ({"showAs": "Tentative", "isOrganizer": True}, Verdict.TENTATIVE),
        ({"showAs": "busy", "responseStatus": {"response": "tentativelyAccepted"}}, Verdict.TENTATIVE),
        ({"showAs": "busy", "responseStatus": {"response": "declined"}}, None),
        ({"showAs": "busy", "isCancelled": True}, None),
        ({"showAs": "oof", "responseStatus": {"response": "none"}}, Verdict.OUT_OF_OFFICE),
        ({"showAs": "oof", "responseStatus": {"response": "declined"}}, None),
        ({"showAs": "busy", "sensitivity": "private", "isOrganizer": True}, Verdict.BUSY),
        ({"showAs": "free", "sensitivity": "private"}, None),
        ({"showAs": "busy", "isOrganizer": True, "responseStatus": {"response": "declined"}}, Verdict.BUSY),
        (
            {"showAs": "busy", "isOrganizer": True, "responseStatus": {"response": "tentativelyAccepted"}},
            Verdict.BUSY,
        ),
        ({"showAs": "free", "isOrganizer": True, "responseStatus": {"response": "declined"}}, None),
        ({"showAs": "unknown", "isOrganizer": True}, Verdict.BUSY),
        ({"showAs": "unknownFutureValue", "isOrganizer": True}, Verdict.BUSY),
        ({"showAs": None, "isOrganizer": True}, Verdict.BUSY),
    ],
)
def test_what_an_event_says_about_its_time(event: dict[str, Any], meaning: Verdict | None) -> None:
    assert busy.verdict(event) is meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("free", None),
        ("Tentative", Verdict.UNANSWERED),  # it may be an invitation without an answer
        ("busy", Verdict.BUSY),
        ("OOF", Verdict.OUT_OF_OFFICE),
        ("unknown", Verdict.BUSY),
        ("tomorrows", Verdict.BUSY),
        (None, Verdict.BUSY),
    ],
)
def test_what_a_schedule_item_says(status: str | None, meaning: Verdict | None) -> None:
    item = {
        "status": status,
        "start": wire.utc_stamp(START),
        "end": wire.utc_stamp(START + timedelta(hours=1)),
    }
    answer = {
        "value": [{"scheduleId": "ADA@contoso.example", "scheduleItems": [item], "availabilityView": "0"}]
    }
    found = busy.schedules(answer, ["ada@contoso.example"], WINDOW, START)["ada@contoso.example"]
    assert isinstance(found, Known)
    assert [b.verdict for b in found.busy] == ([] if meaning is None else [meaning])


def test_the_summary_string_is_never_looked_at() -> None:
    """It shows working elsewhere as free, and nothing of a short event."""
    item = {
        "status": "workingElsewhere",
        "start": wire.utc_stamp(START),
        "end": wire.utc_stamp(START + timedelta(hours=8)),
    }
    answer = {"value": [{"scheduleId": "a@b.c", "scheduleItems": [item], "availabilityView": "2222"}]}
    found = busy.schedules(answer, ["a@b.c"], WINDOW, START)["a@b.c"]
    assert isinstance(found, Known)
    assert found.busy == ()
    assert [p.where for p in found.places] == ["elsewhere"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (None, "unreadable"),
        ({"error": {"responseCode": "ErrorMailRecipientNotFound", "message": "x"}}, "not_found"),
        ({"error": {"responseCode": "ErrorNoFreeBusyAccess"}, "scheduleItems": []}, "forbidden"),
        ({"error": {"responseCode": "ErrorTimeoutExpired"}}, "transient"),
        ({"error": {"message": "canary-7f3a"}}, "unreadable"),
        ({"error": "canary-7f3a"}, "unreadable"),
        ({}, "unreadable"),
        ({"scheduleItems": None}, "unreadable"),
        ({"scheduleItems": [{"status": "busy"}]}, "unreadable"),
        (
            {
                "scheduleItems": [
                    {
                        "status": "busy",
                        "start": {"dateTime": "2026-10-21T08:00:00", "timeZone": "tzone://Microsoft/Custom"},
                        "end": {"dateTime": "2026-10-21T09:00:00", "timeZone": "tzone://Microsoft/Custom"},
                    }
                ]
            },
            "unknown_zone",
        ),
    ],
)
def test_a_schedule_that_cannot_be_read_makes_its_owner_unknown(
    entry: dict[str, Any] | None, code: str
) -> None:
    value = [] if entry is None else [{"scheduleId": "a@b.c", **entry}]
    found = busy.schedules({"value": value}, ["a@b.c"], WINDOW, START)["a@b.c"]
    assert isinstance(found, Unknown)
    assert found.code == code
    assert found.reason
    assert "canary" not in found.reason


def test_windows_are_split_below_sixty_two_days_and_blocks_joined() -> None:
    window = Window(START, START + timedelta(days=150))
    parts = busy.segments(window)
    assert [p.start for p in parts[1:]] == [p.end for p in parts[:-1]]
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(p.end - p.start < timedelta(days=62) for p in parts)
    over = {
        "status": "busy",
        "start": wire.utc_stamp(parts[0].end - timedelta(hours=2)),
        "end": wire.utc_stamp(parts[0].end + timedelta(hours=2)),
    }
    answer = {"value": [{"scheduleId": "a@b.c", "scheduleItems": [over]}]}
    found = [busy.schedules(answer, ["a@b.c"], window, START)["a@b.c"] for _ in parts[:2]]
    whole = busy.joined(found)
    assert isinstance(whole, Known)
    assert [(b.end - b.start) for b in whole.busy] == [timedelta(hours=4)]
    assert isinstance(busy.joined([*found, Unknown("transient", "x")]), Unknown)


# --- what is written -----------------------------------------------------------------------------


def test_a_booking_is_what_the_published_description_allows() -> None:
    body = wire.event_body(replace(INTENT, conference=True))
    schema.check_event_request(body, create=True)
    assert body["start"] == {"dateTime": "2026-10-21T10:00:00", "timeZone": "W. Europe Standard Time"}
    assert [a["type"] for a in body["attendees"]] == ["required", "optional", "resource"]
    assert body["transactionId"] == wire.transaction(INTENT.key)
    assert len(body["transactionId"]) == 32
    assert (body["isOnlineMeeting"], body["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    assert (body["isReminderOn"], body["reminderMinutesBeforeStart"]) == (True, 10)
    assert "isReminderOn" not in wire.event_body(replace(INTENT, reminders=()))
    schema.check_event_request(wire.mark_body(wire.event_of("o@b.c", stored())), create=True)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", [], []  # type: ignore[var-annotated]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("plain", []),
        ("see https://example.org/a?b=1&c=2.", ["https://example.org/a?b=1&c=2"]),
        ("(http://example.org/x)", ["http://example.org/x"]),
        ('<script>alert("x")</script>', []),
        ('https://example.org/"onload="x', ["https://example.org/"]),
        ("javascript:alert(1) & <b>", []),
        ("two\nlines\r\nthree\u2028four", []),
        ("\x00\x07 bell", []),
    ],
)
def test_text_becomes_html_that_says_the_same(text: str, links: list[str]) -> None:
    parser = _Text()
    parser.feed(wire.html_of(text))
    assert set(parser.tags) <= {"div", "br", "a"}
    assert parser.links == links
    assert parser.text.split() == text.replace("\x00", "").replace("\x07", "").split()


def test_only_what_differs_is_changed() -> None:
    assert set(wire.change_body(stored(), INTENT)) == {
        "singleValueExtendedProperties",
        "isReminderOn",
        "reminderMinutesBeforeStart",
    }
    titled = wire.change_body(stored(), replace(INTENT, title="Other", reminders=()))
    assert set(titled) == {"singleValueExtendedProperties", "subject"}
    moved = wire.change_body(
        stored(), replace(INTENT, start=START + timedelta(hours=1), end=START + timedelta(hours=2))
    )
    assert {"start", "end", "isAllDay"} <= set(moved)
    assert "attendees" not in moved
    for body in (titled, moved):
        schema.check_event_request(body, create=False)


def test_who_stays_at_the_same_time_keeps_the_answer() -> None:
    now = stored()
    now["attendees"][0]["status"] = {"response": "accepted", "time": "2026-01-01T00:00:00Z"}
    guests = (INTENT.attendees[0], Attendee("new@contoso.example"))
    body = wire.change_body(now, replace(INTENT, attendees=guests))
    assert body["attendees"][0]["status"]["response"] == "accepted"
    assert "status" not in body["attendees"][1]
    later = replace(INTENT, attendees=guests, end=INTENT.end + timedelta(hours=1))
    assert all("status" not in a for a in wire.change_body(now, later)["attendees"])


def test_the_meetings_part_of_the_text_survives_a_new_agenda() -> None:
    old = wire.html_of(INTENT.description)
    now = stored(
        isOnlineMeeting=True,
        body={"contentType": "html", "content": f"<html><body>{old}{BLOB}</body></html>"},
    )
    body = wire.change_body(now, replace(INTENT, description="New agenda"))["body"]
    assert body["content"].startswith("<div>New agenda</div>")
    assert BLOB.removeprefix("<br>") in body["content"]
    assert "Agenda\n" not in body["content"]
    odd = stored(isOnlineMeeting=True, body={"contentType": "html", "content": "<p>Join here: x</p>"})
    kept = wire.change_body(odd, replace(INTENT, description="New agenda"))["body"]["content"]
    assert kept == "<div>New agenda</div><hr><p>Join here: x</p>"
    offline = stored(body={"contentType": "html", "content": old})
    assert (
        wire.change_body(offline, replace(INTENT, description="New"))["body"]["content"] == "<div>New</div>"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attendees": tuple(Attendee(f"a{n}@b.c") for n in range(501))}, "at most 500"),
        ({"reminders": (50_000,)}, "reminders"),
        ({"tags": (("a", "x" * 5_000),)}, "tags"),
    ],
)
def test_what_exchange_would_refuse_is_refused_before(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        wire.event_body(replace(INTENT, **change))


def test_long_and_odd_lines_are_cut_and_cleaned() -> None:
    body = wire.event_body(replace(INTENT, title="x" * 300, location="a\r\nb\x00c"))
    assert len(body["subject"]) == 255
    assert body["subject"].endswith("…")
    assert body["location"]["displayName"] == "a bc"


def test_a_key_with_a_quote_stays_one_value() -> None:
    assert "eq 'o''brien/1'" in wire.by_key("o'brien/1")


# --- what is read --------------------------------------------------------------------------------


def test_an_event_of_ours_comes_back_as_it_was_written() -> None:
    now = stored(
        onlineMeeting={"joinUrl": "https://teams.example/x"}, originalStartTimeZone="W. Europe Standard Time"
    )
    now["attendees"][0]["status"] = {"response": "tentativelyAccepted"}
    now["attendees"][1]["type"] = "Optional"
    event = wire.event_of("o@b.c", now)
    assert (event.key, event.start, event.end, event.etag) == (INTENT.key, INTENT.start, INTENT.end, "CK1")
    assert event.join_url == "https://teams.example/x"
    assert event.zone == "Europe/Berlin"
    assert [(a.role, a.reply) for a in event.attendees] == [
        (Role.REQUIRED, Reply.TENTATIVE),
        (Role.OPTIONAL, Reply.NEEDS_ACTION),
        (Role.ROOM, Reply.NEEDS_ACTION),
    ]


def test_a_property_is_found_whatever_case_its_guid_comes_back_in() -> None:
    now = stored()
    for entry in now["singleValueExtendedProperties"]:
        entry["id"] = entry["id"].replace("d5a1e2b4", "D5A1E2B4")
    assert wire.key_of(now) == INTENT.key


def test_the_note_of_a_cancellation_tells_the_event_that_was() -> None:
    event = wire.event_of("o@b.c", stored())
    mark = wire.mark_body(event) | {"id": "AAMk9", "changeKey": "CK9"}
    told = wire.event_of("o@b.c", mark)
    assert told.cancelled
    assert (told.ref, told.start, told.end, told.key) == (event.ref, event.start, event.end, event.key)
    assert told.fingerprint == event.fingerprint
    mark["singleValueExtendedProperties"][2]["value"] = "scribbled over"
    assert wire.event_of("o@b.c", mark).cancelled


def test_somebody_elses_event_is_none_of_ours() -> None:
    assert wire.key_of({"id": "x"}) is None
    with pytest.raises(Unreadable):
        wire.event_of("o@b.c", {"id": "x"})
    with pytest.raises(Unreadable):
        wire.booked_of("o@b.c", {"id": "x"})


def test_a_join_link_must_be_one() -> None:
    assert wire.join_url({"onlineMeeting": {"joinUrl": "javascript:alert(1)"}}) is None
    booked = wire.booked_of("o@b.c", stored(isOnlineMeeting=True, onlineMeeting=None))
    assert (booked.join_url, booked.join_pending) == (None, True)


def test_of_two_events_with_one_key_our_own_request_made_the_first() -> None:
    copied = stored(id="AAMk0", transactionId=None, createdDateTime="2025-01-01T00:00:00Z")
    assert [i["id"] for i in wire.oldest_first([copied, stored()], INTENT.key)] == ["AAMk1", "AAMk0"]
    shouted = stored(replace(INTENT, key=INTENT.key.upper()))
    assert wire.oldest_first([shouted], INTENT.key) == [], "Exchange compares without case, we do not"


def test_rooms_have_an_address_and_what_they_offer() -> None:
    told = [
        {
            "emailAddress": "r@b.c",
            "displayName": "Aquarium",
            "capacity": "50",
            "building": "HQ",
            "isWheelChairAccessible": True,
            "videoDeviceName": "Camera",
            "tags": ["Whiteboard", " "],
        },
        {"emailAddress": "s@b.c", "displayName": None, "capacity": None, "tags": None},
        {"displayName": "no mailbox"},
    ]
    one, two = rooms_of(told)
    assert (one.address, one.name, one.capacity, one.building) == ("r@b.c", "Aquarium", 50, "HQ")
    assert one.features == ("accessible", "video", "whiteboard")
    assert (two.name, two.capacity, two.features) == ("s@b.c", None, ())
