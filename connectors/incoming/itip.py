"""Reads an answer to an invitation out of a mail: iTIP ``REPLY`` and ``COUNTER`` (RFC 5546) as iMIP brings them (RFC 6047).

Only what its own sender says of themselves is read: the address in ``From`` is the attendee who answers, or there is no
answer. ``ORGANIZER`` is not looked at, since Exchange and Outlook.com leave it out. Exchange also sends a counter-proposal
as a ``REPLY`` that says what the time was before. Told by `tests/connectors/test_itip.py`.
"""

from __future__ import annotations

import email.policy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import icalendar

from connectors.errors import Invalid
from connectors.intents import ascii_domain, clean_text, is_address
from connectors.types import Reply

_REPLIES = {"ACCEPTED": Reply.ACCEPTED, "TENTATIVE": Reply.TENTATIVE, "DECLINED": Reply.DECLINED}
_LONGEST = 128 * 1024
"""Characters of a calendar text that is read."""
_MOST_PARTS = 50
_YEARS = range(1971, 2199)
"""Far from where arithmetic on dates and zones ends."""
_BROKEN = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError, MessageError)
"""What the libraries raise over texts that are none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``sender`` says of the invitation ``uid``. ``sequence`` is that of the invitation which they had before them,
    ``None`` where they do not say; ``stamp`` when they answered. ``start`` and ``end`` are the time in the answer: the one
    they propose where it is a ``counter``. ``identity`` is the same for the same mail."""

    sender: str
    uid: str
    reply: Reply
    identity: str
    sequence: int | None = None
    stamp: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    counter: bool = False
    comment: str = ""


def read(raw: bytes) -> Answer | None:
    """The answer in a mail, ``None`` for a mail that has none. Raises `Invalid` for what looks like one and cannot be
    taken; its text has no word of the mail."""
    try:
        mail = BytesParser(policy=email.policy.default).parsebytes(raw)
        found = _calendar(mail)
    except _BROKEN:
        raise Invalid("the mail cannot be read") from None
    if found is None:
        return None
    calendar, text = found
    try:
        method = str(calendar.get("METHOD", "")).upper()
        if method not in ("REPLY", "COUNTER"):
            return None
        return _answer(_sender(mail), calendar, method, _identity(mail, text))
    except _BROKEN:
        raise Invalid("its calendar part cannot be read") from None


def _calendar(mail: EmailMessage) -> tuple[Any, str] | None:
    """The first part that is a calendar, and its text: as such, or as a file."""
    parts = [part for part, _ in zip(mail.walk(), range(_MOST_PARTS), strict=False)]
    for kind in ("text/calendar", "application/ics"):
        for part in parts:
            if part.get_content_type() == kind:
                text = _text(part)
                if len(text) > _LONGEST:
                    raise Invalid("its calendar part is too long")
                return icalendar.Calendar.from_ical(text), text
    return None


def _text(part: Any) -> str:
    content = part.get_payload(decode=True) or b""
    try:
        return bytes(content).decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return bytes(content).decode("utf-8", "replace")


def _sender(mail: EmailMessage) -> str:
    """The one address that the mail is from."""
    heads: list[Any] = [*mail.get_all("From", ())]
    addresses: tuple[Any, ...] = heads[0].addresses if len(heads) == 1 else ()
    if len(addresses) != 1 or not is_address(addresses[0].addr_spec):
        raise Invalid("it has no one sender")
    return _plain(addresses[0].addr_spec)


def _plain(address: str) -> str:
    """An address to compare by."""
    text = address.strip()
    text = text[7:] if text.casefold().startswith("mailto:") else text
    return ascii_domain(text.strip()).casefold()


def _identity(mail: EmailMessage, text: str) -> str:
    id = str(mail.get("Message-ID", ""))
    return hashlib.sha256(f"{id}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _answer(sender: str, calendar: Any, method: str, identity: str) -> Answer:
    events = [c for c in calendar.subcomponents if c.name == "VEVENT"]
    if not events:
        raise Invalid("its calendar part has no event")
    event = events[0]
    uid = str(event.get("UID", "")).strip()
    mine = next((a for a in _all(event, "ATTENDEE") if _is(a, sender)), None)
    if not uid or mine is None:
        raise Invalid("its sender is not the attendee who answers")
    said = _REPLIES.get(str(mine.params.get("PARTSTAT", "")).upper())
    if said is None and method == "REPLY":
        raise Invalid("it says neither yes nor no")
    start, end = _times(event)
    before = _instant(event, "X-MS-OLK-ORIGINALSTART")
    counter = method == "COUNTER" or (before is not None and start is not None and before != start)
    if counter and start is None:
        raise Invalid("it proposes no time that can be read")
    comments = [str(c) for c in _all(event, "COMMENT")] or [str(mine.params.get("X-RESPONSE-COMMENT", ""))]
    sequence = event.get("SEQUENCE")
    return Answer(
        sender=sender,
        uid=uid,
        reply=said or Reply.TENTATIVE,
        identity=identity,
        sequence=int(sequence) if sequence is not None else None,
        stamp=_instant(event, "DTSTAMP"),
        start=start,
        end=end,
        counter=counter,
        comment=clean_text("\n".join(comments)).strip()[:2000],
    )


def _is(attendee: Any, sender: str) -> bool:
    """Whether it is the sender's own line; one that cannot be an address is nobody's."""
    try:
        return _plain(str(attendee)) == sender
    except Invalid:
        return False


def _all(event: Any, name: str) -> Iterator[Any]:
    value = event.get(name)
    yield from value if isinstance(value, list) else () if value is None else (value,)


def _times(event: Any) -> tuple[datetime | None, datetime | None]:
    start, end = _instant(event, "DTSTART"), _instant(event, "DTEND")
    lasts = event.get("DURATION")
    if start is not None and end is None and lasts is not None and isinstance(lasts.dt, timedelta):
        end = start + lasts.dt
    return (start, end) if end is None or start is None or end > start else (None, None)


def _instant(event: Any, name: str) -> datetime | None:
    """An instant in UTC; ``None`` where there is none, or nobody knows on which clock it is."""
    value = event.get(name)
    if value is None:
        return None
    if name.startswith("X-"):
        value = _moment(str(value), value.params.get("TZID"))
    else:
        value = value.dt
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    if value.year not in _YEARS:
        raise Invalid("its time is in no year of ours")
    return value.astimezone(UTC)


def _moment(text: str, tzid: str | None) -> Any:
    """The value of a property that the library does not know as a time."""
    read: Any = icalendar.vDDDTypes.from_ical
    return read(text, tzid)
