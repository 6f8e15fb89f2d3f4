"""The list of what needs a person, as it is shown: the most urgent first, each with who has it and what can be done;
and what people say of it: mine, not now, done.

Told by `tests/scheduler/services/attention/test_care.py`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.domain.attention.matters import Care, Kept, Kind, Matter, Standing, Way, kept
from scheduler.domain.errors import BadInput, Missing, WrongState
from scheduler.domain.facts import Fact
from scheduler.domain.reasons import REASON_GIVEN, Deed, checked
from scheduler.services.app import App
from scheduler.services.asking.owners import check_owner
from scheduler.services.attention import matters
from scheduler.services.attention.ways import ways
from scheduler.storage.database import Tx
from scheduler.storage.repositories.attention.found import About, Awaited

LONGEST_SNOOZE = timedelta(days=90)
_FORGOTTEN = timedelta(days=180)
_SHOWN = frozenset({Standing.OPEN, Standing.TAKEN})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which matters; ``owner`` is who looks after them, empty for what nobody does, ``None`` for anybody."""

    owner: str | None = None
    kinds: frozenset[Kind] | None = None
    standings: frozenset[Standing] = _SHOWN

    def fits(self, one: Kept) -> bool:
        return (
            one.standing in self.standings
            and (self.owner is None or one.owner == self.owner)
            and (self.kinds is None or one.matter.kind in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A matter as it is read: whose loop it is about, and what can be done."""

    kept: Kept
    about: str
    ways: tuple[Way, ...]
    asked: tuple[Awaited, ...] = ()
    """What somebody was asked for already, and has not answered."""

    @property
    def place(self) -> str:
        """Where it stands in the order, for the next page; it holds though the matter has gone meanwhile."""
        return urlsafe_b64encode(json.dumps(self.kept.matter.urgency).encode()).decode().rstrip("=")


def look(app: App, tx: Tx, wanted: Wanted, limit: int | None = None, after: str | None = None) -> list[Shown]:
    """The matters that are wanted, the most urgent first, from behind a place. Raises `BadInput` for no place."""
    found = _sorted(app, tx, wanted)
    if after is not None:
        place = _place(after)
        found = [one for one in found if one.matter.urgency > place]
    return _shown(tx, found[:limit])


def first(app: App, tx: Tx, owner: str | None, limit: int) -> tuple[list[Shown], int]:
    """The most urgent of the matters of an ``owner`` (as in `Wanted`) that are not put off, and how many there are in
    all. Of thousands of loops, little more is read than is shown."""
    cares, now, wanted = tx.cares.all(), app.clock(), Wanted(owner)
    top, rest, total = matters.urgent(app, tx, owner, limit)
    others = [one for one in (kept(m, cares.get(m.id), now) for m in rest) if wanted.fits(one)]
    found = sorted([*(kept(m, None, now) for m in top), *others], key=lambda one: one.matter.order)
    return _shown(tx, found[:limit]), total + len(others)


def counts(app: App, tx: Tx, wanted: Wanted) -> tuple[Counter[Kind], Counter[str]]:
    """How many there are of each kind, and for each who looks after them."""
    found = _sorted(app, tx, wanted)
    return Counter(one.matter.kind for one in found), Counter(one.owner for one in found)


def _sorted(app: App, tx: Tx, wanted: Wanted) -> list[Kept]:
    cares, now = tx.cares.all(), app.clock()
    found = (kept(m, cares.get(m.id), now) for m in matters.every(app, tx))
    return sorted((one for one in found if wanted.fits(one)), key=lambda one: one.matter.order)


def _place(text: str) -> tuple[str, int, str, str]:
    try:
        due, kind, since, id = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(kind, int) and all(isinstance(part, str) for part in (due, since, id)):
            return due, kind, since, id
    except (ValueError, TypeError):
        pass
    raise BadInput(
        "after", f"{text!r:.80} is no place in the list", "give the place of the last row of the page before"
    )


def _shown(tx: Tx, found: Sequence[Kept]) -> list[Shown]:
    loops = tx.found_matters.about(one.matter.loop for one in found if one.matter.loop)
    return [
        Shown(one, _about(loop), ways(one.matter, loop), loop.asked if loop is not None else ())
        for one, loop in ((one, loops.get(one.matter.loop)) for one in found)
    ]


def _about(loop: About | None) -> str:
    return "" if loop is None else f"{loop.candidate}, {loop.job}"


def show(app: App, tx: Tx, id: str) -> Shown:
    """One matter. Raises `Missing` where there is none, or its cause is gone."""
    matter = _known(app, tx, id)
    (shown,) = _shown(tx, [kept(matter, tx.cares.get(id), app.clock())])
    return shown


def _known(app: App, tx: Tx, id: str) -> Matter:
    found = matters.one(app, tx, id)
    if found is None:
        raise Missing("matter", id)
    return found


Before = Callable[[Shown], None]
"""Asked with the matter as it is, once nobody else can say anything of it; may refuse."""


def take(app: App, tx: Tx, id: str, person: str, actor: str, before: Before | None = None) -> Shown:
    """Somebody looks after it from now on. What another person has is taken from them by whoever has seen that
    (``before``). Raises `Missing`, `BadInput`, `WrongState`."""
    check_owner(tx, person, "person")
    now = app.clock()

    def taken(care: Care) -> Care:
        if care.taken_by not in ("", person) and before is None:
            text = f"since {care.taken_at:%Y-%m-%d %H:%M} UTC; to take it over all the same, send If-Match"
            raise WrongState("matter", id, f"with {care.taken_by}", text)
        at = care.taken_at if care.taken_by == person else now
        return replace(
            care, taken_by=person, taken_at=at, snoozed_until=None, closed_at=None, reason="", note=""
        )

    return _said(app, tx, id, actor, "attention_taken", taken, before, {"person": person})


def snooze(
    app: App, tx: Tx, id: str, until: datetime, actor: str, note: str = "", before: Before | None = None
) -> Shown:
    """Leave it alone until then, or until its cause changes. Raises `Missing`, `BadInput`."""
    now = app.clock()
    if until <= now:
        raise BadInput("until", "is not ahead", "give a later moment")
    if until > now + LONGEST_SNOOZE:
        raise BadInput("until", f"lies more than {LONGEST_SNOOZE.days} days ahead", "give an earlier moment")
    data = {"until": until.isoformat()}
    return _said(
        app,
        tx,
        id,
        actor,
        "attention_snoozed",
        lambda care: replace(care, snoozed_until=until, closed_at=None, reason="", note=note),
        before,
        data,
    )


def close(
    app: App, tx: Tx, id: str, reason: str, actor: str, note: str = "", before: Before | None = None
) -> Shown:
    """Be done with it although its cause goes on: it comes back when that changes. Raises `Missing`, and `BadInput`
    for a reason that the company has not."""
    now = app.clock()
    checked(tx.company.policy().reasons, Deed.CLOSE, reason)
    data = {"reason": reason, **({"text": note} if note else {})}
    shown = _said(
        app,
        tx,
        id,
        actor,
        "attention_closed",
        lambda care: replace(care, closed_at=now, snoozed_until=None, reason=reason, note=note),
        before,
        data,
    )
    subject = shown.kept.matter.subject
    tx.facts.add(Fact(now, actor, REASON_GIVEN, subject, Deed.CLOSE.value, reason, "", {"attention": id}))
    return shown


def reopen(app: App, tx: Tx, id: str, actor: str, before: Before | None = None) -> Shown:
    """Take back whatever was said of it. Raises `Missing`."""
    return _said(
        app,
        tx,
        id,
        actor,
        "attention_reopened",
        lambda care: replace(
            care, taken_by="", taken_at=None, snoozed_until=None, closed_at=None, reason="", note=""
        ),
        before,
        {},
    )


def _said(
    app: App,
    tx: Tx,
    id: str,
    actor: str,
    what: str,
    change: Callable[[Care], Care],
    before: Before | None,
    data: dict[str, str],
) -> Shown:
    """Change what is kept of a matter, with its fact, when nobody else can."""
    now = app.clock()
    matter = _known(app, tx, id)
    if matter.loop and tx.loops.claim(matter.loop) is not None:
        matter = _known(app, tx, id)  # as it is now that nobody else changes the loop
    blank = Care(id, matter.cause, matter.since, now, actor)
    care = tx.cares.claim(blank)
    one = kept(matter, None if care == blank else care, now)
    if before is not None:
        (shown,) = _shown(tx, [one])
        before(shown)
    standing = care if one.care is not None else blank
    if standing.cause != matter.cause:  # said of another cause: of that only who has it counts on
        standing = replace(standing, snoozed_until=None, closed_at=None, reason="", note="")
    new = replace(change(standing), cause=matter.cause, since=matter.since, updated_at=now, actor=actor)
    tx.cares.put(new)
    after = kept(matter, new, now)
    tx.facts.add(
        Fact(now, actor, what, matter.subject, one.standing, after.standing, "", {"attention": id, **data})
    )
    (shown,) = _shown(tx, [after])
    return shown


def forget(app: App) -> int:
    """Forget what was said so long ago that its case is certainly over."""
    with app.db.write() as tx:
        return tx.cares.forget(app.clock() - _FORGOTTEN)
