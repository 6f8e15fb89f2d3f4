"""What the Graph stand-in answers to which request; each checked on its way in and out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.connectors.servers import graph_payload as wire
from tests.connectors.servers import graph_schema as schema
from tests.connectors.servers.graph_delta import Delta
from tests.connectors.servers.graph_payload import Refused
from tests.connectors.servers.graph_world import Item, Mailbox

if TYPE_CHECKING:
    from tests.connectors.servers.graph import GraphServer

Answer = tuple[int, Any, dict[str, str]]

_USER = r"/users/(?P<user>[^/]+)"
_ROUTES = [
    ("POST", "getSchedule", rf"{_USER}/calendar/getSchedule"),
    ("GET", "calendarView", rf"{_USER}/calendarView"),
    ("GET", "delta", rf"{_USER}/calendarView/delta"),
    ("GET", "events", rf"{_USER}/events"),
    ("POST", "create", rf"{_USER}/events"),
    ("GET", "event", rf"{_USER}/events/(?P<id>[^/]+)"),
    ("PATCH", "update", rf"{_USER}/events/(?P<id>[^/]+)"),
    ("DELETE", "delete", rf"{_USER}/events/(?P<id>[^/]+)"),
    ("POST", "cancel", rf"{_USER}/events/(?P<id>[^/]+)/cancel"),
    ("GET", "mailboxSettings", rf"{_USER}/mailboxSettings"),
    ("GET", "rooms", r"/places/microsoft\.graph\.room"),
    ("POST", "subscribe", r"/subscriptions"),
    ("GET", "subscriptions", r"/subscriptions"),
    ("GET", "subscription", r"/subscriptions/(?P<id>[^/]+)"),
    ("PATCH", "renew", r"/subscriptions/(?P<id>[^/]+)"),
    ("DELETE", "unsubscribe", r"/subscriptions/(?P<id>[^/]+)"),
]
_QUERIES = {
    "calendarView": {"startDateTime", "endDateTime", "$select", "$top", "$skip"},
    "delta": {"startDateTime", "endDateTime", "$skiptoken", "$deltatoken"},
    "events": {"$filter", "$expand", "$select", "$top", "$skip"},
    "event": {"$select", "$expand"},
    "mailboxSettings": {"$select"},
    "rooms": {"$top", "$skip"},
    "subscriptions": {"$skiptoken"},
}
_NAMES = {"subscriptions": "_list"}
_LONGEST_LIFE = timedelta(minutes=10_080)


class Routes:
    """Dispatch and the verbs. The server holds its lock around `serve`."""

    def __init__(self, server: GraphServer) -> None:
        self._server = server
        self.delta = Delta(server)
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.settings_granted = True
        self.poison = ""
        """An address that makes a whole getSchedule fail."""
        self.sharing = True
        """Whether getSchedule tells subjects and places, as a tenant's sharing may allow."""
        self.forgets_transactions = True
        """After a delete the same transactionId makes a new event; else it is refused."""
        self.tag_filter_alone = False
        """A filter by extended property cannot be combined with one by time."""
        self.repeats_refused = False
        """The same transactionId again is an error instead of the first event, as some tenants have it."""
        self.duplicates = False
        """transactionId is not remembered at all."""
        self.link_later = False
        """A meeting's link is not there yet in the answer to its creation."""
        self.stale_zones: dict[str, timedelta] = {}
        self.several = False
        """A second subscription for the same resource is taken, as some services behind Graph still do."""
        self.unknown_zones: dict[str, str] = {}
        """Windows names that this tenant does not know, each with the code it is refused with."""
        self.longest_life = _LONGEST_LIFE
        self.handshake: Callable[[str, str], str | None] = lambda _url, token: token

    def find(self, method: str, path: str) -> tuple[str, str, dict[str, str]]:
        for verb, route, pattern in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                found = {k: unquote(v) for k, v in match.groupdict().items()}
                return route, found.pop("user", ""), found
        raise schema.SchemaError(f"no such request: {method} {path}")

    def serve(
        self,
        route: str,
        mailbox: str,
        arguments: Mapping[str, str],
        query: Mapping[str, str],
        body: Any,
        headers: Mapping[str, str],
    ) -> Answer:
        unknown = set(query) - _QUERIES.get(route, set())
        if unknown:
            raise schema.SchemaError(f"{route}: unknown query {sorted(unknown)}")
        if route in ("rooms", "subscribe", "subscriptions", "subscription", "renew", "unsubscribe"):
            return getattr(self, _NAMES.get(route, f"_{route}"))(arguments, query, body)  # type: ignore[no-any-return]
        box = self._mailbox(mailbox)
        if route == "delta":
            return self.delta.serve(box, query, headers)
        return getattr(self, f"_{route}")(box, arguments, query, body)  # type: ignore[no-any-return]

    def _mailbox(self, address: str) -> Mailbox:
        box = self._server.world.box(address)
        if box is None:
            raise Refused(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.")
        if not box.readable:
            raise Refused(403, "ErrorAccessDenied", "Access to OData is disabled.")
        return box

    # --- reading -------------------------------------------------------------------------------

    def _getSchedule(self, box: Mailbox, _: Any, query: Any, body: Any) -> Answer:
        schema.check_action("/users/{id}/calendar/getSchedule", body)
        schema.check_wall(body["StartTime"])
        start, end, _zone = wire.read_times({"start": body["StartTime"], "end": body["EndTime"]}, {}, {})
        if any("@" not in address for address in body["Schedules"]) or self.poison in body["Schedules"]:
            raise Refused(400, "ErrorInvalidRequest", "a schedule that cannot be asked for")
        if len(body["Schedules"]) > 20:
            raise Refused(400, "ErrorInvalidRequest", "at most 20 schedules")
        if end - start >= timedelta(days=62):
            raise Refused(400, "ErrorTimeIntervalTooBig")
        if not 5 <= body["AvailabilityViewInterval"] <= 1440:
            raise Refused(400, "ErrorInvalidMergedFreeBusyInterval")
        answer = {"value": [self._schedule(address, start, end) for address in body["Schedules"]]}
        schema.check_list("microsoft.graph.scheduleInformation", answer)
        return 200, answer, {}

    def _schedule(self, address: str, start: datetime, end: datetime) -> dict[str, Any]:
        box = self._server.world.box(address)
        if box is None or not box.readable:
            code = "ErrorMailRecipientNotFound" if box is None else "ErrorNoFreeBusyAccess"
            return {"scheduleId": address, "error": {"responseCode": code, "message": f"{address}: {code}"}}
        items = []
        for item, _, begins, ends in self._server.world.between(box, start, end):
            if item.cancelled:
                continue
            entry: dict[str, Any] = {
                "status": item.show_as.capitalize() if item.show_as == "tentative" else item.show_as,
                "start": {"dateTime": f"{begins:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
                "end": {"dateTime": f"{ends:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
                "isPrivate": item.sensitivity == "private",
            }
            if item.response == "declined":
                entry["status"] = "free"
            if self.sharing and item.sensitivity == "normal":
                entry |= {"subject": item.subject, "location": item.location}
            items.append(entry)
        hours = {
            "daysOfWeek": ["monday"],
            "startTime": "08:00:00",
            "endTime": "17:00:00",
            "timeZone": {"name": box.zone},
        }
        return {
            "scheduleId": box.address,
            "availabilityView": "0",
            "scheduleItems": items,
            "workingHours": hours,
        }

    def _calendarView(self, box: Mailbox, _: Any, query: Mapping[str, str], body: Any) -> Answer:
        start, end = (datetime.fromisoformat(query[name]) for name in ("startDateTime", "endDateTime"))
        found = [
            (item, wire.payload(box, item, ident, s, e))
            for item, ident, s, e in self._server.world.between(box, start, end)
        ]
        return self._page(f"/users/{box.address}/calendarView", found, query)

    def _events(self, box: Mailbox, _: Any, query: Mapping[str, str], body: Any) -> Answer:
        if self.tag_filter_alone and "start/dateTime" in query.get("$filter", ""):
            raise Refused(
                400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
            )
        holds = wire.condition(query["$filter"]) if "$filter" in query else lambda _item: True
        found = [(item, wire.master(box, item)) for item in box.items.values() if holds(item)]
        return self._page(f"/users/{box.address}/events", found, query)

    def _page(self, path: str, found: list[tuple[Item, dict[str, Any]]], query: Mapping[str, str]) -> Answer:
        top, skip = int(query.get("$top", "10")), int(query.get("$skip", "0"))
        if not 1 <= top <= 1000:
            raise Refused(400, "ErrorInvalidUrlQuery")
        items = [self._shaped(item, told, query) for item, told in found[skip : skip + top]]
        answer: dict[str, Any] = {"value": items}
        if len(found) > skip + top:
            rest = urlencode({**query, "$skip": str(skip + top)})
            answer["@odata.nextLink"] = f"{self._server.public_base}{path}?{rest}"
        schema.check_list("microsoft.graph.event", answer)
        return 200, answer, {}

    @staticmethod
    def _shaped(item: Item, told: dict[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        if "$select" in query:
            told = wire.reduced(told, set(query["$select"].split(",")))
        return wire.expanded(told, item, query.get("$expand"))

    def _event(
        self, box: Mailbox, arguments: Mapping[str, str], query: Mapping[str, str], body: Any
    ) -> Answer:
        item = self._item(box, arguments["id"])
        answer = self._shaped(item, wire.master(box, item), query)
        schema.check("microsoft.graph.event", answer)
        return 200, answer, {}

    @staticmethod
    def _item(box: Mailbox, ident: str) -> Item:
        if ident not in box.items:
            known = ident.startswith("AAMk")
            raise Refused(404 if known else 400, "ErrorItemNotFound" if known else "ErrorInvalidIdMalformed")
        return box.items[ident]

    def _mailboxSettings(self, box: Mailbox, _: Any, query: Any, body: Any) -> Answer:
        if not self.settings_granted:
            raise Refused(403, "ErrorAccessDenied", "Access is denied.")
        answer = {"timeZone": box.zone}
        schema.check("extra.mailboxSettings", answer)
        return 200, answer, {}

    def _rooms(self, _: Any, query: Mapping[str, str], body: Any) -> Answer:
        top, skip = int(query.get("$top", "100")), int(query.get("$skip", "0"))
        rooms = self._server.world.directory
        answer: dict[str, Any] = {"value": rooms[skip : skip + top]}
        if len(rooms) > skip + top:
            path = "/places/microsoft.graph.room"
            answer["@odata.nextLink"] = f"{self._server.public_base}{path}?$top={top}&$skip={skip + top}"
        schema.check_list("extra.room", answer)
        return 200, answer, {}

    # --- writing -------------------------------------------------------------------------------

    def _create(self, box: Mailbox, _: Any, query: Any, body: Any) -> Answer:
        schema.check_event_request(body, create=True)
        world = self._server.world
        transaction = body.get("transactionId")
        first = world.used_transactions.get((box.address, transaction)) if transaction else None
        if first is not None and self.repeats_refused:
            raise Refused(409, "ErrorDuplicateTransactionId", "already used to create a different event")
        if first is not None and first in box.items and not self.duplicates:
            return self._written(box, box.items[first], 201)
        if first is not None and not self.forgets_transactions:
            raise Refused(409, "ErrorDuplicateTransactionId", "already used to create a different event")
        start, end, zone = wire.read_times(body, self.stale_zones, self.unknown_zones)
        item = world.put(box.address, subject="", start=start, end=end, zone=zone)
        item.transaction = transaction
        wire.write_fields(item, body)
        if self.link_later:
            item.linked = False
        item.attendees = wire.read_attendees(body.get("attendees", []))
        if transaction:
            world.used_transactions[box.address, transaction] = item.id
        world.invite(box, item)
        return self._written(box, item, 201)

    def _update(self, box: Mailbox, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        schema.check_event_request(body, create=False)
        item = self._item(box, arguments["id"])
        moved = False
        if "start" in body or "end" in body:
            start, end, zone = wire.read_times(body, self.stale_zones, self.unknown_zones)
            moved = (start, end) != (item.start, item.end)
            item.start, item.end, item.zone = start, end, zone
        wire.write_fields(item, body)
        if "attendees" in body:
            item.attendees = wire.read_attendees(body["attendees"])
        if moved:
            for attendee in item.attendees:
                attendee["response"] = "none"
        self._server.world.touch(box, item.id)
        self._server.world.invite(box, item)
        return self._written(box, item, 200)

    def _written(self, box: Mailbox, item: Item, status: int) -> Answer:
        answer = wire.master(box, item)
        schema.check("microsoft.graph.event", answer)
        return status, answer, {}

    def _cancel(self, box: Mailbox, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        schema.check_action("/users/{id}/events/{id1}/cancel", body)
        item = self._item(box, arguments["id"])
        if not item.is_organizer or not item.attendees:
            raise Refused(400, "ErrorInvalidRequest", "You need to be an organizer to cancel a meeting.")
        self._server.world.withdraw(box, item.id, body.get("Comment") or "")
        return 202, None, {}

    def _delete(self, box: Mailbox, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        self._server.world.withdraw(box, self._item(box, arguments["id"]).id)
        return 204, None, {}

    # --- subscriptions -------------------------------------------------------------------------

    def _subscribe(self, _: Any, query: Any, body: Any) -> Answer:
        schema.check("microsoft.graph.subscription-create", body)
        if len(body["clientState"]) > 128 or set(body["changeType"].split(",")) - {
            "created",
            "updated",
            "deleted",
        }:
            raise Refused(400, "InvalidRequest")
        self._life(body["expirationDateTime"])
        self._mailbox(unquote(body["resource"].split("/")[2]))
        for there in self.subscriptions.values():  # the secret is not told, and not to be had again
            if not self.several and all(
                there[f].casefold() == body[f].casefold() for f in ("changeType", "resource")
            ):
                message = f"Subscription Id {there['id']} already exists for the requested combination"
                raise Refused(409, "ObjectIdentifierInUse", message)
        for url in {body["notificationUrl"], body["lifecycleNotificationUrl"]}:
            token = f"Validation: {uuid.uuid4()} + ü"
            if self.handshake(url, token) != token:
                raise Refused(400, "ValidationError", "Subscription validation request failed.")
        kept = {**body, "id": str(uuid.uuid4()), "creatorId": str(uuid.uuid4())}
        self.subscriptions[kept["id"]] = kept
        answer = {k: v for k, v in kept.items() if k != "clientState"}
        schema.check("microsoft.graph.subscription", answer)
        return 201, answer, {}

    def _life(self, until: str) -> None:
        if datetime.fromisoformat(until) - datetime.now(UTC) > self.longest_life:
            raise Refused(
                400, "ExtensionError", "Subscription expiration can only be that far in the future."
            )

    def _kept(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        if arguments["id"] not in self.subscriptions:
            raise Refused(404, "ResourceNotFound", "The object was not found.")
        return self.subscriptions[arguments["id"]]

    def _subscription(self, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        answer = {k: v for k, v in self._kept(arguments).items() if k != "clientState"}
        schema.check("microsoft.graph.subscription", answer)
        return 200, answer, {}

    def _list(self, _: Any, query: Mapping[str, str], body: Any) -> Answer:
        """What this application subscribed to, two at a time."""
        skip = int(query.get("$skiptoken", "0"))
        told = [{k: v for k, v in kept.items() if k != "clientState"} for kept in self.subscriptions.values()]
        answer: dict[str, Any] = {"value": told[skip : skip + 2]}
        if len(told) > skip + 2:
            link = f"{self._server.public_base}/subscriptions?$skiptoken={skip + 2}"
            answer["@odata.nextLink"] = link
        schema.check_list("microsoft.graph.subscription", answer)
        return 200, answer, {}

    def _renew(self, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        kept = self._kept(arguments)
        schema.check("microsoft.graph.subscription-update", body)
        self._life(body["expirationDateTime"])
        kept |= body
        return self._subscription(arguments, query, body)

    def _unsubscribe(self, arguments: Mapping[str, str], query: Any, body: Any) -> Answer:
        del self.subscriptions[self._kept(arguments)["id"]]
        return 204, None, {}
