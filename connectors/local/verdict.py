"""What an event in a calendar file means for its owner's time: the verdict table, one event at a time.

Read are: STATUS, TRANSP, CLASS (not at all: private events count by their busy status alone), the
owner's own ATTENDEE line, CATEGORIES, ``X-MICROSOFT-CDO-BUSYSTATUS`` (written by Outlook) and
``X-GOOGLE-EVENT-TYPE`` with ``X-GOOGLE-WORKING-LOCATION`` (Google's event types by their API names).
Titles are read for one thing only: whether a working location is called home or office.

Told by `tests/connectors/test_local_availability.py`.
"""

from __future__ import annotations

from connectors.local.names import normal
from connectors.local.text import Component, Line
from connectors.types import Verdict

ELSEWHERE = "elsewhere"

_AWAY = frozenset({"out of office", "out-of-office", "outofoffice", "ooo", "vacation"})
_FOCUS = frozenset({"focus time", "focus-time", "focustime", "focus"})
_PLACES = {
    "home": "home",
    "homeoffice": "home",
    "home office": "home",
    "office": "office",
    "officelocation": "office",
    "working elsewhere": ELSEWHERE,
}
_ANSWERS = ("DECLINED", "DELEGATED", "NEEDS-ACTION", "TENTATIVE", "ACCEPTED")
_SHOWN = ("FREE", "WORKINGELSEWHERE", "TENTATIVE", "BUSY", "OOF")
"""From what takes none of the owner's time to what takes it most."""
_FREE_BUSY = {
    "BUSY": Verdict.BUSY,
    "BUSY-UNAVAILABLE": Verdict.OUT_OF_OFFICE,
    "BUSY-TENTATIVE": Verdict.TENTATIVE,
}


def partstat(component: Component, owner: str) -> str:
    """The owner's own answer, in upper case; empty where they are not asked. Of several that differ (who was
    invited twice) the one that takes most of their time.

    Who organizes a meeting comes to it, whatever the line about them says: most programs leave it as it
    was made. Without an ORGANIZER nobody asks (RFC 5545 section 3.8.4.1), so a missing answer is none
    either: a feed of busy times alone names its owner so.
    """
    organizers = component.all("ORGANIZER")
    if any(_is(owner, line) for line in organizers):
        return "ACCEPTED"
    answers = [
        line.parts()[0].get("PARTSTAT", "NEEDS-ACTION" if organizers else "").upper()
        for line in component.all("ATTENDEE")
        if _is(owner, line)
    ]
    return _most(answers, _ANSWERS)


def _most(said: list[str], order: tuple[str, ...]) -> str:
    """Of several lines that differ the one that takes most time; a word that nobody knows takes it."""
    return max(said, key=lambda word: order.index(word) if word in order else len(order), default="")


def _is(owner: str, line: Line) -> bool:
    parameters, value = line.parts()
    return normal(value) == owner or normal(parameters.get("EMAIL", "")) == owner


def _type(component: Component) -> str:
    return component.value("X-GOOGLE-EVENT-TYPE").casefold()


def _status(component: Component) -> str:
    return _most([line.value.upper() for line in component.all("X-MICROSOFT-CDO-BUSYSTATUS")], _SHOWN)


def _categories(component: Component) -> set[str]:
    return {part.strip().casefold() for line in component.all("CATEGORIES") for part in line.value.split(",")}


def place(component: Component) -> str | None:
    """Where a working-location event says its owner works; ``None`` for every other event."""
    if _type(component) != "workinglocation" and _status(component) != "WORKINGELSEWHERE":
        return None
    said = component.plain("X-GOOGLE-WORKING-LOCATION").strip()
    if said:
        return _PLACES.get(said.casefold(), said[:80])
    return _PLACES.get(component.plain("SUMMARY").strip().casefold(), ELSEWHERE)


def verdict(component: Component, owner: str) -> Verdict | None:
    """How hard this event blocks its owner (a `normal` address); ``None`` is free.

    First match wins. Out of office as a kind of event stands above TRANSP because it is never
    overridden; everything else that is shown as free is free, whatever its categories say. An answer that is missing comes before *tentative*, because
    Outlook marks unanswered invitations tentative as well.
    """
    answer, status = partstat(component, owner), _status(component)
    if component.says("STATUS", "CANCELLED") or answer in ("DECLINED", "DELEGATED"):
        return None  # who has given their place to somebody else does not come
    if place(component) is not None:
        return None
    categories = _categories(component)
    if _type(component) == "outofoffice" or status == "OOF":
        return Verdict.OUT_OF_OFFICE
    if component.says("TRANSP", "TRANSPARENT") or status == "FREE":
        return None
    if categories & _AWAY:
        return Verdict.OUT_OF_OFFICE
    if answer == "NEEDS-ACTION":
        return Verdict.UNANSWERED
    if answer == "TENTATIVE" or component.value("STATUS").upper() == "TENTATIVE" or status == "TENTATIVE":
        return Verdict.TENTATIVE
    if _type(component) == "focustime" or categories & _FOCUS:
        return Verdict.FOCUS
    return Verdict.BUSY


def free_busy(kind: str) -> Verdict | None:
    """The verdict of an FBTYPE; an unknown type blocks (RFC 5545 section 3.2.9)."""
    kind = kind.upper() or "BUSY"
    return None if kind == "FREE" else _FREE_BUSY.get(kind, Verdict.BUSY)
