"""The stand-in for Google notices what Google's description does not know: a wrong name fails a test."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.google import wire
from connectors.google.auth import scopes_for
from tests.connectors.conformance_kit import WINDOW, make
from tests.connectors.servers.google import GoogleServer
from tests.connectors.servers.google_accounts import Token
from tests.connectors.servers.google_harness import ORGANIZER, PEOPLE, connect, populate
from tests.connectors.servers.google_schema import Mismatch, apis, check_fields, keep_fields, parse_fields

CALENDAR = "/calendar/v3/calendars/loops%40example.com/events"


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        populate(server)
        server.accounts.tokens["t"] = Token(ORGANIZER, frozenset(scopes_for("typed")))
        yield server


def send(
    server: GoogleServer, verb: str, path: str, body: Any = None, token: str = "t", **headers: str
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        server.url + path, data, {"authorization": f"Bearer {token}", **headers}, method=verb
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")["error"]["errors"][0]["reason"]


TIMES = {
    "start": {"dateTime": "2026-11-02T10:00:00+01:00"},
    "end": {"dateTime": "2026-11-02T11:00:00+01:00"},
}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"titel": "x"}, "no field titel"),
        ({"start": {"datetime": "2026-11-02T10:00:00Z"}}, "no field datetime"),
        ({"start": {"dateTime": "2026-11-02T10:00:00"}}, "no date-time"),
        ({"attendees": [{"mail": "a@example.com"}]}, "no field mail"),
        ({"attendees": [{"email": "a@example.com", "responseStatus": "maybe"}]}, "must be one of"),
        ({"attendees": {"email": "a@example.com"}}, "no list"),
        ({"attendees": [{"email": "a@example.com", "self": True}]}, "read-only"),
        ({"transparency": "free"}, "must be one of"),
        ({"summary": 5}, "must be a string"),
        ({"summary": None}, "is null"),
        ({"hangoutLink": "https://x"}, "read-only"),
        ({"extendedProperties": {"private": {"a": 1}}}, "must be a string"),
        ({"extendedProperties": {"secret": {}}}, "no field secret"),
        ({"reminders": {"overrides": [{"minutes": "5"}]}}, "must be a integer"),
        (
            {
                "conferenceData": {
                    "createRequest": {"requestId": "x", "conferenceSolutionKey": {"type": "teams"}}
                }
            },
            "one of",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_field_in_a_body(server: GoogleServer, body: dict[str, Any], says: str) -> None:
    status, _ = send(server, "POST", CALENDAR, TIMES | body)
    assert status == 400
    assert says in server.world.problems[0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("timemin=2026-11-02T10:00:00Z", "no parameter timemin"),
        ("timeMin=2026-11-02", "no date-time"),
        ("maxResults=0", "must be 1 to"),
        ("maxResults=many", "must be a number"),
        ("singleEvents=yes", "true or false"),
        ("orderBy=end", "must be one of"),
        ("timeMin=2026-11-02T10:00:00Z&timeMin=2026-11-02T10:00:00Z", "given 2 times"),
        ("fields=items(id,titel)", "knows no titel"),
        ("fields=items(id", "not closed"),
        ("fields=items(id))", "bracket too many"),
    ],
)
def test_a_wrong_parameter(server: GoogleServer, query: str, says: str) -> None:
    status, _ = send(server, "GET", f"{CALENDAR}?{query}")
    assert status == 400
    assert says in server.world.problems[0]


def test_a_body_without_what_is_needed(server: GoogleServer) -> None:
    send(server, "POST", CALENDAR, {"summary": "x"})
    assert "needs start in its body" in server.world.problems[0] or "needs end" in server.world.problems[0]


def test_an_address_that_is_no_method(server: GoogleServer) -> None:
    status, _ = send(server, "GET", "/calendar/v3/calendar/x/events")
    assert status == 404
    assert "is no method of Google's" in server.world.problems[0]


def test_its_own_answers_are_checked_too(server: GoogleServer) -> None:
    server.world.put(ORGANIZER, {**TIMES, "id": "vvvvv", "invented": 1})
    send(server, "GET", f"{CALENDAR}/vvvvv")
    assert "no field invented" in server.world.problems[0]


def test_a_connector_that_misspells_a_field_fails(
    server: GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = wire.event_body
    monkeypatch.setattr(wire, "event_body", lambda intent: real(intent) | {"sumary": intent.title})
    harness = type("Named", (), {"people": PEOPLE})
    with connect(server) as calendar, pytest.raises(Exception, match="400"):
        calendar.book(ORGANIZER, make(harness))  # type: ignore[arg-type]
    assert "no field sumary" in server.world.problems[0]


class TestBehaviour:
    def test_ids(self, server: GoogleServer) -> None:
        for bad in ("abc", "UPPER", "with-dash", "wxyz1"):
            assert send(server, "POST", CALENDAR, TIMES | {"id": bad}) == (400, "invalid")
        assert send(server, "POST", CALENDAR, TIMES | {"id": "a1b2c"})[0] == 200
        assert send(server, "POST", CALENDAR, TIMES | {"id": "a1b2c"}) == (409, "duplicate")
        assert send(server, "DELETE", f"{CALENDAR}/a1b2c")[0] == 204
        assert send(server, "DELETE", f"{CALENDAR}/a1b2c") == (410, "deleted")
        assert send(server, "POST", CALENDAR, TIMES | {"id": "a1b2c"}) == (409, "duplicate")  # burnt
        server.world.accepts_duplicates = True
        assert send(server, "POST", CALENDAR, TIMES | {"id": "a1b2c"})[0] == 200

    def test_conditions(self, server: GoogleServer) -> None:
        _, event = send(server, "POST", CALENDAR, TIMES | {"id": "a1b2c"})
        path = f"{CALENDAR}/a1b2c"
        assert send(server, "PATCH", path, {"summary": "x"}, **{"if-match": '"0"'}) == (
            412,
            "conditionNotMet",
        )
        status, changed = send(server, "PATCH", path, {"summary": "x"}, **{"if-match": event["etag"]})
        assert (status, changed["summary"]) == (200, "x")
        assert changed["etag"] != event["etag"]

    def test_sync_tokens(self, server: GoogleServer) -> None:
        _, first = send(server, "GET", f"{CALENDAR}?timeMin=2026-11-01T00:00:00Z")
        token = first["nextSyncToken"]
        mixed = send(server, "GET", f"{CALENDAR}?syncToken={token}&timeMin=2026-11-01T00:00:00Z")
        assert mixed == (400, "badRequest")
        assert send(server, "GET", f"{CALENDAR}?syncToken={token}&singleEvents=true") == (400, "badRequest")
        assert send(server, "GET", f"{CALENDAR}?syncToken=nonsense") == (410, "fullSyncRequired")
        assert send(server, "GET", f"{CALENDAR}?syncToken={token}")[0] == 200
        server.world.expire_tokens()
        assert send(server, "GET", f"{CALENDAR}?syncToken={token}") == (410, "fullSyncRequired")
        _, filtered = send(server, "GET", f"{CALENDAR}?q=x")
        assert "nextSyncToken" not in filtered

    def test_windows_bound_ends_and_starts_exclusively(self, server: GoogleServer) -> None:
        server.world.put(ORGANIZER, TIMES)
        for query, found in (
            ("timeMin=2026-11-02T10:00:00Z", 0),
            ("timeMin=2026-11-02T09:59:59Z", 1),
            ("timeMax=2026-11-02T09:00:00Z", 0),
            ("timeMax=2026-11-02T09:00:01Z", 1),
        ):
            assert len(send(server, "GET", f"{CALENDAR}?{query}")[1]["items"]) == found, query

    def test_who_may_what(self, server: GoogleServer) -> None:
        assert send(server, "GET", CALENDAR, token="x") == (401, "authError")
        server.accounts.tokens["r"] = Token(ORGANIZER, frozenset({scopes_for("typed")[0]}))
        assert send(server, "POST", CALENDAR, TIMES, token="r") == (403, "insufficientPermissions")
        other = CALENDAR.replace("loops", "ada")
        assert send(server, "POST", other, TIMES) == (403, "requiredAccessLevel")
        assert send(server, "GET", CALENDAR.replace("loops", "secret")) == (404, "notFound")

    def test_free_busy_takes_fifty(self, server: GoogleServer) -> None:
        body = {
            "timeMin": "2026-11-02T00:00:00Z",
            "timeMax": "2026-11-03T00:00:00Z",
            "items": [{"id": f"p{n}@example.com"} for n in range(51)],
        }
        _, answer = send(server, "POST", "/calendar/v3/freeBusy", body)
        assert answer["calendars"]["p50@example.com"]["errors"][0]["reason"] == "tooManyCalendarsRequested"
        long = body | {"timeMax": "2027-11-03T00:00:00Z"}
        assert send(server, "POST", "/calendar/v3/freeBusy", long) == (400, "timeRangeTooLong")


def test_masks() -> None:
    calendar, _ = apis()
    tree = parse_fields("etag,items(id,start/date,attendees(email,self))")
    assert tree == {
        "etag": {},
        "items": {"id": {}, "start": {"date": {}}, "attendees": {"email": {}, "self": {}}},
    }
    check_fields(calendar, {"$ref": "Events"}, tree)
    with pytest.raises(Mismatch):
        check_fields(calendar, {"$ref": "Events"}, parse_fields("items/end/time"))
    kept = keep_fields(
        tree, {"etag": "e", "x": 1, "items": [{"id": 1, "end": 2, "start": {"date": 3, "y": 4}}]}
    )
    assert kept == {"etag": "e", "items": [{"id": 1, "start": {"date": 3}}]}


def test_windows_of_the_suite_are_read_by_both_sides() -> None:
    assert wire.stamp(WINDOW.start) == "2026-10-19T22:00:00Z"
