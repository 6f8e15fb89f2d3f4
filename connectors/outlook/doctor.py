"""What ``loopwright doctor`` asks of a Microsoft account: signed in, reading, writing, not too much, awake."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.checks import Finding
from connectors.errors import ConnectorError, NotFound
from connectors.outlook import busy
from connectors.outlook.graph import Bearer, Graph, event_path, user
from connectors.outlook.push import subscription_of
from connectors.outlook.zones import utc_stamp
from connectors.types import Subscription, Unknown, Window

_NEEDED = frozenset({"calendars.read", "calendars.readwrite", "calendars.readbasic", "calendars.read.shared"})
_ALLOWED = _NEEDED | {
    "place.read.all",
    "mailboxsettings.read",
    "offline_access",
    "openid",
    "profile",
    "user.read",
}
_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def findings(
    graph: Graph,
    sign_in: Bearer,
    mode: str,
    calendar: str | None,
    subscriptions: Sequence[Subscription],
) -> list[Finding]:
    """One finding per thing tried; where signing in fails, only that.

    ``calendar`` is the organizer's; without one nothing is said about reading and writing.
    """
    found = [_tried("sign_in", lambda: _sign_in(sign_in))]
    if not found[0].ok:
        return found
    found.append(_tried("token_age", lambda: _token_age(sign_in)))
    found.append(_scopes(sign_in))
    if calendar:
        found.append(_tried("can_read", lambda: _read(graph, mode, calendar)))
        found.append(_tried("can_write", lambda: _write(graph, calendar)))
    for subscription in subscriptions:
        found.append(_tried("push_alive", partial(_push, graph, subscription)))
    return found


def _tried(name: str, work: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, work())
    except ConnectorError as error:
        return Finding(name, False, str(error))


def _sign_in(sign_in: Bearer) -> str:
    sign_in.token()
    who = "one person's consent" if sign_in.delegated else "the app itself"
    return f"signed in to Microsoft as {who}"


def _token_age(sign_in: Bearer) -> str:
    claims = sign_in.claims()
    until, since = claims.get("exp"), claims.get("iat")
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        return "an access token is held; its age cannot be read"
    now = time.time()
    return f"the access token is {max(0, now - since) / 60:.0f} min old and lives {(until - now) / 60:.0f} min more"


def _scopes(sign_in: Bearer) -> Finding:
    """An app's roles reach every mailbox of the tenant, on top of what Exchange scopes."""
    claims = sign_in.claims()
    roles = [str(r) for r in claims.get("roles") or ()]
    scopes = str(claims.get("scp") or "").split()
    wide = sorted(r for r in (*roles, *scopes) if r.casefold() not in _ALLOWED)
    if wide:
        text = f"more permissions than needed: {', '.join(wide)}; remove them from the app registration"
        return Finding("scopes", False, text)
    tenant_wide = sorted(r for r in roles if r.casefold() in _NEEDED | {"mailboxsettings.read"})
    if tenant_wide:
        text = (
            f"{', '.join(tenant_wide)} in Entra reaches every mailbox of the tenant; "
            "grant it in Exchange with a scope instead (RBAC for Applications)"
        )
        return Finding("scopes", False, text)
    return Finding("scopes", True, "no permission beyond what is needed")


def _read(graph: Graph, mode: str, calendar: str) -> str:
    now = datetime.now(UTC)
    window = Window(now, now + timedelta(days=1))
    if mode == "free_busy":
        answer = graph.call(
            "POST",
            f"{user(calendar)}/calendar/getSchedule",
            f"free/busy, asked as {calendar}",
            mailbox=calendar,
            body=busy.schedule_body([calendar], window),
        )
        found = busy.schedules(answer, [calendar], window, now)[calendar]
        if isinstance(found, Unknown):
            raise NotFound(found.reason)
        return f"free/busy times can be read as {calendar}"
    graph.call(
        "GET",
        f"{user(calendar)}/calendarView",
        f"events of {calendar}",
        mailbox=calendar,
        params={
            "startDateTime": f"{utc_stamp(window.start)['dateTime']}Z",
            "endDateTime": f"{utc_stamp(window.end)['dateTime']}Z",
            "$select": busy.SELECT,
            "$top": "1",
        },
    )
    return f"events of {calendar} can be read"


def _write(graph: Graph, calendar: str) -> str:
    """Really write: a free, private minute long ago, taken away at once. Nobody is invited."""
    body: dict[str, Any] = {
        "subject": "Loopwright tries whether it may write here",
        "start": utc_stamp(_LONG_AGO),
        "end": utc_stamp(_LONG_AGO + timedelta(minutes=1)),
        "showAs": "free",
        "sensitivity": "private",
        "isReminderOn": False,
        "transactionId": uuid.uuid4().hex,
    }
    path = f"{user(calendar)}/events"
    made = graph.call("POST", path, "write an event", mailbox=calendar, body=body, write=True)
    ident = str(made.get("id") or "")
    graph.call("DELETE", event_path(calendar, ident), "delete an event", mailbox=calendar, event=True)
    return f"events can be written into {calendar}"


def _push(graph: Graph, subscription: Subscription) -> str:
    what = f"notices for {subscription.calendar}"
    answer = graph.call("GET", f"/subscriptions/{subscription.id}", what, mailbox=subscription.calendar)
    left = subscription_of(answer, subscription.calendar, "").expires - datetime.now(UTC)
    if left < timedelta(0):
        raise NotFound(f"{what} ended; subscribe again")
    return f"{what} come for another {left / timedelta(hours=1):.0f} h"
