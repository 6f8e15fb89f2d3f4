"""The methods of the stand-in for Google: one function each, working on the world."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.connectors.servers.google_accounts import SERVICE_ACCOUNT, Accounts
from tests.connectors.servers.google_lists import Refused, at_least, list_events
from tests.connectors.servers.google_world import Item, Stored, World, conference

_ID = re.compile(r"[a-v0-9]{5,1024}")
_LONGEST = timedelta(days=92)
_OWNED = "https://www.googleapis.com/auth/calendar.events.owned"
_ANY = {"https://www.googleapis.com/auth/calendar", "https://www.googleapis.com/auth/calendar.events"}


@dataclass
class Call:
    """One request, understood: who asks, what for."""

    world: World
    accounts: Accounts
    subject: str
    scopes: frozenset[str]
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Any
    if_match: str | None

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def calendar(self, wanted: str = "freeBusyReader") -> tuple[str, str]:
        """Address and our role, where the role is enough; invisible calendars do not exist."""
        address = self.path["calendarId"].casefold()
        known = self.world.calendars.get(address)
        role = "none" if known is None else "owner" if address == self.subject else known.seen
        if not at_least(role, "freeBusyReader"):
            raise Refused(404, "notFound")
        if wanted == "writer":
            if not at_least(role, "writer"):
                raise Refused(403, "requiredAccessLevel", "calendar")
            if role != "owner" and not self.scopes & _ANY:
                raise Refused(403, "insufficientPermissions")
        return address, role

    def event(self, address: str) -> Stored:
        found = self.world.find(address, self.path["eventId"])
        if not found:
            raise Refused(404, "notFound")
        return next((e for e in found if not e.cancelled), found[0])


def events_list(call: Call) -> Item:
    address, role = call.calendar()
    return list_events(call.world, address, role, call.query)


def events_get(call: Call) -> Item:
    address, _ = call.calendar("reader")
    return _seen(call, call.event(address))


def events_insert(call: Call) -> Item:
    address, _ = call.calendar("writer")
    world, body = call.world, deepcopy(call.body)
    _check_times(body)
    event_id = body.get("id", f"server{world.version:08d}".replace("s", "v").replace("e", "a"))
    if not _ID.fullmatch(event_id):
        raise Refused(400, "invalid")
    if world.find(address, event_id) and not world.accepts_duplicates:
        raise Refused(409, "duplicate")
    if body.get("attendees") and call.subject == SERVICE_ACCOUNT:
        raise Refused(403, "forbiddenForServiceAccounts", "calendar")
    stored = world.put(address, _written(call, body | {"id": event_id}))
    _mail(call, "invite", stored)
    return _seen(call, stored)


def events_patch(call: Call) -> Item:
    address, _ = call.calendar("writer")
    stored = call.event(address)
    if stored.cancelled:
        raise Refused(404, "notFound")
    _match(call, stored)
    before = {a["email"].casefold() for a in stored.body.get("attendees", ())}
    merged = _merge(stored.body, _written(call, deepcopy(call.body), stored.body))
    _check_times(merged)
    stored.body.clear()
    call.world.touch(stored, **merged)
    after = {a["email"].casefold() for a in merged.get("attendees", ())}
    _mail(call, "change", stored)
    if call.one("sendUpdates") == "all":
        call.world.mails += [("cancel", stored.body["id"], gone) for gone in sorted(before - after)]
    return _seen(call, stored)


def events_delete(call: Call) -> None:
    address, _ = call.calendar("writer")
    stored = call.event(address)
    if stored.cancelled:
        raise Refused(410, "deleted")
    _match(call, stored)
    _mail(call, "cancel", stored)
    call.world.cancel(stored)


def events_watch(call: Call) -> Item:
    address, _ = call.calendar("reader")
    body, world = call.body, call.world
    if body["type"] not in ("web_hook", "webhook") or not body["address"].startswith("https://"):
        raise Refused(400, "push.webhookUrlNotHttps")
    if not re.fullmatch(r"[A-Za-z0-9\-_+/=]{1,64}", body["id"]) or len(body.get("token", "")) > 256:
        raise Refused(400, "channelIdInvalid")
    if body["id"] in world.channels:
        raise Refused(400, "channelIdNotUnique")
    life = min(int(body.get("params", {}).get("ttl", 604_800)), 2_592_000)
    channel = {
        "kind": "api#channel",
        "id": body["id"],
        "token": body.get("token", ""),
        "resourceId": f"resource-{abs(hash(address)) % 10**8}",
        "resourceUri": f"https://www.googleapis.com/calendar/v3/calendars/{address}/events?alt=json",
        "expiration": str(int((datetime.now(UTC) + timedelta(seconds=life)).timestamp() * 1000)),
    }
    world.channels[body["id"]] = channel | {"calendar": address, "number": 1}
    return channel


def channels_stop(call: Call) -> None:
    known = call.world.channels.get(call.body["id"])
    if known is None or known["resourceId"] != call.body["resourceId"]:
        raise Refused(404, "channelUnknown")
    del call.world.channels[call.body["id"]]


def freebusy_query(call: Call) -> Item:
    world, body = call.world, call.body
    start, end = datetime.fromisoformat(body["timeMin"]), datetime.fromisoformat(body["timeMax"])
    if end <= start:
        raise Refused(400, "timeRangeEmpty", "calendar")
    if end - start > _LONGEST:
        raise Refused(400, "timeRangeTooLong", "calendar")
    most = min(int(body.get("calendarExpansionMax", 50)), 50)
    calendars: Item = {}
    groups: Item = {}
    for number, item in enumerate(body["items"]):
        address = item["id"]
        known = world.calendars.get(address.casefold())
        if address.casefold() in world.groups:
            groups[address] = {"calendars": []}
        elif number >= most:
            calendars[address] = {"errors": [_error("tooManyCalendarsRequested")], "busy": []}
        elif known is None or (known.seen == "none" and known.address != call.subject):
            calendars[address] = {"errors": [_error("notFound")], "busy": []}
        elif known.broken:
            calendars[address] = {"errors": [_error(known.broken)], "busy": []}
        else:
            blocks = world.busy(known.address, start, end)
            calendars[address] = {"busy": [{"start": _text(a), "end": _text(b)} for a, b in blocks]}
    answer = {"kind": "calendar#freeBusy", "timeMin": body["timeMin"], "timeMax": body["timeMax"]}
    return answer | {"calendars": calendars} | ({"groups": groups} if groups else {})


def rooms_list(call: Call) -> Item:
    if call.subject not in call.accounts.admins or call.path["customer"] != "my_customer":
        raise Refused(403, "forbidden")
    size = min(int(call.one("maxResults", "100")), call.world.page_size)
    offset = int(call.one("pageToken", "0"))
    answer: Item = {
        "kind": "admin#directory#resources#calendars#calendarResourcesList",
        "items": [
            {"kind": "admin#directory#resources#calendars#CalendarResource", **room}
            for room in call.world.rooms[offset : offset + size]
        ],
    }
    if offset + size < len(call.world.rooms):
        answer["nextPageToken"] = str(offset + size)
    return answer


METHODS: Mapping[str, Callable[[Call], Item | None]] = {
    "calendar.events.list": events_list,
    "calendar.events.get": events_get,
    "calendar.events.insert": events_insert,
    "calendar.events.patch": events_patch,
    "calendar.events.delete": events_delete,
    "calendar.events.watch": events_watch,
    "calendar.channels.stop": channels_stop,
    "calendar.freebusy.query": freebusy_query,
    "directory.resources.calendars.list": rooms_list,
}


def notice(world: World, channel_id: str, state: str = "exists") -> dict[str, str]:
    """The headers of the notice that Google would send into a channel now."""
    channel = world.channels[channel_id]
    channel["number"] += 1
    return {
        "X-Goog-Channel-ID": channel_id,
        "X-Goog-Channel-Token": channel["token"],
        "X-Goog-Resource-ID": channel["resourceId"],
        "X-Goog-Resource-URI": channel["resourceUri"],
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": "1" if state == "sync" else str(channel["number"]),
    }


def _seen(call: Call, stored: Stored) -> Item:
    view = next(v for s, v in call.world.views(stored.calendar) if s is stored)
    if stored.cancelled and call.world.forgets_details:
        return {"kind": "calendar#event", "id": view["id"], "etag": view["etag"], "status": "cancelled"}
    return view


def _written(call: Call, body: Item, before: Item | None = None) -> Item:
    """What the service makes of a body: conferences only where the version says so, answers by default."""
    data = body.pop("conferenceData", ...)
    if call.one("conferenceDataVersion", "0") == "1" and data is not ...:
        if data is None:
            body |= {"conferenceData": None, "hangoutLink": None}
        elif "createRequest" in data:
            state = "pending" if call.world.pending_conferences else "success"
            body |= conference(data["createRequest"]["requestId"], state)
    known = {a["email"].casefold(): a for a in (before or {}).get("attendees", ())}
    for attendee in body.get("attendees") or ():
        attendee.setdefault("responseStatus", "needsAction")
        old = known.get(attendee["email"].casefold())
        if old is not None:  # cannot be changed once the attendee is there
            attendee.pop("resource", None)
            if old.get("resource"):
                attendee["resource"] = True
    if body.get("extendedProperties"):
        for name, value in body["extendedProperties"].get("private", {}).items():
            if len(name) > 44 or len(value) > 1024:
                raise Refused(400, "invalid")
    return body


def _merge(old: Item, new: Item) -> Item:
    """Patch semantics: objects merge, lists are replaced, null removes."""
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            merged[name] = _merge(old[name], value)
        else:
            merged[name] = value
    return merged


def _check_times(body: Item) -> None:
    start, end = body["start"], body["end"]
    if ("date" in start) != ("date" in end) or not ("date" in start or "dateTime" in start):
        raise Refused(400, "invalid")
    if "dateTime" in start:
        first, last = datetime.fromisoformat(start["dateTime"]), datetime.fromisoformat(end["dateTime"])
        if first.tzinfo is None or last.tzinfo is None or last < first:
            raise Refused(400, "timeRangeEmpty", "calendar")


def _match(call: Call, stored: Stored) -> None:
    if call.if_match is not None and call.if_match != f'"{stored.version:016d}"':
        raise Refused(412, "conditionNotMet")


def _mail(call: Call, what: str, stored: Stored) -> None:
    if call.one("sendUpdates") == "all":
        for attendee in stored.body.get("attendees", ()):
            call.world.mails.append((what, stored.body["id"], attendee["email"]))


def _error(reason: str) -> Item:
    return {"domain": "global", "reason": reason}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
