"""Following an Outlook calendar by delta links: removals, repeats, empty pages, series, moved windows; push."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import CursorExpired, Invalid, Unreadable
from connectors.outlook import push
from connectors.types import Event, Notice, Window
from tests.connectors.conformance_kit import WINDOW, at, follow, make
from tests.connectors.harness import Foreign, Kind
from tests.connectors.servers.graph_harness import GraphHarness, graph_harness
from tests.connectors.servers.graph_world import Series

HOOK = "https://us.example/hooks/outlook"


@pytest.fixture
def harness() -> Iterator[GraphHarness]:
    with graph_harness() as harness:
        yield harness


def test_a_quiet_round_costs_one_request_and_news_one_more(harness: GraphHarness) -> None:
    cursor = follow(harness.calendar, harness.organizer, None, {})
    before = harness.server.count()
    cursor = follow(harness.calendar, harness.organizer, cursor, {})
    assert harness.server.count() == before + 1
    for n in range(3):
        harness.calendar.book(harness.organizer, make(harness, f"t/l/{n}/0"))
    before = harness.server.count()
    events: dict[str, Event] = {}
    follow(harness.calendar, harness.organizer, cursor, events)
    assert len(events) == 3
    assert harness.server.count() == before + 2


def test_what_changed_outside_the_window_is_a_removal_of_something_never_seen(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    events: dict[str, Event] = {}
    cursor = follow(calendar, organizer, None, events)
    far = calendar.book(organizer, make(harness, "t/l/far/0", start=at(60, 9), end=at(60, 10)))
    page = calendar.changes(organizer, cursor, WINDOW)
    assert (page.upserts, page.removals) == ((), (far.ref.id,))
    follow(calendar, organizer, cursor, events)
    assert events == {}


def test_an_event_moved_out_of_the_window_leaves_and_comes_back(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    booked = calendar.book(organizer, make(harness))
    events: dict[str, Event] = {}
    cursor = follow(calendar, organizer, None, events)
    harness.move(booked.ref, at(60, 9), at(60, 10))
    cursor = follow(calendar, organizer, cursor, events)
    assert events == {}
    harness.move(booked.ref, at(2, 9), at(2, 10))
    follow(calendar, organizer, cursor, events)
    assert [e.start for e in events.values()] == [at(2, 9)]


def test_repeats_and_empty_pages_change_nothing(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    delta = harness.server.routes.delta
    delta.replays, delta.empty_pages = True, 2
    events: dict[str, Event] = {}
    cursor = follow(calendar, organizer, None, events)
    refs = [calendar.book(organizer, make(harness, f"t/l/{n}/0")).ref for n in range(4)]
    cursor = follow(calendar, organizer, cursor, events)
    assert set(events) == {r.id for r in refs}
    calendar.cancel(refs[0])
    delta.empty_pages = 1
    cursor = follow(calendar, organizer, cursor, events)
    assert set(events) == {r.id for r in refs[1:]}
    cursor = follow(calendar, organizer, cursor, events)
    assert set(events) == {r.id for r in refs[1:]}


def test_foreign_series_come_again_as_a_whole_and_are_no_news(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    cursor = follow(calendar, organizer, None, {})
    item = harness.add(organizer, Foreign(Kind.BUSY, at(0, 9), at(0, 10), weekly=5))
    cursor = follow(calendar, organizer, cursor, events := {})
    with harness.server.locked() as world:
        item.series = Series(5, frozenset({1}))
        world.touch(world.mailboxes[organizer], item.id)
    follow(calendar, organizer, cursor, events)
    assert events == {}


def test_an_event_of_ours_that_a_human_made_a_series_stays_one_event(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    booked = calendar.book(organizer, make(harness))
    cursor = follow(calendar, organizer, None, events := {})
    with harness.server.locked() as world:
        item = world.mailboxes[organizer].items[booked.ref.id]
        for skip in (frozenset[int](), frozenset({1})):
            item.series = Series(3, skip)
            world.touch(world.mailboxes[organizer], item.id)
    follow(calendar, organizer, cursor, events)
    assert [(e.ref, e.key) for e in events.values()] == [(booked.ref, make(harness).key)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (410, "SyncStateNotFound"),
        (410, "resyncRequired"),
        (400, "syncStateNotFound"),
        (404, "SyncStateNotFound"),
    ],
)
def test_every_way_of_refusing_a_cursor_means_read_everything_again(
    harness: GraphHarness, status: int, code: str
) -> None:
    cursor = follow(harness.calendar, harness.organizer, None, {})
    harness.server.routes.delta.gone = (status, code)
    harness.expire_cursors()
    with pytest.raises(CursorExpired):
        harness.calendar.changes(harness.organizer, cursor, WINDOW)


def test_a_window_that_moves_with_the_days_is_read_again_once_a_week(harness: GraphHarness) -> None:
    calendar, organizer = harness.calendar, harness.organizer
    booked = calendar.book(organizer, make(harness, start=at(16, 9), end=at(16, 10)))
    cursor: str | None = None
    events: dict[str, Event] = {}
    full = 0
    for day in range(21):
        window = Window(WINDOW.start + timedelta(days=day), WINDOW.end + timedelta(days=day))
        try:
            cursor = follow(calendar, organizer, cursor, events, window)
        except CursorExpired:
            full += 1
            cursor = follow(calendar, organizer, None, events, window)
        if day >= 3:
            assert set(events) == ({booked.ref.id} if day <= 16 else set(events))
    assert full == 2


def test_a_link_that_leads_elsewhere_is_not_followed(harness: GraphHarness) -> None:
    harness.server.public_base = "https://evil.example/v1.0"
    with pytest.raises(Unreadable, match="another server"):
        harness.calendar.changes(harness.organizer, None, WINDOW)
    assert harness.server.count() == 1


def test_where_the_tag_cannot_be_asked_for_together_with_a_time_it_is_asked_for_alone(
    harness: GraphHarness,
) -> None:
    harness.server.routes.tag_filter_alone = True
    booked = harness.calendar.book(harness.organizer, make(harness))
    far = make(harness, "t/l/far/0", start=at(40, 9), end=at(40, 10))
    harness.calendar.book(harness.organizer, far)
    for _ in range(2):
        assert [e.ref for e in harness.calendar.find_all(harness.organizer, WINDOW)] == [booked.ref]
    events: dict[str, Event] = {}
    follow(harness.calendar, harness.organizer, None, events)
    assert set(events) == {booked.ref.id}
    refused = [r for r in harness.server.requests if "start/dateTime" in r.query.get("$filter", "")]
    assert len(refused) == 1, "tried once"


# --- push ----------------------------------------------------------------------------------------


def test_a_subscription_from_handshake_to_end(harness: GraphHarness) -> None:
    calendar = harness.calendar
    tried: list[str] = []

    def handshake(url: str, token: str) -> str | None:
        tried.append(url)
        return calendar.handshake({"validationToken": token})

    harness.server.routes.handshake = handshake
    made = calendar.subscribe(harness.organizer, HOOK)
    assert tried == [HOOK]
    assert made.resource == f"/users/{harness.organizer}/events"
    left = made.expires - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left < timedelta(days=7)
    assert made.secret not in repr(made)

    known = {made.id: made}
    assert calendar.parse_push({}, harness.server.notice(made.id), known) == (Notice(made.id, "changed"),)
    assert calendar.parse_push({}, harness.server.notice(made.id, life="missed"), known)[0].kind == "missed"
    assert calendar.parse_push({}, harness.server.notice(made.id, state="forged"), known) == ()

    renewed = calendar.renew(made, HOOK)
    assert (renewed.id, renewed.secret) == (made.id, made.secret)
    assert renewed.expires >= made.expires
    calendar.unsubscribe(renewed)
    calendar.unsubscribe(renewed)
    assert harness.server.routes.subscriptions == {}
    again = calendar.renew(renewed, HOOK)
    assert again.id != renewed.id, "one that is gone is made anew"
    assert again.secret != renewed.secret


def test_a_tenant_with_the_older_bound_gets_a_shorter_life(harness: GraphHarness) -> None:
    harness.server.routes.longest_life = timedelta(minutes=4_230)
    made = harness.calendar.subscribe(harness.organizer, HOOK)
    assert made.expires - datetime.now(UTC) < timedelta(days=3)
    renewed = harness.calendar.renew(made, HOOK)
    assert renewed.id == made.id
    assert renewed.expires - datetime.now(UTC) < timedelta(days=3)


def test_an_address_that_does_not_answer_the_handshake_is_refused(harness: GraphHarness) -> None:
    harness.server.routes.handshake = lambda _url, _token: None
    with pytest.raises(Invalid, match="handshake: it must be reachable from the internet"):
        harness.calendar.subscribe(harness.organizer, HOOK)
    harness.server.routes.handshake = lambda _url, token: token
    made = harness.calendar.subscribe(harness.organizer, HOOK)
    harness.server.routes.longest_life = timedelta(0)
    with pytest.raises(Invalid):
        harness.calendar.renew(made, HOOK)
    with pytest.raises(Invalid, match="https"):
        harness.calendar.subscribe(harness.organizer, "http://us.example/hooks")


def test_stray_subscriptions_are_swept_away_and_nothing_else(harness: GraphHarness) -> None:
    calendar, routes = harness.calendar, harness.server.routes
    routes.several = True
    made = [calendar.subscribe(harness.organizer, HOOK) for _ in range(5)]
    elsewhere = calendar.subscribe(harness.organizer, "https://other.example/hooks")
    assert calendar.sweep(harness.organizer, HOOK, {made[0].id}) == 0, "they may be being written down now"
    for kept in routes.subscriptions.values():
        kept["expirationDateTime"] = f"{datetime.now(UTC) + timedelta(days=6):%Y-%m-%dT%H:%M:%SZ}"
    young = calendar.subscribe(harness.organizer, HOOK)
    assert calendar.sweep(harness.organizer, HOOK, {made[0].id}) == 4
    assert set(routes.subscriptions) == {made[0].id, elsewhere.id, young.id}
    assert calendar.sweep(harness.organizer, HOOK, {made[0].id}) == 0


@pytest.mark.parametrize(
    ("item", "stray"),
    [
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "2026-10-20T10:00:00Z"}, True),
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "2026-10-20T10:00:00.1234567Z"}, True),
        ({"id": "known", "notificationUrl": HOOK, "expirationDateTime": "2026-10-20T10:00:00Z"}, False),
        ({"id": "1", "notificationUrl": HOOK + "/", "expirationDateTime": "2026-10-20T10:00:00Z"}, False),
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "2026-10-24T23:49:00Z"}, False),
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "2026-10-20T22:25:00Z"}, False),
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "soon"}, False),
        ({"id": "1", "notificationUrl": HOOK, "expirationDateTime": "2026-10-20T10:00:00"}, False),
        ({"notificationUrl": HOOK}, False),
        ({}, False),
    ],
)
def test_what_is_a_stray_subscription(item: dict[str, str], stray: bool) -> None:
    now = datetime(2026, 10, 18, 0, 0, tzinfo=UTC)
    assert push.strays([item], HOOK, {"known"}, now) == (["1"] if stray else [])
