"""The Graph stand-in refuses what Microsoft's description does not allow; otherwise its tests would prove nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.http import Http, Response
from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph import GraphServer

USER = "/users/ada@contoso.example"
START = {"dateTime": "2026-10-21T10:00:00", "timeZone": "UTC"}
END = {"dateTime": "2026-10-21T11:00:00", "timeZone": "UTC"}
PREFER = 'IdType="ImmutableId"'
TAG = "String {00000000-0000-0000-0000-000000000000} Name x"


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with GraphServer() as server:
        server.world.add_mailbox("ada@contoso.example")
        yield server


def ask(
    server: GraphServer, method: str, path: str, body: Any = None, prefer: str = PREFER, **query: str
) -> Response:
    headers = {"Authorization": "Bearer token-1", "Prefer": prefer}
    with Http(server.base) as http:
        return http.request(method, f"{server.base}{path}", params=query or None, headers=headers, json=body)


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "start": START, "end": END},
        {"subject": "x", "start": {"datetime": "2026-10-21T10:00:00", "timeZone": "UTC"}, "end": END},
        {"subject": "x", "start": {"dateTime": "2026-10-21T10:00:00Z", "timeZone": "UTC"}, "end": END},
        {"subject": "x", "start": START, "end": END, "showAs": "bananas"},
        {"subject": "x", "start": START, "end": END, "attendees": [{"email": "a@b.c"}]},
        {"subject": "x", "start": START, "end": END, "attendees": [{"emailAddress": {"mail": "a@b.c"}}]},
        {"subject": "x", "start": START, "end": END, "attendees": [{"type": "room"}]},
        {"subject": "x", "start": START, "end": END, "body": {"contentType": "markdown", "content": ""}},
        {"subject": "x", "start": START, "end": END, "isReminderOn": "yes"},
        {"subject": "x", "start": START, "end": END, "id": "mine"},
        {"subject": "x", "start": START, "end": END, "singleValueExtendedProperties": [{"value": "x"}]},
        {
            "subject": "x",
            "start": START,
            "end": END,
            "singleValueExtendedProperties": [{"id": TAG, "val": "x"}],
        },
    ],
)
def test_a_wrong_field_of_an_event_is_a_violation(server: GraphServer, body: dict[str, Any]) -> None:
    assert ask(server, "POST", f"{USER}/events", body).status == 500
    assert len(server.violations) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", f"{USER}/calendar/getSchedule", {"schedules": [], "StartTime": START, "EndTime": END}, {}),
        ("POST", f"{USER}/events/AAMk1/cancel", {"comment": "x"}, {}),
        ("POST", "/subscriptions", {"url": "https://x"}, {}),
        ("GET", f"{USER}/calendarView/delta", None, {"$select": "id"}),
        ("GET", f"{USER}/calendarView/delta", None, {"$expand": "x"}),
        ("GET", f"{USER}/events", None, {"filter": "x"}),
        ("GET", f"{USER}/messages", None, {}),
        ("PUT", f"{USER}/events", None, {}),
    ],
)
def test_a_wrong_request_is_a_violation(
    server: GraphServer, method: str, path: str, body: Any, query: dict[str, str]
) -> None:
    if method == "PUT":
        with pytest.raises(schema.SchemaError, match="no such request"):
            server.routes.find(method, path)
        return
    assert ask(server, method, path, body, **query).status == 500
    assert len(server.violations) == 1


def test_every_request_has_to_ask_for_immutable_ids(server: GraphServer) -> None:
    assert ask(server, "GET", f"{USER}/events", prefer='outlook.timezone="UTC"').status == 500
    assert server.violations == ["events: Prefer lacks ImmutableId"]


def test_what_only_creation_may_set_is_refused_in_a_change(server: GraphServer) -> None:
    with server.locked() as world:
        item = world.put(
            "ada@contoso.example",
            subject="x",
            start=datetime(2026, 10, 21, 8, tzinfo=UTC),
            end=datetime(2026, 10, 21, 9, tzinfo=UTC),
        )
    assert ask(server, "PATCH", f"{USER}/events/{item.id}", {"transactionId": "x"}).status == 500
    assert ask(server, "PATCH", f"{USER}/events/{item.id}", {"subject": "y"}).status == 200
    assert len(server.violations) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": f"singleValueExtendedProperties/any(ep: ep/id eq '{TAG}')"},
        {"$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq 'it's')"},
        {"$filter": "subject eq 'x'"},
        {"$expand": "singleValueExtendedProperties"},
        {"$expand": "attachments"},
        {"$select": "title"},
        {"$top": "1001"},
    ],
)
def test_an_undocumented_query_is_refused(server: GraphServer, query: dict[str, str]) -> None:
    with server.locked() as world:
        moment = datetime(2026, 10, 21, 8, tzinfo=UTC)
        world.put("ada@contoso.example", subject="x", start=moment, end=moment)
    assert ask(server, "GET", f"{USER}/events", **query).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"Schedules": [f"p{n}@b.c" for n in range(21)]},
        {"EndTime": {"dateTime": "2026-12-22T10:00:00", "timeZone": "UTC"}},
        {"AvailabilityViewInterval": 3},
        {"StartTime": {"dateTime": "2026-10-21T10:00:00", "timeZone": "Europe/Berlin"}},
    ],
)
def test_the_limits_of_get_schedule_are_kept(server: GraphServer, changes: dict[str, Any]) -> None:
    body = {"Schedules": ["a@b.c"], "StartTime": START, "EndTime": END, "AvailabilityViewInterval": 60}
    assert ask(server, "POST", f"{USER}/calendar/getSchedule", body | changes).status == 400
    assert ask(server, "POST", f"{USER}/calendar/getSchedule", body).status == 200


@pytest.mark.parametrize(
    "told",
    [
        {"subjct": "x"},
        {"showAs": "bananas"},
        {"createdDateTime": "yesterday"},
        {"attendees": [{"status": {"response": "maybe"}}]},
        {"isAllDay": "no"},
    ],
)
def test_the_stand_ins_own_answers_are_checked_too(told: dict[str, Any]) -> None:
    with pytest.raises(schema.SchemaError):
        schema.check_list("microsoft.graph.event", {"value": [told]})
    schema.check_list("microsoft.graph.event", {"value": [{"showAs": "Tentative", "@odata.etag": "x"}]})
    with pytest.raises(schema.SchemaError):
        schema.check_list("microsoft.graph.event", {"value": [], "nextLink": "x"})
