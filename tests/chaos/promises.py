"""What must hold after every stop, crash, race and bad day: asked of the tables in plain SQL, of the calendars and of
the outbox, with nothing of the product's own readers. `docs/reliability.md` says which promise is asked where."""

from __future__ import annotations

import email
import email.policy
import functools
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import sqlalchemy as sa

from tests.chaos.seen import Seen

RESTING = (
    "confirmed",
    "completed",
    "cancelled",
    "infeasible",
    "needs_attention",
    "proposed",
    "awaiting_candidate",
)
_GRACE = timedelta(seconds=60)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Around:
    """What the promises are asked of beside the tables. ``canaries`` are texts that must be nowhere; ``settled`` says
    that nothing is under way any more."""

    seen: Sequence[Seen]
    now: datetime
    outbox: Path | None = None
    acknowledged: Sequence[str] = ()
    canaries: Sequence[str] = ()
    logs: Sequence[Path] = ()
    settled: bool = True
    deployment: str = "test"


@dataclass
class _Tables:
    """Every row of the deployment, read in one transaction."""

    loops: dict[str, Row]
    interviews: list[Row]
    seats: list[Row]
    reservations: list[Row]
    ledger: list[Row]
    inbox: list[Row]
    facts: list[Row]
    head: Row
    addresses: dict[str, str]
    rooms: dict[str, str]
    longer: dict[str, bool]


def check(url: str, around: Around) -> list[str]:
    """One line for each promise that is broken, which begins with its number."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            tables = _read(connection)
            dump = _dump(connection) if around.canaries else ""
    finally:
        engine.dispose()
    found = [
        *_overlaps(tables),
        *_events(tables, around),
        *_orphans(tables, around),
        *_deliveries(tables, around),
        *_visits(tables),
        *_facts(tables),
        *_acknowledged(tables, around),
        *_ledger(tables, around),
        *_noted(tables, around),
        *_holds(tables, around),
        *_durations(tables),
        *_canaries(dump, around),
    ]
    return [*found, *(_mails(around.outbox) if around.outbox else ())]


def _read(connection: sa.Connection) -> _Tables:
    def rows(table: str) -> list[Row]:
        return [dict(r) for r in connection.execute(sa.text(f"SELECT * FROM lw_{table}")).mappings()]

    return _Tables(
        loops={r["id"]: r for r in rows("loops")},
        interviews=rows("interviews"),
        seats=rows("seats"),
        reservations=rows("reservations"),
        ledger=rows("ledger"),
        inbox=rows("inbox"),
        facts=sorted(rows("facts"), key=lambda r: r["seq"]),
        head=rows("fact_chain")[0],
        addresses={r["id"]: r["email"].casefold() for r in rows("people")},
        rooms={r["id"]: _json(r["account"])["address"].casefold() for r in rows("rooms")},
        longer={r["id"]: bool(_json(r["accommodation"]).get("extra_time")) for r in rows("applications")},
    )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _span(row: Row) -> tuple[datetime, datetime]:
    return _moment(row["start_at"]), _moment(row["end_at"])


def _overlaps(tables: _Tables) -> Iterator[str]:
    rows = sorted(tables.reservations, key=lambda r: (r["subject"], _moment(r["start_at"])))
    for one, two in itertools.pairwise(rows):
        if one["subject"] == two["subject"] and _moment(two["start_at"]) < _moment(one["end_at"]):
            yield f"I1 {one['subject']} is taken twice: {one['loop']} and {two['loop']} at {two['start_at']}"
    held = {(r["interview"], r["subject"]): _span(r) for r in tables.reservations}
    live = {i["id"]: i for i in tables.interviews if i["state"] != "cancelled" and i["kind"] != "take_home"}
    for seat in tables.seats:
        interview = live.get(seat["interview"])
        if interview is None or not seat["required"] or seat["state"] in ("replaced", "declined"):
            continue
        if tables.loops[interview["loop"]]["state"] in ("completed", "cancelled"):
            continue
        start, end = held.get((seat["interview"], f"person:{seat['person']}"), (None, None))
        if (
            start is None
            or end is None
            or start > _moment(interview["start_at"])
            or end < _moment(interview["end_at"])
        ):
            yield f"I1 {seat['person']} sits in {seat['interview']} whose time is not theirs"


def _events(tables: _Tables, around: Around) -> Iterator[str]:
    by_id = Counter((s.calendar, s.id) for s in around.seen)
    seen = {(s.calendar, s.id): s for s in around.seen}
    people: dict[str, set[str]] = {}
    for seat in tables.seats:
        if seat["state"] != "replaced":
            people.setdefault(seat["interview"], set()).add(tables.addresses[seat["person"]])
    for interview in tables.interviews:
        loop = tables.loops[interview["loop"]]
        if (
            interview["state"] != "confirmed"
            or loop["state"] not in ("confirmed", "completed")
            or interview["flag"]
        ):
            continue
        name = f"{interview['spec']} of {interview['loop']}"
        place = (interview["calendar"].casefold(), interview["event_id"])
        if by_id[place] != 1:
            yield f"I2 {name} has {by_id[place]} events in the calendar"
            continue
        event = seen[place]
        if (event.start, event.end) != _span(interview):
            yield f"I2 {name} stands at {event.start:%d %H:%M} and is meant to at {_moment(interview['start_at']):%d %H:%M}"
        wanted = people.get(interview["id"], set())
        wanted = wanted | {tables.rooms[interview["room"]]} if interview["room"] else wanted
        if event.attendees != wanted:
            yield f"I2 {name} has {sorted(event.attendees ^ wanted)} too many or too few"


def _orphans(tables: _Tables, around: Around) -> Iterator[str]:
    live = {
        (i["calendar"].casefold(), i["event_id"])
        for i in tables.interviews
        if i["state"] != "cancelled" and tables.loops[i["loop"]]["state"] != "cancelled"
    }
    ours = [s for s in around.seen if around.settled and s.key.startswith(f"{around.deployment}/")]
    for event in ours:
        if (event.calendar, event.id) not in live:
            yield f"I3 the event {event.key} at {event.start:%d %H:%M} belongs to nothing"


def _deliveries(tables: _Tables, around: Around) -> Iterator[str]:
    for row in tables.inbox:
        waits = around.now - _moment(row["received_at"])
        if row["finished_at"] is None and (around.settled or waits > timedelta(minutes=15)):
            yield f"I4 the delivery {row['delivery_id']} waits for {waits}"
        elif row["finished_at"] is not None and not row["outcome"]:
            yield f"I4 the delivery {row['delivery_id']} ended in nothing"


def _visits(tables: _Tables) -> Iterator[str]:
    for visit, n in Counter((r["application"], r["stage_visit"]) for r in tables.loops.values()).items():
        if n > 1:
            yield f"I5 {visit} has {n} loops"


def _facts(tables: _Tables) -> Iterator[str]:
    last, moved = "", {}
    for number, fact in enumerate(tables.facts, start=1):
        content = [last, _moment(fact["at"]).isoformat(), *(fact[n] for n in _FACT), _json(fact["data"])]
        last = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        if fact["seq"] != number or fact["hash"] != last:
            yield f"I6 fact {number} is not as it was chained"
            return
        if fact["what"] in ("loop_moved", "loop_requested"):
            if moved.get(fact["subject"], "") != fact["before"]:
                yield f"I6 {fact['subject']} goes on from {fact['before']!r}, and was {moved.get(fact['subject'])!r}"
            moved[fact["subject"]] = fact["after"]
    if (tables.head["seq"], tables.head["hash"]) != (len(tables.facts), last):
        yield "I6 the chain's head is not its last fact"
    for id, loop in tables.loops.items():
        if moved.get(f"loop:{id}") != loop["state"]:
            yield f"I6 {id} is {loop['state']} and its facts say {moved.get(f'loop:{id}')}"


_FACT = ("actor", "what", "subject", "before", "after", "cause")


def _acknowledged(tables: _Tables, around: Around) -> Iterator[str]:
    yield from (
        f"I7 {id} was acknowledged and is gone" for id in around.acknowledged if id not in tables.loops
    )


def _ledger(tables: _Tables, around: Around) -> Iterator[str]:
    for row in tables.ledger:
        name = f"{row['write']} of {row['interview']} ({row['loop']})"
        loop = tables.loops[row["loop"]]
        if row["state"] != "todo":
            continue
        if around.settled and loop["state"] in RESTING:
            yield f"I9 the {name} waits and its loop is {loop['state']}: {row['error'] or 'not tried'}"
        if row["write"] != "cancel" and row["generation"] != loop["generation"]:
            yield f"I9 the {name} is of generation {row['generation']}, its loop of {loop['generation']}"


def _noted(tables: _Tables, around: Around) -> Iterator[str]:
    """At every moment: what stands in a calendar was noted before it was written, or a worker that ends there would
    leave it behind."""
    noted = {r["key"].rpartition("/")[0] for r in tables.ledger if r["state"] in ("todo", "done")}
    ours = {f"{around.deployment}/{i['loop']}/{i['spec']}" for i in tables.interviews}
    for event in around.seen:
        if event.key.rpartition("/")[0] in ours - noted:
            yield f"I9 the event {event.key} stands in the calendar, and no row says that it was to be written"


def _holds(tables: _Tables, around: Around) -> Iterator[str]:
    for row in tables.reservations:
        if row["state"] == "held" and _moment(row["expires_at"]) + _GRACE < around.now:
            yield f"I14 the hold on {row['subject']} of {row['loop']} ended at {row['expires_at']}"
        loop = tables.loops[row["loop"]]
        if loop["state"] == "cancelled":
            yield f"I14 {row['loop']} is cancelled and has {row['subject']}"
        if row["state"] == "held" and loop["state"] == "confirmed":
            yield f"I14 {row['loop']} is confirmed and only holds {row['subject']}"


def _durations(tables: _Tables) -> Iterator[str]:
    for interview in tables.interviews:
        loop = tables.loops[interview["loop"]]
        template = _json(loop["template"])
        minutes = {i["id"]: i["minutes"] for i in template["interviews"]}
        if template.get("debrief"):
            minutes["debrief"] = template["debrief"]["minutes"]
        start, end = _span(interview)
        wanted = minutes.get(interview["spec"])
        if wanted is None or interview["flag"]:
            continue
        least = most = timedelta(minutes=wanted)
        if tables.longer[loop["application"]]:  # a candidate's extra time, rounded up to the grid
            most = 2 * least + timedelta(hours=1)
        if not least <= end - start <= most:
            yield f"I15 {interview['spec']} of {interview['loop']} lasts {end - start} and not {wanted} minutes"


def _mails(outbox: Path) -> Iterator[str]:
    told = Counter(one for path in outbox.glob("*.eml") for one in _told(path.read_bytes()))
    for (to, uid, sequence, method, _), n in told.items():
        if n > 1:
            yield f"I17 {to} was told {n} times of {uid} number {sequence} ({method})"


@functools.lru_cache(maxsize=4096)  # a game asks after every step, and a mail stays what it is
def _told(mail: bytes) -> tuple[tuple[str, str, int, str, str], ...]:
    """What a mail says of each event: to whom, of which, its number, whether it is a call or its end, and all else
    but the moment at which it was written."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    found = []
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = icalendar.Calendar.from_ical(part.get_content())
            for event in calendar.walk("VEVENT"):
                event.pop("DTSTAMP", None)
                event.pop("LAST-MODIFIED", None)
                number = int(event.get("SEQUENCE", 0))
                found.append(
                    (
                        str(message["To"]),
                        str(event["UID"]),
                        number,
                        str(calendar.get("METHOD", "")),
                        event.to_ical().decode(),
                    )
                )
    return tuple(found)


def _dump(connection: sa.Connection) -> str:
    """Every word of every table, the jobs' included."""
    inspector, words = sa.inspect(connection), []
    schemas: Iterable[str | None] = [None]
    if connection.dialect.name == "postgresql":
        schemas = [
            s for s in inspector.get_schema_names() if s != "information_schema" and not s.startswith("pg_")
        ]
    for schema in schemas:
        for table in inspector.get_table_names(schema):
            name = f'"{schema}"."{table}"' if schema else f'"{table}"'
            words += [str(tuple(row)) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))]
    return "\n".join(words)


def _canaries(dump: str, around: Around) -> Iterator[str]:
    places = {
        "the database": dump,
        **{p.name: p.read_text(errors="replace") for p in around.logs if p.exists()},
    }
    for place, text in places.items():
        yield from (f"I11 {canary!r} stands in {place}" for canary in around.canaries if canary in text)


def states(url: str) -> list[str]:
    """The state of every loop, oldest first."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return list(
                connection.execute(sa.text("SELECT state FROM lw_loops ORDER BY created_at")).scalars()
            )
    finally:
        engine.dispose()
