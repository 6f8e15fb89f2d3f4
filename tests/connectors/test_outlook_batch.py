"""Many reads in one request: what the service does with a batch, and what the connector does with one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import ceil
from typing import Any

import pytest

from connectors.calls import Breaker, Cooling, Limiter, Retry
from connectors.errors import ConnectorError, RateLimited, Transient
from connectors.http import Http, Response
from connectors.types import Known, Unknown
from tests.connectors.conformance_kit import WINDOW, at
from tests.connectors.harness import CANARY, Foreign, Kind
from tests.connectors.servers.graph import GraphServer
from tests.connectors.servers.graph_harness import GraphHarness, StaticBearer, graph_harness

ADA = "/users/ada@contoso.example"
PREFER = {"Prefer": 'IdType="ImmutableId"'}
JSON = {**PREFER, "Content-Type": "application/json"}
EVENT = {
    "subject": "x",
    "start": {"dateTime": "2026-10-21T10:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-10-21T11:00:00", "timeZone": "UTC"},
}


@pytest.fixture
def server() -> Iterator[GraphServer]:
    with GraphServer() as server:
        for name in ("ada", "ben"):
            server.world.add_mailbox(f"{name}@contoso.example")
        yield server


@pytest.fixture
def typed() -> Iterator[GraphHarness]:
    with graph_harness("typed") as harness:
        yield harness


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """The real client, made once: reading the authorities takes longer than a batch."""
    with Http() as http:
        yield http


Send = Callable[..., Response]


@pytest.fixture
def send(server: GraphServer, http: Http) -> Send:
    def send(*steps: dict[str, Any], token: str = "token-1") -> Response:
        headers = {"Authorization": f"Bearer {token}"}
        return http.request("POST", f"{server.base}/$batch", headers=headers, json={"requests": list(steps)})

    return send


def read(ident: str, path: str = f"{ADA}/events", **more: Any) -> dict[str, Any]:
    return {"id": ident, "method": "GET", "url": path, "headers": PREFER, **more}


def write(
    ident: str, body: dict[str, Any] = EVENT, path: str = f"{ADA}/events", **more: Any
) -> dict[str, Any]:
    return {"id": ident, "method": "POST", "url": path, "headers": JSON, "body": body, **more}


def statuses(answer: Response) -> dict[str, int]:
    assert answer.status == 200
    return {item["id"]: item["status"] for item in answer.json()["responses"]}


class TestTheService:
    """As the guide on JSON batching and the throttling limits describe it."""

    def test_each_request_is_judged_by_itself(self, server: GraphServer, send: Send) -> None:
        answer = send(
            read("1"),
            write("2"),
            read("3", "/users/nobody@contoso.example/events"),
            read("4", f"{ADA}/events/AAMknone"),
            read(
                "5",
                f"{ADA[1:]}/calendarView?startDateTime=2026-10-21T00:00:00Z&endDateTime=2026-10-22T00:00:00Z",
            ),
        )
        assert statuses(answer) == {"1": 200, "2": 201, "3": 404, "4": 404, "5": 200}
        assert [item["id"] for item in answer.json()["responses"]] != ["1", "2", "3", "4", "5"]
        assert server.violations == []

    def test_a_refusal_for_the_moment_is_inside_a_success_with_its_own_wait(
        self, server: GraphServer, send: Send
    ) -> None:
        server.faults.refuse = [(429, "ApplicationThrottled", 7.0)]
        answer = send(read("1"), read("2", dependsOn=["1"]))
        told = {item["id"]: item for item in answer.json()["responses"]}
        assert (told["1"]["status"], told["1"]["headers"]["Retry-After"]) == (429, "7")
        assert told["2"]["status"] == 424

    def test_order_is_that_of_dependence(self, server: GraphServer, send: Send) -> None:
        view = f"{ADA}/events"
        answer = send(read("look", view, dependsOn=["Write"]), write("write"))
        told = {item["id"]: item for item in answer.json()["responses"]}
        assert len(told["look"]["body"]["value"]) == 1
        assert [seen.route for seen in server.requests] == ["batch", "create", "events"]

    def test_what_follows_a_failure_is_not_carried_out(self, server: GraphServer, send: Send) -> None:
        missing = f"{ADA}/events/AAMknone"
        answer = send(read("1", missing), write("2", dependsOn=["1"]), write("3", dependsOn=["2"]))
        assert statuses(answer) == {"1": 404, "2": 424, "3": 424}
        assert server.count("create") == 0

    def test_four_are_carried_out_at_a_time(self, server: GraphServer, send: Send) -> None:
        server.faults.latency, server.faults.most_in_flight = 0.02, 4
        assert set(statuses(send(*(read(str(n)) for n in range(20)))).values()) == {200}
        assert server.most_in_flight == 4
        server.faults.latency = 0.5
        with ThreadPoolExecutor(2) as pool:  # of two batches, eight at once
            both = list(pool.map(lambda _: send(*(read(str(n)) for n in range(4))), range(2)))
        assert 429 in {status for answer in both for status in statuses(answer).values()}

    def test_a_lost_answer_is_a_failure_of_that_request(self, server: GraphServer, send: Send) -> None:
        server.faults.lose = 1
        assert statuses(send(read("1"), write("2"))) == {"1": 200, "2": 504}
        assert len(server.world.mailboxes["ada@contoso.example"].items) == 1

    @pytest.mark.parametrize(
        "steps",
        [
            [],
            [read(str(n)) for n in range(21)],
            [read("a"), read("A")],
            [read("")],
            [read("1", "https://graph.microsoft.com/v1.0/users/ada@contoso.example/events")],
            [read("1", "//elsewhere.example/events")],
            [write("1") | {"headers": PREFER}],
            [read("1", dependsOn=["2"])],
            [read("1", dependsOn=["1"])],
            [read("1", dependsOn=["2"]), read("2", dependsOn=["1"])],
        ],
    )
    def test_a_batch_that_is_none(self, server: GraphServer, send: Send, steps: list[dict[str, Any]]) -> None:
        assert send(*steps).status == 400
        assert server.violations == []
        assert server.count() == 1, "nothing of it was carried out"

    def test_a_batch_is_signed_like_any_request(self, server: GraphServer, send: Send) -> None:
        assert send(read("1"), token="another").status == 401

    @pytest.mark.parametrize(
        "step",
        [
            {"id": 1, "method": "GET", "url": ADA},
            {"method": "GET", "url": ADA},
            {"id": "1", "url": ADA},
            {"id": "1", "method": "GET"},
            read("1", uri="x"),
            read("1", depends_on=["2"]),
            read("1") | {"headers": {"Prefer": 5}},
        ],
    )
    def test_a_wrong_field_is_a_violation(
        self, server: GraphServer, send: Send, step: dict[str, Any]
    ) -> None:
        assert send(step).status == 500
        assert len(server.violations) == 1

    @pytest.mark.parametrize(
        "step",
        [
            write("1", {**EVENT, "title": "x"}),
            read("1", f"{ADA}/messages"),
            read("1") | {"headers": {}},
            read("1", "/$batch"),
        ],
    )
    def test_a_wrong_request_in_it_is_one_too(
        self, server: GraphServer, send: Send, step: dict[str, Any]
    ) -> None:
        assert statuses(send(step)) == {"1": 500}
        assert len(server.violations) == 1


def crowd(harness: GraphHarness, number: int) -> list[str]:
    people = [f"p{n}@contoso.example" for n in range(number)]
    with harness.server.locked() as world:
        for person in people:
            world.add_mailbox(person)
    return people


@pytest.mark.parametrize("number", [2, 12, 20, 21, 200])
def test_typed_costs_one_request_per_twenty_people(typed: GraphHarness, number: int) -> None:
    people = crowd(typed, number)
    answers = typed.calendar.availability(people, WINDOW)
    assert all(isinstance(answers[p], Known) and answers[p].typed for p in people)
    trips = [seen.body for seen in typed.server.requests if seen.route == "batch"]
    assert len(trips) == ceil(number / 20)
    assert sum(len(body["requests"]) for body in trips) == typed.server.count("calendarView") == number
    assert typed.server.count() == len(trips) + number, "nothing was asked twice"


def test_two_batches_are_never_under_way_at_once(typed: GraphHarness) -> None:
    """Four at a time are carried out of each, and four are all that Outlook takes."""
    people = crowd(typed, 60)
    typed.server.faults.latency = 0.01
    connectors = [typed.calendar, typed.make(), typed.make(mode="free_busy")]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(c.availability, people, WINDOW) for c in connectors]:
            assert all(isinstance(a, Known) for a in done.result().values())
    assert typed.server.most_in_flight == 4


def test_with_a_part_of_the_places_reads_go_singly(typed: GraphHarness) -> None:
    calendar = typed.make(limiter=Limiter(2))
    assert all(isinstance(a, Known) for a in calendar.availability(crowd(typed, 6), WINDOW).values())
    assert (typed.server.count("batch"), typed.server.count("calendarView")) == (0, 6)
    assert typed.server.most_in_flight <= 2


def test_one_refused_for_the_moment_is_asked_again_after_its_wait(typed: GraphHarness) -> None:
    people = crowd(typed, 5)
    typed.server.faults.refuse = [(429, "ApplicationThrottled", 0.4)]
    started = time.monotonic()
    answers = typed.calendar.availability(people, WINDOW)
    assert time.monotonic() - started >= 0.4
    assert all(isinstance(answers[p], Known) for p in people)
    assert typed.server.count("batch") == 1
    assert typed.server.count("calendarView") == 6, "only that one was asked again"


def test_where_all_are_refused_the_batch_waits_as_a_whole(typed: GraphHarness) -> None:
    people = crowd(typed, 3)
    typed.server.faults.refuse = [(429, "ApplicationThrottled", wait) for wait in (0.1, 0.3, 0.2)]
    started = time.monotonic()
    assert all(isinstance(a, Known) for a in typed.calendar.availability(people, WINDOW).values())
    assert time.monotonic() - started >= 0.3
    assert (typed.server.count("batch"), typed.server.count("calendarView")) == (2, 6)


def test_a_wait_beyond_our_patience_makes_that_person_unknown_and_nobody_else(typed: GraphHarness) -> None:
    people = crowd(typed, 5)
    typed.server.faults.refuse = [(429, "ApplicationThrottled", 600.0)]
    answers = typed.calendar.availability(people, WINDOW)
    lost = [a for a in answers.values() if isinstance(a, Unknown)]
    assert [a.code for a in lost] == ["rate_limited"]
    assert typed.server.count("calendarView") == 5, "and is not asked before"
    again = typed.calendar.availability(people, WINDOW)
    assert sum(isinstance(a, Known) for a in again.values()) == 4
    assert typed.server.count("calendarView") == 9


@pytest.mark.parametrize("fault", [(503, None), (500, None), (429, 0.01)])
def test_an_outage_costs_a_large_company_few_requests(fault: tuple[int, float | None]) -> None:
    with graph_harness("typed") as harness:
        people = crowd(harness, 200)
        calendar = harness.make(breaker=Breaker(Cooling(failures=3)))
        harness.server.faults.throttle = fault
        with pytest.raises((RateLimited, Transient)):
            calendar.availability(people, WINDOW)
        assert harness.server.count("batch") <= 8
        harness.server.faults.throttle = None


def test_an_expired_token_is_renewed_once_for_all(typed: GraphHarness) -> None:
    people = crowd(typed, 5)
    bearer = StaticBearer(tokens=["old", "token-1"])
    answers = typed.make(sign_in=bearer).availability(people, WINDOW)
    assert all(isinstance(a, Known) for a in answers.values())
    assert (bearer.renewed, typed.server.count("batch")) == (1, 2)


def test_a_mailbox_out_of_scope_and_a_stranger_leave_the_rest_alone(typed: GraphHarness) -> None:
    people = [*crowd(typed, 3), "ceo@contoso.example", "nobody@contoso.example"]
    answers = typed.calendar.availability(people, WINDOW)
    assert [getattr(answers[p], "code", "known") for p in people] == [
        "known", "known", "known", "forbidden", "not_found",
    ]  # fmt: skip
    assert (typed.server.count("batch"), typed.server.count("calendarView")) == (1, 5)


def test_a_full_calendar_in_a_batch_is_read_to_its_last_page(typed: GraphHarness) -> None:
    people = crowd(typed, 3)
    for n in range(700):
        start = at(0, 0) + timedelta(minutes=15 * n)
        typed.add(people[1], Foreign(Kind.BUSY, start, start + timedelta(minutes=5)))
    answers = typed.calendar.availability(people, WINDOW)
    assert [len(a.busy) for a in answers.values() if isinstance(a, Known)] == [0, 700, 0]
    assert (typed.server.count("batch"), typed.server.count("calendarView")) == (1, 4)


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b'{"responses": 5}',
        b'{"responses": [5, {"id": "0"}, {"id": "9", "status": 200, "body": {}}]}',
        b'{"responses": [{"id": "0", "status": 200, "body": "' + CANARY.encode() + b'"}]}',
        b'{"responses": [{"id": "0", "status": "200"}, {"id": "1", "status": 200, "headers": 5}]}',
        CANARY.encode(),
    ],
)
def test_an_answer_that_is_none_is_never_free_and_never_quoted(typed: GraphHarness, answer: bytes) -> None:
    people = crowd(typed, 2)
    for person in people:
        typed.add(person, Foreign(Kind.BUSY, at(0, 9), at(0, 10)))
    typed.server.faults.mangle = lambda _text: answer
    try:
        found = typed.calendar.availability(people, WINDOW)
    except ConnectorError as error:
        assert CANARY not in str(error)
        return
    assert CANARY not in repr(found)
    assert all(isinstance(a, Unknown) or len(a.busy) == 1 for a in found.values())


def test_where_no_batches_are_let_through_everybody_is_asked_singly(
    typed: GraphHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(typed, 5)
    real = Http.request

    def gateway(self: Http, method: str, url: str, **about: Any) -> Response:
        if url.endswith("/$batch"):
            return Response(403, {}, b"<html>not allowed here</html>")
        return real(self, method, url, **about)

    monkeypatch.setattr(Http, "request", gateway)
    assert all(isinstance(a, Known) for a in typed.calendar.availability(people, WINDOW).values())
    assert typed.server.count("calendarView") == 5


def test_a_trial_place_is_given_back_when_the_batch_is_lost() -> None:
    """After a cool-down one call may try a mailbox; a batch that gets no answer must not keep that place."""
    clock = [0.0]
    with graph_harness("typed") as harness:
        people = crowd(harness, 2)
        breaker = Breaker(Cooling(failures=1, first=1.0), now=lambda: clock[0])
        calendar = harness.make(breaker=breaker, retry=Retry(attempts=1, patience=1.0))
        harness.server.faults.refuse = [(503, "ApplicationThrottled", None)]
        calendar.availability(people, WINDOW)  # one mailbox is left alone now
        clock[0] = 100.0
        harness.server.faults.throttle = (503, None)
        with pytest.raises((RateLimited, Transient)):
            calendar.availability(people, WINDOW)
        harness.server.faults.throttle = None
        clock[0] = 10_000.0
        assert all(isinstance(a, Known) for a in calendar.availability(people, WINDOW).values())
