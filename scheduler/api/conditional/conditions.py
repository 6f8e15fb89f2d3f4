"""Lost updates: entity tags on what is got, and conditions on what is changed (RFC 9110 sections 8.8.3 and 13.1).

A tag is a digest of the representation, with a short digest of each field behind it: a stale one tells which fields
have changed since, without anything being kept.

Told by `tests/scheduler/api/test_conditions.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from scheduler.domain.errors import BadInput, Stale
from scheduler.domain.facts import Fact

_TAG = re.compile(r'(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"')
_ONE = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_ONE}[ \t]*(?:,[ \t,]*{_ONE}[ \t]*|,[ \t]*)*")
_LONGEST, _MOST = 8_000, 100
_SHOWN = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tag_of(value: Any) -> str:
    """The entity tag of a JSON value, in its quotes: the same for the same value, whatever the order of its fields.

    ``"WHOLE.FIELDS.SINCE"``: a digest of the value, four characters for each field by name, and the microseconds of
    its ``updated_at`` where it has one.
    """
    whole = _digest(value, 15)
    if not isinstance(value, dict):
        return f'"{whole}"'
    fields = "".join(_digest(value[name], 3) for name in sorted(value))
    at = value.get("updated_at")
    since = f".{(datetime.fromisoformat(at) - _EPOCH) // timedelta(microseconds=1)}" if at else ""
    return f'"{whole}.{fields}{since}"'


def _digest(value: Any, size: int) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:size]).decode()


@dataclass(frozen=True, slots=True)
class Tags:
    """What a condition names: ``any`` for ``*``, else tags with whether each is weak."""

    any: bool
    tags: tuple[tuple[bool, str], ...] = ()

    def strong(self, tag: str) -> bool:
        """Whether one is this tag, by strong comparison: a weak one never is."""
        return self.any or any(not weak and opaque == tag.strip('"') for weak, opaque in self.tags)

    def weak(self, tag: str) -> bool:
        """Whether one is this tag, by weak comparison."""
        return self.any or any(opaque == tag.strip('"') for _, opaque in self.tags)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a change depends on. Both may be left out: then the last one wins."""

    match: Tags | None = None
    none_match: Tags | None = None

    def check(
        self, noun: str, id: str, now: BaseModel | Mapping[str, Any] | None, facts: Iterable[Fact] = ()
    ) -> None:
        """Raise `Stale` unless the thing is as the client has it; ``now`` is its representation, ``None`` where
        there is none, ``facts`` what is told of it. To be asked in the transaction of the change."""
        if self.match is None and self.none_match is None:
            return
        value = now.model_dump(mode="json") if isinstance(now, BaseModel) else now
        tag = None if value is None else tag_of(value)
        if self.match is not None and (tag is None or not self.match.strong(tag)):
            raise Stale(noun, id, _since(self.match, value, facts), tag or "")
        if self.none_match is not None and tag is not None and self.none_match.weak(tag):
            fault = "exists already" if self.none_match.any else "is still the one named"
            raise Stale(
                noun, id, [BadInput("If-None-Match", fault, "read it, and send If-Match instead")], tag
            )


def _since(match: Tags, value: Mapping[str, Any] | None, facts: Iterable[Fact]) -> list[BadInput]:
    """What has changed since one of the tags was given: the fields with what they hold now, and by whom."""
    fix = "read it again and decide again"
    if value is None:
        return [BadInput("If-Match", "there is no such thing (any more)", fix)]
    if all(weak for weak, _ in match.tags):
        return [BadInput("If-Match", "a weak tag never matches", "send the tag as it was got, without W/")]
    parts = next((opaque.split(".") for weak, opaque in match.tags if not weak), [""])
    names = sorted(value)
    known = parts[1] if len(parts) > 1 else ""
    if len(known) != 4 * len(names):
        return [BadInput("If-Match", "is the tag of something else, or of another version", fix)]
    fields = [n for i, n in enumerate(names) if known[4 * i : 4 * i + 4] != _digest(value[n], 3)]
    found = [BadInput(n, f"is now {_shown(value[n])}", fix) for n in fields]
    return [*found, *(_told(f, fix) for f in _after(parts, facts))]


def _after(parts: list[str], facts: Iterable[Fact]) -> list[Fact]:
    if len(parts) < 3 or not parts[2].isdigit() or len(parts[2]) > 17:
        return []
    since = _EPOCH + timedelta(microseconds=int(parts[2]))
    return [f for f in facts if f.at > since]


def _told(fact: Fact, fix: str) -> BadInput:
    moved = f" from {fact.before!r} to {fact.after!r}" if fact.before or fact.after else ""
    return BadInput("facts", f"{fact.what}{moved} by {fact.actor} at {fact.at:%Y-%m-%dT%H:%M:%SZ}", fix)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def parse(name: str, values: list[str]) -> Tags | None:
    """A condition's header, all of its lines as one list; ``None`` where there is none. Raises `BadInput`."""
    text = ",".join(values).strip()
    if not values:
        return None
    if text == "*":
        return Tags(True)
    if len(text) > _LONGEST or not _LIST.fullmatch(text):
        fix = f'write it as it was got, in its quotes: {name}: "…", or *'
        raise BadInput(name, "is no list of entity tags", fix)
    found = [(bool(m["weak"]), m["opaque"]) for m in _TAG.finditer(text)]
    if len(found) > _MOST:
        raise BadInput(name, f"holds {len(found)} tags", f"send at most {_MOST}")
    return Tags(False, tuple(found))


_MATCH = "Change it only if it is still the one that was got with this `ETag`; else 412 says what changed."
_NONE_MATCH = "`*`: only if there is none yet; else 412."


IfMatch = Annotated[str | None, Header(alias="If-Match", description=_MATCH)]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description=_NONE_MATCH)]


def _of(request: Request, name: str, given: str | None) -> Tags | None:
    """``given`` is one of its lines: all of them are one list."""
    return None if given is None else parse(name, request.headers.getlist(name))


async def _conditions(
    request: Request, if_match: IfMatch = None, if_none_match: IfNoneMatch = None
) -> Conditions:
    return Conditions(_of(request, "If-Match", if_match), _of(request, "If-None-Match", if_none_match))


async def _unchanged(request: Request, if_match: IfMatch = None) -> Conditions:
    return Conditions(_of(request, "If-Match", if_match))


Put = Annotated[Conditions, Depends(_conditions)]
"""For what may be made anew as well as changed."""
Change = Annotated[Conditions, Depends(_unchanged)]
"""For what is done to a thing that must be there."""
