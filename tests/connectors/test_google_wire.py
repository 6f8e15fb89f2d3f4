"""Translation by itself: the verdict table, what is refused, and how errors are named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    Conflict,
    ConnectorError,
    CursorExpired,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RateLimited,
    StaleWrite,
    Transient,
    Unreadable,
)
from connectors.google import cursor, wire
from connectors.google.failures import calendar_refusal, refusal, refused_sign_in, retry_after
from connectors.types import Busy, Place, Verdict, Window

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
WINDOW = Window(NINE, NINE + timedelta(hours=8))
TIMES = {
    "start": {"dateTime": "2026-11-02T10:00:00Z"},
    "end": {"dateTime": "2026-11-02T11:00:00Z"},
}


def own(reply: str) -> list[dict[str, Any]]:
    return [{"email": "a@example.com", "responseStatus": "accepted"}, {"self": True, "responseStatus": reply}]


WORDS = ("needsAction", "tentative", "declined", "accepted")


def organizing(reply: str) -> list[dict[str, Any]]:
    return [{"self": True, "organizer": True, "responseStatus": reply}]


class TestVerdicts:
    """The table of what an event means; each row by itself and where two meet."""

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            ({}, Verdict.BUSY),
            ({"eventType": "default", "transparency": "opaque", "status": "confirmed"}, Verdict.BUSY),
            ({"eventType": "fromGmail"}, Verdict.BUSY),
            ({"eventType": "somethingNew"}, Verdict.BUSY),
            ({"visibility": "private"}, Verdict.BUSY),
            ({"attendees": own("accepted")}, Verdict.BUSY),
            ({"attendees": own("somethingNew")}, Verdict.BUSY),
            ({"attendees": [{"responseStatus": "declined"}]}, Verdict.BUSY),  # somebody else's answer
            ({"attendees": own("needsAction")}, Verdict.UNANSWERED),
            *(({"attendees": organizing(word)}, Verdict.BUSY) for word in WORDS),
            *(({"attendees": own(word), "organizer": {"self": True}}, Verdict.BUSY) for word in WORDS),
            ({"attendees": organizing("declined"), "transparency": "transparent"}, None),
            ({"attendees": own("declined"), "organizer": {"email": "a@example.com"}}, None),
            ({"attendees": own("tentative")}, Verdict.TENTATIVE),
            ({"status": "tentative"}, Verdict.TENTATIVE),
            ({"status": "tentative", "attendees": own("accepted")}, Verdict.TENTATIVE),
            ({"eventType": "outOfOffice"}, Verdict.OUT_OF_OFFICE),
            ({"eventType": "outOfOffice", "status": "tentative"}, Verdict.OUT_OF_OFFICE),
            ({"eventType": "focusTime"}, Verdict.FOCUS),
            ({"transparency": "transparent"}, None),
            ({"transparency": "transparent", "eventType": "outOfOffice"}, None),
            ({"eventType": "fromGmail", "transparency": "transparent"}, None),  # a flight from the mail
            ({"attendees": own("declined")}, None),
            ({"status": "cancelled"}, None),
            ({"eventType": "workingLocation"}, None),
            ({"eventType": "birthday", "transparency": "transparent"}, None),
        ],
    )
    def test_row(self, event: dict[str, Any], expected: Verdict | None) -> None:
        assert wire.verdict(event) is expected
        busy, places = wire.typed([TIMES | event], "Europe/Berlin", WINDOW)
        assert [b.verdict for b in busy] == ([expected] if expected else [])
        assert bool(places) is (event.get("eventType") == "workingLocation")

    @pytest.mark.parametrize(
        ("kind", "where"),
        [
            ("homeOffice", "home"),
            ("officeLocation", "office"),
            ("customLocation", "elsewhere"),
            ("new", "elsewhere"),
        ],
    )
    def test_a_place_says_no_more_than_it_must(self, kind: str, where: str) -> None:
        event = TIMES | {
            "eventType": "workingLocation",
            "workingLocationProperties": {"type": kind, "customLocation": {"label": "the dentist"}},
        }
        _, places = wire.typed([event], "UTC", WINDOW)
        assert places == [Place(NINE + timedelta(hours=1), NINE + timedelta(hours=2), where)]

    def test_a_cancelled_place_is_none(self) -> None:
        event = TIMES | {"eventType": "workingLocation", "status": "cancelled"}
        assert wire.typed([event], "UTC", WINDOW) == ([], [])

    def test_our_own_key(self) -> None:
        event = TIMES | {"extendedProperties": {"shared": {"loopwright_key": "t/l/1/0", "other": "x"}}}
        ((block,), _) = wire.typed([event], "UTC", WINDOW)
        assert block.key == "t/l/1/0"

    @pytest.mark.parametrize(
        ("start", "end", "inside"),
        [
            ("08:00", "09:00", None),
            ("17:00", "18:00", None),
            ("12:00", "12:00", None),
            ("08:00", "18:00", (9, 17)),
        ],
    )
    def test_clipping(self, start: str, end: str, inside: tuple[int, int] | None) -> None:
        event = {
            "start": {"dateTime": f"2026-11-02T{start}:00Z"},
            "end": {"dateTime": f"2026-11-02T{end}:00Z"},
        }
        busy, _ = wire.typed([event], "UTC", WINDOW)
        expected = inside and [Busy(NINE.replace(hour=inside[0]), NINE.replace(hour=inside[1]), Verdict.BUSY)]
        assert busy == (expected or [])


NAMES = (
    "start end date dateTime timeZone attendees self status eventType id extendedProperties private shared "
    "loopwright_key conferenceData entryPoints resourceEmail featureInstances"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_payload_looks_like_it_is_read_or_refused_by_name(payload: Any) -> None:
    for read in (
        lambda: wire.typed([payload], "Europe/Berlin", WINDOW),
        lambda: wire.untyped([payload], WINDOW),
        lambda: wire.event_of("a@example.com", payload, lambda: BERLIN, "t/l/1/0"),
        lambda: wire.booked_of("a@example.com", payload),
        lambda: wire.rooms_of([payload]),
    ):
        try:
            with wire.reading("it"):
                read()
        except ConnectorError as error:
            assert "\n" not in str(error)


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "domain", "reason", "kind"),
        [
            (400, "global", "invalid", Invalid),
            (400, "calendar", "updatedMinTooLongAgo", CursorExpired),
            (401, "global", "authError", AuthExpired),
            (403, "usageLimits", "rateLimitExceeded", RateLimited),
            (403, "usageLimits", "userRateLimitExceeded", RateLimited),
            (403, "usageLimits", "quotaExceeded", RateLimited),
            (403, "usageLimits", "somethingNew", RateLimited),
            (403, "usageLimits", "accessNotConfigured", Forbidden),
            (403, "global", "forbidden", Forbidden),
            (403, "calendar", "requiredAccessLevel", Forbidden),
            (404, "global", "notFound", NotFound),
            (408, "", "", Transient),
            (409, "global", "duplicate", Conflict),
            (410, "calendar", "fullSyncRequired", CursorExpired),
            (410, "global", "deleted", Gone),
            (412, "global", "conditionNotMet", StaleWrite),
            (418, "", "", Invalid),
            (429, "usageLimits", "rateLimitExceeded", RateLimited),
            (429, "", "", RateLimited),
            (500, "global", "backendError", Transient),
            (502, "", "", Transient),
            (503, "global", "backendError", Transient),
            (302, "", "", Unreadable),
        ],
    )
    def test_named_by_what_to_do(self, status: int, domain: str, reason: str, kind: type) -> None:
        body = json.dumps({"error": {"errors": [{"domain": domain, "reason": reason}], "code": status}})
        error = refusal(status, {}, body.encode(), "trying")
        assert type(error) is kind
        assert str(error).startswith("trying: ")
        assert reason in str(error)

    def test_a_wait_is_read_as_seconds_or_as_a_date(self) -> None:
        error = refusal(429, {"retry-after": "7"}, b"", "trying")
        assert isinstance(error, RateLimited)
        assert error.retry_after == 7
        soon = (datetime.now(UTC) + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        assert 85 < (retry_after({"retry-after": soon}) or 0) <= 90
        assert retry_after({"retry-after": "Wed, 01 Jan 2020 00:00:00 GMT"}) == 0
        for odd in ("", "soon", "inf", "-", "nan"):
            assert retry_after({"retry-after": odd}) is None
        assert retry_after({"retry-after": "-5"}) == 0
        waiting = refusal(503, {"retry-after": "3"}, b"", "trying")
        assert isinstance(waiting, RateLimited)

    @pytest.mark.parametrize(
        ("status", "word", "description", "kind"),
        [
            (400, "invalid_grant", "Token has been expired or revoked.", AuthRevoked),
            (400, "invalid_grant", "Invalid email or User ID", NotFound),
            (401, "invalid_client", "", AuthRevoked),
            (401, "unauthorized_client", "", Forbidden),
            (400, "invalid_scope", "", Forbidden),
            (400, "admin_policy_enforced", "", Forbidden),
            (400, "something_new", "", AuthRevoked),
            (429, "", "", RateLimited),
            (500, "", "", Transient),
            (400, "temporarily_unavailable", "", Transient),
        ],
    )
    def test_sign_ins(self, status: int, word: str, description: str, kind: type) -> None:
        body = json.dumps({"error": word, "error_description": description}).encode()
        error = refused_sign_in(status, {}, body, "somebody", "scope-a scope-b")
        assert type(error) is kind
        assert "somebody" in str(error)
        assert description not in str(error) or not description
        if kind is Forbidden and word in ("unauthorized_client", "invalid_scope"):
            assert "scope-a scope-b" in str(error)

    @pytest.mark.parametrize(
        ("reasons", "code"),
        [
            (["notFound"], "not_found"),
            (["internalError"], "transient"),
            (["tooManyCalendarsRequested"], "transient"),
            (["rateLimitExceeded"], "transient"),
            (["groupTooBig"], "invalid"),
            (["forbidden"], "forbidden"),
            (["somethingNew"], "unreadable"),
            ([""], "unreadable"),
            (["bad\nword"], "unreadable"),
        ],
    )
    def test_errors_of_one_calendar(self, reasons: list[str], code: str) -> None:
        found, text = calendar_refusal(reasons)
        assert found == code
        assert "\n" not in text


class TestCursor:
    def test_it_survives_being_kept(self) -> None:
        at = cursor.begin("Loops@example.com", WINDOW, NINE)
        page = cursor.Cursor(at.calendar, at.window, at.since, "", "p==1")
        back = cursor.resume(page.text(), "loops@example.com", WINDOW, NINE)
        assert (back.page, back.sync, back.since, back.window) == ("p==1", "", NINE, at.window)

    @given(st.text(max_size=40) | st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
    def test_anything_else_is_expired(self, text: str) -> None:
        with pytest.raises(CursorExpired):
            cursor.resume(text, "loops@example.com", WINDOW, NINE)

    @pytest.mark.parametrize(
        "content",
        [
            [1, "m", 0, 0, 0, "", ""],
            [1, "m", 0, 0, 0, 5, ""],
            [1, "m", "0", 0, 0, "s", ""],
            [1, "m", 10**30, 0, 0, "s", ""],
            [1, "m", True, 0, 0, "s", ""],
            [2, "m", 0, 0, 0, "s", ""],
            [1, "m"],
            {},
        ],
        ids=repr,
    )
    def test_odd_content_is_expired(self, content: object) -> None:
        import base64

        text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        with pytest.raises(CursorExpired):
            cursor.resume(text, "loops@example.com", WINDOW, NINE)
