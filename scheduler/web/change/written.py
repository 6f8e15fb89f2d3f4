"""Changes as they stand in an address, so that what somebody tries can be sent to a colleague.

Each is its kind and its parts with ``~`` between them: ``move~talk~2026-03-10T09:00:00+00:00``, ``seat~talk~0~anna~bob``,
``free~talk~bob``, ``lock~talk~time``, ``unlock~talk~people``.

Told by `tests/scheduler/web/change/test_written.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from scheduler.domain.errors import BadInput
from scheduler.services.changing import asked
from scheduler.services.changing.asked import Change

_SIGN = "~"
MOST = 20
"""Changes in one address."""


def _parts(part: str) -> dict[str, bool]:
    if part not in ("time", "people", "room"):
        raise ValueError(part)
    return {part: True}


_READ: dict[str, Callable[..., Change]] = {
    "move": lambda interview, to: asked.Move(interview, to),
    "seat": lambda interview, seat, person, whom: asked.Give(interview, person, int(seat), whom or None),
    "free": lambda interview, person: asked.Free(interview, person),
    "lock": lambda interview, part: asked.Lock(interview, **_parts(part)),  # type: ignore[arg-type]
    "unlock": lambda interview, part: asked.Unlock(interview, **_parts(part)),  # type: ignore[arg-type]
}


def written(*parts: object) -> str:
    """A change as it stands in an address."""
    return _SIGN.join(map(str, parts))


def read(texts: Sequence[str]) -> tuple[Change, ...]:
    """The changes of an address. Raises `BadInput` for what no page has written."""
    if len(texts) > MOST:
        raise BadInput("c", f"holds more than {MOST} changes", "keep some of them first")
    return tuple(map(_one, texts))


def _one(text: str) -> Change:
    kind, *parts = text.split(_SIGN)
    try:
        return _READ[kind](*parts)
    except (KeyError, TypeError, ValueError):
        raise BadInput("c", f"{text[:60]!r} is no change", "choose it on the page") from None


def added(texts: Sequence[str], text: str) -> list[str]:
    """The changes with one more, which takes the place of an earlier one about the same: a second time for an interview,
    somebody else for a seat, an unlock for a lock."""
    return [*(t for t in texts if _about(t) != _about(text)), text]


def _about(text: str) -> tuple[str, ...]:
    kind, interview, *rest = [*text.split(_SIGN), "", ""]
    if kind in ("lock", "unlock"):
        return "lock", interview, rest[0]
    return (kind, interview, rest[0]) if kind in ("seat", "free") else (kind, interview)


def address(loop_id: str, texts: Sequence[str], **more: str) -> str:
    """Where the changes are tried."""
    query = urlencode([*((name, text) for name, text in more.items() if text), *(("c", t) for t in texts)])
    return f"/loops/{loop_id}/change" + (f"?{query}" if query else "")
