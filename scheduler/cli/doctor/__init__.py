"""`loopwright doctor`: whether everything that a booking needs is there, and whether promises hold."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from connectors import zone_rules
from connectors.checks import Finding
from connectors.errors import ConnectorError, NotFound
from connectors.types import Known
from scheduler import config, wiring
from scheduler.cli.doctor import calendars, files
from scheduler.cli.faults import out
from scheduler.domain.errors import BadInput
from scheduler.domain.people import Account, Mode
from scheduler.domain.subjects import Subject
from scheduler.domain.time import Span
from scheduler.services import staff
from scheduler.services.afterwards import push
from scheduler.services.app import App
from scheduler.services.asking import intake
from scheduler.services.checking import events, heads, repairs, times
from scheduler.services.company.notes import holiday_notes
from scheduler.storage import invariants
from scheduler.wiring import Runtime

_SQLITE_FOR_DBOS = (3, 42, 0)
_OLD_RULES = 2
"""Years after which zone rules are a fault: by then several states have changed theirs."""
_OLD_KEY = 365
"""Days after which a new key of the secrets is recommended."""
UNHEALTHY = 1
_CLOCK_OFF = timedelta(seconds=60)
"""The service goes by the database's clock, but certificates and times of files by the machine's."""
_TOLD = timedelta(days=7)


def run(data: Path | None, *, as_json: bool, repair: bool = False, head: Path | None = None) -> None:
    """Print every finding; exit status 1 when one is not good. ``repair`` mends first what can be mended; ``head``
    is a file of chain heads that was kept elsewhere. Raises `BadInput` for one that cannot be read."""
    kept = heads.read(head) if head is not None else []
    runtime = wiring.build(config.load(data=data))
    try:
        findings = [*_machine(), _zones(zone_rules.take_newest(), runtime.app.clock()), *_database(runtime)]
        sound = all(f.ok for f in findings)
        findings += [*_repaired(runtime)] if sound and repair else []
        findings += [*files.find(runtime.settings), *_key(runtime.app)]
        if sound:
            findings += [
                _guards(runtime.app),
                *_webhooks(runtime.app),
                *_company(runtime),
                *_events(runtime.app),
                *_promises(runtime.app),
            ]
            findings += [*_chain(runtime, kept)]
    finally:
        runtime.close()
    if as_json:
        out.print_json(json.dumps([{"name": f.name, "ok": f.ok, "text": f.text} for f in findings]))
    else:
        _show(findings)
    if not all(f.ok for f in findings):
        raise typer.Exit(UNHEALTHY)


def _show(findings: list[Finding]) -> None:
    table = Table("", "check", "finding")
    for finding in findings:
        verdict = Text("good", style="green") if finding.ok else Text("bad", style="red")
        table.add_row(verdict, finding.name, finding.text)
    out.print(table)


def _key(app: App) -> Iterator[Finding]:
    """How old the key of the secrets is."""
    made = app.systems.vault.made_at()
    if made is not None:
        days = max(0, (app.clock() - made).days)
        old = "; make a new one: loopwright keys rotate" if days >= _OLD_KEY else ""
        yield Finding("key", True, f"the key that seals secrets is {days} days old{old}")


def _machine() -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    old = sys.version_info >= (3, 12) and version < _SQLITE_FOR_DBOS
    text = f"SQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}"
    yield Finding(
        "sqlite", not old, text + (": jobs need SQLite 3.42 or newer on this Python" if old else "")
    )


def _zones(rules: zone_rules.Choice, now: datetime) -> Finding:
    """Which release of the zone rules is gone by, and how old it is."""
    years = now.year - rules.used.age[0]
    age = {0: "of this year", 1: "of last year"}.get(years, f"{years} years old")
    text = f"rules {rules.used}, {age}"
    if rules.passed:
        text += f"; passed over: {', '.join(map(str, rules.passed))}"
    if years >= _OLD_RULES:
        text += ": update Loopwright, or the package tzdata beside it"
    return Finding("zones", years < _OLD_RULES, text)


def _database(runtime: Runtime) -> Iterator[Finding]:
    current, newest = runtime.app.db.schema()
    text = f"schema {current or 'none'}" + ("" if current == newest else ": run loopwright migrate")
    yield Finding("database", current == newest, text)
    if current != newest:
        return
    with runtime.app.db.read() as tx:
        loaded = tx.company.loaded_at()
    text = (
        "no company is loaded: run loopwright load FILE"
        if loaded is None
        else f"company loaded {loaded:%Y-%m-%d}"
    )
    yield Finding("company", loaded is not None, text)
    if runtime.app.db.dialect == "postgresql":
        yield _clock(runtime.app.db.clock.ahead)


def _guards(app: App) -> Finding:
    with app.db.read() as tx:
        gone = invariants.missing_walls(tx)
    text = f"{', '.join(gone)} taken out: restore a backup" if gone else "in place"
    return Finding("guards", not gone, text)


def _clock(ahead: timedelta) -> Finding:
    """How far this machine's clock is from that of the database, which all processes go by."""
    seconds = ahead.total_seconds()
    text = f"this machine's is {abs(seconds):.1f} s {'before' if seconds > 0 else 'behind'} the database's"
    good = abs(ahead) < _CLOCK_OFF
    return Finding("clock", good, text + ("" if good else ": set it, for instance by NTP"))


def _repaired(runtime: Runtime) -> Iterator[Finding]:
    """Carry out every repair; what was done, what could not be, or that nothing had to be."""
    done = stopped = 0
    for mend in _REPAIRS:
        try:
            for text in mend(runtime):
                done += 1
                yield Finding("repair", True, text)
        except ConnectorError as error:
            stopped += 1
            yield Finding("repair", False, f"stopped, since a calendar does not answer: {error}")
    nothing = "none was carried out" if stopped else "nothing had to be done"
    yield Finding("repairs", not stopped, f"{done} carried out" if done else nothing)


def _organizers_calendar(runtime: Runtime) -> Iterator[str]:
    made = wiring.make_organizers_calendar(runtime)
    if made is not None:
        yield f"made the organizer's calendar {made}"


def _files(runtime: Runtime) -> Iterator[str]:
    yield from files.close(runtime.settings)


def _reconciler(runtime: Runtime) -> Iterator[str]:
    yield from repairs.repair(runtime.app)


_REPAIRS: tuple[Callable[[Runtime], Iterable[str]], ...] = (_files, _organizers_calendar, _reconciler)
"""Each mends one kind of fault, only where it is there, and says in a line what it did."""


def _company(runtime: Runtime) -> Iterator[Finding]:
    """Every calendar is read, the organizer's most of all; each service checks its own account."""
    app = runtime.app
    with app.db.read() as tx:
        organizer = tx.company.organizer()
        accounts = {Subject.person(p.id): p.account for p in tx.people.list()}
        accounts |= {Subject.room(r.id): r.account for r in tx.rooms.list()}
    now = app.clock()
    found = calendars.read(runtime, accounts, Span(now, now + timedelta(days=14)))
    for subject, state in sorted(found.items()):
        if not isinstance(state, Known):
            missing = state.code == NotFound.code and accounts[subject].provider == "local"
            fix = f"; put it into {runtime.settings.calendars}" if missing else ""
            yield Finding("calendar", False, f"{subject}: unknown: {state.reason}{fix}")
    known = sum(isinstance(s, Known) for s in found.values())
    yield Finding("calendars", known == len(found), f"{known} of {len(found)} can be read")
    yield _holidays(app, now.date())
    yield _organizer(app, organizer)
    yield _push(app)
    yield from _workers(app)
    used = {(a.provider, a.mode) for a in (organizer, *accounts.values())}
    for provider in sorted({name for name, _ in used}):
        mode = Mode.TYPED if (provider, Mode.TYPED) in used else Mode.FREE_BUSY
        yield from _account(app, provider, mode, organizer)


def _workers(app: App) -> Iterator[Finding]:
    """Who does the jobs, and what does not come back. That nobody is at work is no fault while nothing runs."""
    found = staff.look(app)
    for run, jobs in sorted(found.hanging.items()):
        text = f"does not come back from {', '.join(jobs)}; others do it anew, restart this worker"
        yield Finding("worker", False, f"{run} {text}")
    text = ", ".join(sorted(found.working)) or "nobody: start loopwright serve, or loopwright work"
    yield Finding("workers", not found.hanging, f"at work: {text}")


def _holidays(app: App, today: date) -> Finding:
    """Whether the closed days of the years ahead are known: of those that are not nobody stays at home."""
    with app.db.read() as tx:
        notes = [note for note in holiday_notes(tx.sites.list(), today) if note.open]
    text = "; ".join(note.text for note in notes)
    return Finding("holidays", not notes, text or "the holidays of this year and the next ones are known")


def _organizer(app: App, organizer: Account) -> Finding:
    try:
        app.calendar(organizer).find(organizer.address, f"{app.deployment}/doctor/none/0")
    except NotFound as error:
        fix = ": run loopwright doctor --repair" if organizer.provider == "local" else ""
        return Finding("organizer", False, f"{organizer.address}: {error}{fix}")
    except ConnectorError as error:
        return Finding("organizer", False, f"{organizer.address}: {error}")
    return Finding("organizer", True, f"{organizer.provider} {organizer.address} answers")


def _push(app: App) -> Finding:
    """Whether notices come, since when and for how long; without them the calendar is polled."""
    now = app.clock()
    with app.db.read() as tx:
        found = push.state(app, tx)
    if found.status == "off":
        return Finding("push", True, "no notices: LOOPWRIGHT_BASE_URL is empty, the calendar is polled")
    if found.wanted is None:
        return Finding("push", True, "the organizer's calendar service has no notices; it is polled")
    if found.live is None:
        why = found.reason or f"does a worker run? can {found.wanted.provider} reach {found.wanted.url}?"
        return Finding("push", False, f"no subscription for {found.wanted.calendar}: {why}")
    since, left = (now - found.live.created) / timedelta(hours=1), found.live.left(now) / timedelta(hours=1)
    text = f"notices for {found.live.calendar} since {since:.0f} h, for another {left:.0f} h"
    if found.status == "late":
        text += f", not renewed in time: {found.reason or 'does a worker run?'}"
    return Finding("push", found.status == "alive", text)


def _account(app: App, provider: str, mode: Mode, organizer: Account) -> Iterator[Finding]:
    """What the connector itself finds out: rights, scopes, age of the sign-in, push."""
    check = getattr(app.calendars.get((provider, mode)), "check", None)
    if check is None:
        return
    own = organizer.address if organizer.provider == provider else None
    with app.db.read() as tx:
        known = [push.to_wire(s) for s in tx.subscriptions.list(provider)]
    yield from (Finding(f"{provider}.{f.name}", f.ok, f.text) for f in check(own, known))


def _webhooks(app: App) -> Iterator[Finding]:
    """Messages whose id came again with another body: told for a week, since only the sender can mend it."""
    with app.db.read() as tx:
        found = intake.other_bodies(tx, app.clock() - _TOLD)
    for fact in found:
        text = f"webhook {fact.cause!r} came again on {fact.at:%Y-%m-%d %H:%M}Z with another body, which was not taken"
        yield Finding("webhook", False, f"{text} ({fact.subject}); have the sender use a new webhook-id")


def _events(app: App) -> Iterator[Finding]:
    """The organizers' calendars against what is booked."""
    found = events.look(app)
    for fault in found.faults:
        yield Finding(f"event.{fault.kind}", False, fault.text)
    text = f"{found.interviews} interviews compared with {found.events} events of ours"
    yield Finding("events", not found.faults, text)


def _promises(app: App) -> Iterator[Finding]:
    with app.db.read() as tx:
        broken = [*invariants.check(tx, app.clock()), *times.look(tx, app.clock()).lines()]
    for line in broken:
        yield Finding("promise", False, line)
    text = "no double booking, every time reserved, nothing overdue, facts unaltered"
    yield Finding("promises", not broken, text if not broken else "see above")


def _chain(runtime: Runtime, kept: Sequence[heads.Head]) -> Iterator[Finding]:
    """The facts against the heads that were noted outside of the database."""
    try:
        path = runtime.settings.heads
        known = [*kept, *(heads.read(path) if path.exists() else [])]
    except BadInput as bad:
        yield Finding("chain", False, bad.text)
        return
    with runtime.app.db.read() as tx:
        broken = list(heads.compare(tx, known))
        seq, last = tx.facts.head()
        lost = tx.facts.that_lost_words()
    for line in broken:
        yield Finding("chain", False, line)
    if not broken:
        now = heads.Head(runtime.app.clock().isoformat(timespec="seconds"), seq, last)
        text = f"{len(known)} heads noted before are in it; it ends at {now}"
        text += f"; {lost} facts lost words to erasures, and are as those left them" if lost else ""
        yield Finding("chain", True, text)
