"""What can be found out about a connected Google account by trying: the lines of the doctor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from connectors.checks import Finding
from connectors.errors import ConnectorError, Forbidden
from connectors.google import wire
from connectors.google.auth import (
    FULL_CALENDAR,
    READ_BUSY,
    READ_EVENTS,
    READ_ROOMS,
    WRITE_OWN,
    Grant,
    SignIn,
)
from connectors.google.service import Service

_ANY_EVENT = "https://www.googleapis.com/auth/calendar.events"
_COVERS = {
    FULL_CALENDAR: frozenset({READ_BUSY, READ_EVENTS, WRITE_OWN, _ANY_EVENT}),
    FULL_CALENDAR + ".readonly": frozenset({READ_BUSY, READ_EVENTS}),
    _ANY_EVENT: frozenset({READ_EVENTS, WRITE_OWN}),
}
"""Wider scopes and what they stand in for, by the methods each one opens in Google's description."""
_IDENTITY = "https://www.googleapis.com/auth/userinfo."
_HARMLESS = frozenset({"openid", "email", "profile", f"{_IDENTITY}email", f"{_IDENTITY}profile"})
_TESTING = timedelta(days=7)
"""After this Google ends the consents given to a project whose consent screen is "in testing"."""


def findings(
    service: Service,
    subject: str | None,
    scopes: Sequence[str],
    calendar: str | None,
    act_for: Callable[[str], SignIn],
) -> list[Finding]:
    """One finding per thing tried; where signing in fails, only that.

    ``calendar`` is the organizer calendar that interviews are to be written to; without one nothing
    is said about writing. Nothing is written.
    """
    sign_in = service.sign_in(subject, scopes)
    try:
        service.token(sign_in)
        grant = service.keyring.grant()
    except ConnectorError as error:
        return [Finding("sign_in", False, str(error))]
    who = grant.who + (f" acting for {subject}" if subject and grant.delegates else "")
    found = [
        Finding("sign_in", True, f"signed in as {who}"),
        _age(grant),
        _scopes(service, grant, sign_in, subject, scopes),
        _can_read(service, sign_in, calendar or subject or str(grant.info.get("account") or "")),
    ]
    if calendar:
        found.append(_can_write(service, act_for(calendar), calendar, subject, grant))
    return found


def _age(grant: Grant) -> Finding:
    if grant.delegates:
        return Finding(
            "token_age", True, "a service account key; it does not run out, replace it once a year"
        )
    if grant.obtained is None:
        return Finding(
            "token_age", True, "when the consent was given is not recorded; in testing it ends after 7 days"
        )
    days = (datetime.now(UTC) - grant.obtained).days
    text = f"the consent is {days} days old"
    if days <= _TESTING.days:
        text += "; if the project's consent screen is still in testing it ends after 7 days: publish it"
    return Finding("token_age", True, text)


def _scopes(
    service: Service, grant: Grant, sign_in: SignIn, subject: str | None, scopes: Sequence[str]
) -> Finding:
    """Missing and superfluous permissions. What an administrator delegated to a service account can
    only be tried: a token for everything is asked for, and thrown away."""
    granted = sign_in.granted
    if grant.delegates:
        try:
            service.sign_in(subject, (FULL_CALENDAR,)).token()
        except Forbidden:
            return Finding("scopes", True, f"only what is needed: {' '.join(_short(scopes))}")
        except ConnectorError as error:
            return Finding("scopes", False, f"whether too much is granted could not be tried: {error}")
        if not subject:  # acting for itself, a service account may ask for any scope
            return Finding("scopes", True, f"asks for {' '.join(_short(scopes))}")
        return Finding(
            "scopes",
            False,
            f"too wide: the full calendar scope is delegated; leave only {' '.join(_short(scopes))}",
        )
    if not granted:
        return Finding("scopes", False, "Google did not say what was consented to; connect the account again")
    covered = granted.union(*(_COVERS.get(scope, frozenset()) for scope in granted))
    missing = [s for s in scopes if s not in covered]
    if missing:
        return Finding("scopes", False, f"missing: {' '.join(_short(missing))}; connect the account again")
    extra = sorted(granted - {*scopes} - _HARMLESS - {READ_ROOMS})
    if extra:
        return Finding("scopes", False, f"too wide: {' '.join(_short(extra))} is not needed")
    return Finding("scopes", True, f"only what is needed: {' '.join(_short(scopes))}")


def _can_read(service: Service, sign_in: SignIn, address: str | None) -> Finding:
    if not address:
        return Finding(
            "can_read", False, "nobody to act for: set LOOPWRIGHT_GOOGLE_SUBJECT to a Workspace user"
        )
    now = datetime.now(UTC)
    body = {
        "timeMin": wire.stamp(now),
        "timeMax": wire.stamp(now + timedelta(days=1)),
        "items": [{"id": address}],
    }
    try:
        answer = service.ask(service.freebusy.query(body=body), sign_in, "asking for busy times")
        with wire.reading("an answer about busy times"):
            calendar = next(iter(answer["calendars"].values()))
            reason = str(calendar["errors"][0].get("reason", "")) if calendar.get("errors") else ""
    except ConnectorError as error:
        return Finding("can_read", False, str(error))
    except StopIteration:
        reason = "left out of the answer"
    if reason:
        return Finding("can_read", False, f"busy times of {address} cannot be read ({reason})")
    return Finding("can_read", True, f"busy times of {address} can be read")


def _can_write(
    service: Service, sign_in: SignIn, calendar: str, subject: str | None, grant: Grant
) -> Finding:
    """By the role Google names for the calendar: nothing is written to find out."""
    request = service.events.list(calendarId=calendar, maxResults=1, fields="accessRole")
    try:
        role = str(service.ask(request, sign_in, "asking for our role").get("accessRole", "none"))
    except ConnectorError as error:
        return Finding("can_write", False, f"{calendar}: {error}")
    granted = sign_in.granted
    everywhere = bool(granted & {_ANY_EVENT, FULL_CALENDAR})
    if grant.delegates and not subject:
        return Finding("can_write", False, "a service account without a subject can invite nobody; set one")
    if role == "owner" or (role in ("writer", "writerWithoutPrivateAccess") and everywhere):
        return Finding("can_write", True, f"interviews can be written to {calendar} (role {role})")
    hint = (
        "the acting account must own it" if role == "writer" else "the acting account has no right to write"
    )
    return Finding("can_write", False, f"{calendar}: {hint} (role {role})")


def _short(scopes: Sequence[str]) -> list[str]:
    return [scope.rsplit("/", 1)[-1] for scope in scopes]
