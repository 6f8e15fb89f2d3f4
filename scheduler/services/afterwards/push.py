"""Has the organizer's calendar tell us of changes, and takes its notices. Polling stays the net beneath.

A notice says only *that* something changed; what, is read from the cursor as at any other time. That is
also how lost notices are made good: the cursor knows where we stopped.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from connectors import types as wire
from connectors.errors import Conflict, ConnectorError
from connectors.protocol import Push
from scheduler.domain.facts import Fact
from scheduler.domain.subscriptions import Subscription
from scheduler.services import jobs
from scheduler.services.app import App
from scheduler.storage.database import Tx

log = logging.getLogger("loopwright.push")

ROUTES = {"google": "google", "outlook": "microsoft"}
"""Where each provider's notices go, below `PATH`."""
PATH = "/api/v1/push/"
_REQUEST = re.compile(r"; request [0-9A-Fa-f-]{36}$")
"""What Microsoft calls one request of ours."""
_TOGETHER = 5
"""Seconds of notices that are answered with one reading of the calendar."""
_AGAIN = 300
"""Seconds between two tries to subscribe."""
_SETTLED = 1200.0
"""Seconds after which a subscription that nobody has written down is a stray one."""
_SOON = 10.0
"""Seconds until a try: a process that has just started must be able to answer the service's handshake."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The one calendar that is to be followed, and the address its notices go to."""

    provider: str
    calendar: str
    url: str

    def met_by(self, kept: Subscription) -> bool:
        return (kept.provider, kept.calendar, kept.url) == (self.provider, self.calendar, self.url)


@dataclass(frozen=True, slots=True)
class Todo:
    """What stands between the subscriptions there are and the one that is wanted."""

    keep: Subscription | None = None
    make: Wanted | None = None
    renew: Subscription | None = None
    retire: tuple[Subscription, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.make or self.renew or self.retire)

    @property
    def name(self) -> str:
        """The same for the same things to do, whoever finds them."""
        ids = [self.renew.id if self.renew else "", *(s.id for s in self.retire)]
        wanted = (self.make.provider, self.make.calendar, self.make.url) if self.make else ()
        return hashlib.sha256("\0".join((*wanted, *ids)).encode()).hexdigest()[:16]


def service(app: App, provider: str) -> Push | None:
    """The push half of a provider; ``None`` where it is not set up or has none."""
    for (name, _), calendar in app.calendars.items():
        if name == provider and calendar.capabilities().push:
            return cast(Push, calendar)  # which is what the capability promises
    return None


def wanted(app: App, tx: Tx) -> Wanted | None:
    """The organizer's calendar, where its service has push and this deployment can be reached."""
    if not app.base_url or tx.company.loaded_at() is None:
        return None
    organizer = tx.company.organizer()
    if organizer.provider not in ROUTES or service(app, organizer.provider) is None:
        return None
    return Wanted(organizer.provider, organizer.address, f"{app.base_url}{PATH}{ROUTES[organizer.provider]}")


def todo(app: App, tx: Tx) -> Todo:
    """What is to be made, renewed and given up now.

    Of two that do the same the newer one stays, and is renewed at once: where a service keeps one only, two
    workers have been at it, and only the service knows whose is the one that lives.
    """
    now, aim = app.clock(), wanted(app, tx)
    there = tx.subscriptions.list()
    good = [s for s in there if aim is not None and aim.met_by(s) and s.expires > now]
    keep = good[0] if good else None
    return Todo(
        keep=keep,
        make=aim if keep is None else None,
        renew=keep if keep is not None and (keep.renew_at <= now or len(good) > 1) else None,
        retire=tuple(s for s in there if s is not keep),
    )


def watch(app: App) -> bool:
    """Ask for the job that subscribes where there is something to do; whether there is.

    Many workers may ask: the key makes it one job in five minutes for the same thing to do, which is also
    how often a service that refuses is tried again. Something else to do (another address) does not wait.
    Once an hour, and soon after the database was put back from a copy, the job looks after what seems well.
    """
    with app.db.read() as tx:
        due = todo(app, tx)
    if due:
        with app.db.write() as tx:
            jobs.push(app, tx, due.name, _AGAIN, _SOON)
    elif due.keep is not None:
        with app.db.write() as tx:
            jobs.push_look(app, tx, due.keep.id, _SOON)
    return bool(due)


def ensure(app: App) -> None:
    """Subscribe, renew and unsubscribe, so that exactly the wanted subscription lives.

    What a service refuses is kept as a fact (`state` tells it), logged, and tried again later. A crash
    between the service's yes and our row leaves a subscription that nobody knows: its notices have no
    effect. It is swept away where the service lists what there is, at once where it stands in the way of a
    new one; else it runs out by itself.
    """
    with app.db.read() as tx:
        due = todo(app, tx)
    if due.keep is not None and due.renew is None and not _lives(app, due.keep):
        aim = Wanted(due.keep.provider, due.keep.calendar, due.keep.url)
        due = Todo(make=aim, retire=(*due.retire, due.keep))
    if due.make is not None:
        _make(app, due.make, due.retire)
    if due.renew is not None:
        _renew(app, due.renew, due.retire)
    for old in due.retire:
        _retire(app, old)
    _sweep(app, fresh=due.make is not None)


def _lives(app: App, kept: Subscription) -> bool:
    """Whether its service still has it; one that does not say, or does not answer, is believed to."""
    push = service(app, kept.provider)
    try:
        return push is None or push.lives(to_wire(kept)) is not False
    except ConnectorError as error:
        log.warning(
            "notices from %s for %s could not be looked after: %s", kept.provider, kept.calendar, error
        )
        return True


def _make(app: App, aim: Wanted, others: tuple[Subscription, ...]) -> None:
    push = service(app, aim.provider)
    assert push is not None, "nothing is wanted of a service that has no push"
    try:
        made = _cleared(app, aim, others, lambda: push.subscribe(aim.calendar, aim.url))
    except ConnectorError as error:
        log.warning(
            "no notices from %s for %s, which is polled instead: %s", aim.provider, aim.calendar, error
        )
        _note(app, aim, str(error))
        return
    _keep(app, made, aim, None)


def _renew(app: App, old: Subscription, others: tuple[Subscription, ...]) -> None:
    push = service(app, old.provider)
    assert push is not None, "nothing is wanted of a service that has no push"
    aim = Wanted(old.provider, old.calendar, old.url)
    try:
        made = _cleared(app, aim, others, lambda: push.renew(to_wire(old), old.url))
    except ConnectorError as error:
        log.warning("notices from %s for %s could not be renewed: %s", old.provider, old.calendar, error)
        _note(app, aim, str(error))
        return
    _keep(app, made, aim, old)


def _cleared(
    app: App, aim: Wanted, others: tuple[Subscription, ...], ask: Callable[[], wire.Subscription]
) -> wire.Subscription:
    """Ask; where one subscription stands in the way of another, give it up and ask once more.

    That is one of ours which is not wanted any more (at an address before this one), or one to our address
    that nobody knows: an answer was lost, a process died, the database is an older copy. One to an
    address that was never ours is somebody else's, and is left alone.
    """
    push = service(app, aim.provider)
    assert push is not None, "nothing is wanted of a service that has no push"
    try:
        return ask()
    except Conflict:
        for old in others:
            if (old.provider, old.calendar) == (aim.provider, aim.calendar):
                _retire(app, old)
        with app.db.read() as tx:
            known = {s.id for s in tx.subscriptions.list()}
        if push.sweep(aim.calendar, aim.url, known, young=True):
            log.warning(
                "a subscription at %s that nobody knew stood in the way and was given up", aim.provider
            )
    try:
        return ask()
    except Conflict as error:
        raise Conflict(
            f"{error}, to another address than {aim.url}: end it where it was made, or give this deployment "
            "an application of its own; it ends by itself within a week"
        ) from None


def _keep(app: App, made: wire.Subscription, aim: Wanted, old: Subscription | None) -> None:
    """Keep what the service gave. A new one may have missed what happened just before: read on."""
    now = app.clock()
    kept = Subscription(
        made.id,
        aim.provider,
        aim.calendar,
        made.resource,
        aim.url,
        made.expires,
        now,
        _half(made, now),
        made.secret,
    )
    same = old is not None and old.id == made.id
    with app.db.write() as tx:
        if old is not None and same:
            kept = replace(kept, created=old.created)
        elif old is not None:
            tx.subscriptions.remove(old.id)
        tx.subscriptions.put(kept)
        if not same:
            jobs.replies(app, tx, _TOGETHER)
    _note(app, aim, "")


def _half(made: wire.Subscription, now: datetime) -> datetime:
    """Between 45 and 55 % of its life: not all deployments that began together come back together."""
    dice = hashlib.sha256(f"{made.id} {made.expires.isoformat()}".encode()).digest()[0] / 255
    return now + (made.expires - now) * (0.45 + 0.1 * dice)


def _retire(app: App, old: Subscription) -> None:
    """Give it up at the service and here. One that its service cannot be told of runs out by itself."""
    push = service(app, old.provider)
    if push is not None and old.left(app.clock()) > timedelta():
        try:
            push.unsubscribe(to_wire(old))
        except ConnectorError as error:
            log.warning("notices from %s for %s go on for now: %s", old.provider, old.calendar, error)
            return
    with app.db.write() as tx:
        tx.subscriptions.remove(old.id)


def _sweep(app: App, *, fresh: bool) -> None:
    """Give up subscriptions to our address that nobody knows; after a new one, once more when it is old
    enough to tell it from a lost one."""
    with app.db.read() as tx:
        aim = wanted(app, tx)
        known = {s.id for s in tx.subscriptions.list()}
    push = service(app, aim.provider) if aim is not None else None
    if aim is None or push is None or not known:
        return
    try:
        swept = push.sweep(aim.calendar, aim.url, known)
    except ConnectorError as error:
        log.warning("stray subscriptions at %s could not be looked for: %s", aim.provider, error)
        return
    if swept:
        log.warning("%d subscriptions at %s that nobody knew were given up", swept, aim.provider)
    if swept is not None and fresh:
        with app.db.write() as tx:
            jobs.push_swept(app, tx, min(known), _SETTLED)


def _note(app: App, aim: Wanted, refused: str) -> None:
    """Keep as a fact that notices are refused, and why; or that they come again. Once per change."""
    subject = f"push:{aim.provider}:{aim.calendar}"
    with app.db.write() as tx:
        last = tx.facts.of(subject, limit=1)
        before = last[0].after if last else ""
        refused = _REQUEST.sub("", refused)  # or every try would be news
        if before != refused:
            what = "push_refused" if refused else "push_resumed"
            tx.facts.add(Fact(app.clock(), "system", what, subject, before, refused))


@dataclass(frozen=True, slots=True)
class State:
    """How changes in the organizer's calendar become known. ``status``: ``off`` (no address is set),
    ``unsupported`` (the service has no notices), ``alive``, ``late`` (not renewed in time), ``refused``
    (``reason`` says why) or ``waiting`` (not asked for yet). It is polled whatever the status."""

    status: str
    wanted: Wanted | None = None
    live: Subscription | None = None
    reason: str = ""


def state(app: App, tx: Tx) -> State:
    """How it stands with the notices."""
    if not app.base_url:
        return State("off")
    aim = wanted(app, tx)
    if aim is None:
        return State("unsupported")
    now = app.clock()
    live = next((s for s in tx.subscriptions.list() if aim.met_by(s) and s.expires > now), None)
    last = tx.facts.of(f"push:{aim.provider}:{aim.calendar}", limit=1)
    reason = last[0].after if last else ""
    if live is None:
        return State("refused" if reason else "waiting", aim, None, reason)
    late = now - live.renew_at > timedelta(hours=1)
    return State("late" if late else "alive", aim, live, reason)


def handshake(app: App, provider: str, query: Mapping[str, str]) -> str | None:
    """The plain text to answer where the service tries our address; ``None``: it is a notice."""
    push = service(app, provider)
    return push.handshake(query) if push is not None else None


def receive(app: App, provider: str, headers: Mapping[str, str], body: bytes) -> int:
    """Take a delivery of notices: how many are genuine. A forged one has no effect.

    Nothing is read from the calendar here: the sender is answered at once, jobs do the rest.
    """
    push = service(app, provider)
    if push is None:
        return 0
    with app.db.read() as tx:
        known = {s.id: to_wire(s) for s in tx.subscriptions.list(provider)}
    notices = push.parse_push(headers, body, known)
    if notices:
        with app.db.write() as tx:
            for notice in notices:
                _take(app, tx, notice)
    return len(notices)


def _take(app: App, tx: Tx, notice: wire.Notice) -> None:
    if notice.kind == "handshake":  # the service says hello; what was before it is read anyway
        return
    if notice.kind == "removed":
        tx.subscriptions.remove(notice.subscription)
    if notice.kind == "reauthorize":
        tx.subscriptions.renew_from(notice.subscription, app.clock())
    if notice.kind in ("removed", "reauthorize"):
        jobs.push_noticed(app, tx, notice.kind, notice.subscription)
    if notice.kind != "reauthorize":
        jobs.replies(app, tx, _TOGETHER)


def to_wire(kept: Subscription) -> wire.Subscription:
    """The subscription as connectors know it."""
    return wire.Subscription(kept.id, kept.resource, kept.calendar, kept.expires, kept.secret)
