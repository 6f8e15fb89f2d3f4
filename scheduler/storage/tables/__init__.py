"""Every table of the app. What each database says in its own words, constraints and triggers, lies in the migrations."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.domain.people import Person, Room, Site
from scheduler.storage.columns import beginnings, columns_of, flag, instant, json, number, words
from scheduler.storage.tables.access import tokens, users
from scheduler.storage.tables.apart import (
    attention,
    batches,
    calendar_faults,
    digests,
    hook_deliveries,
    hooks,
)
from scheduler.storage.tables.hiring import (
    advances,
    automations,
    connections,
    matches,
    pauses,
    readings,
    written,
)
from scheduler.storage.tables.links import links
from scheduler.storage.tables.meta import PREFIX, metadata
from scheduler.storage.tables.privacy import erasures as erasures

__all__ = [
    "PREFIX",
    "advances",
    "attention",
    "automations",
    "batches",
    "calendar_faults",
    "connections",
    "digests",
    "hook_deliveries",
    "hooks",
    "links",
    "matches",
    "metadata",
    "pauses",
    "readings",
    "tokens",
    "users",
    "written",
]

company = sa.Table(
    "lw_company",
    metadata,
    number("id", primary_key=True, autoincrement=False),
    words("name"),
    json("organizer"),
    json("policy"),
    instant("loaded_at"),
    sa.CheckConstraint("id = 1", name="only_one"),
)

sites = sa.Table("lw_sites", metadata, *columns_of(Site), flag("active"))

people = sa.Table("lw_people", metadata, *columns_of(Person), words("email_folded"))
sa.Index(
    "uq_lw_people_active_email",
    people.c.email_folded,
    unique=True,
    sqlite_where=people.c.active,
    postgresql_where=people.c.active,
)

pools = sa.Table("lw_pools", metadata, words("id", primary_key=True), words("name"), flag("active"))

pool_members = sa.Table(
    "lw_pool_members",
    metadata,
    words("pool", sa.ForeignKey("lw_pools.id"), primary_key=True),
    words("person", sa.ForeignKey("lw_people.id"), primary_key=True, index=True),
    words("standing"),
)

rooms = sa.Table("lw_rooms", metadata, *columns_of(Room))

templates = sa.Table(
    "lw_templates",
    metadata,
    words("id", primary_key=True),
    words("title"),
    json("body"),
    flag("active"),
)

applications = sa.Table(
    "lw_applications",
    metadata,
    words("id", primary_key=True),
    words("candidate_name"),
    words("candidate_email"),
    words("candidate_zone"),
    words("job"),
    words("hiring_manager"),
    words("recruiter"),
    words("coordinator", nullable=True),
    words("stage"),
    json("accommodation"),
)

loops = sa.Table(
    "lw_loops",
    metadata,
    words("id", primary_key=True),
    words("application", sa.ForeignKey("lw_applications.id")),
    json("template"),
    words("state"),
    words("mode"),
    words("zone"),
    words("site", nullable=True),
    json("horizon"),
    json("windows"),
    words("stage_visit"),
    instant("created_at"),
    instant("updated_at"),
    words("cause"),
    *map(number, ("generation", "replans", "overtaken")),
    json("reasons"),
    json("fixes"),
    json("unknown"),
    words("chosen", nullable=True),
    json("blocked"),
    json("declined"),
    json("labels"),
    words("owner"),
    flag("owner_given"),
    *(instant(name, nullable=True) for name in ("state_at", "last_at")),
    number("undo_minutes", nullable=True),
    words("job"),
    words("stage"),
    words("template_id"),
    json("locks"),
    sa.UniqueConstraint("application", "stage_visit"),
    sa.Index("ix_lw_loops_created_at", "created_at", "id"),
    sa.Index("ix_lw_loops_state", "state", "created_at", "id"),
    sa.Index("ix_lw_loops_last_at", "state", "last_at", "state_at", "owner", "id"),
    *(
        sa.Index(f"ix_lw_loops_{name}", name, "state", "created_at", "id")
        for name in ("owner", "job", "stage", "template_id")
    ),
)

application_words = sa.Table(
    "lw_application_words",
    metadata,
    beginnings("word", primary_key=True),
    words("application", sa.ForeignKey("lw_applications.id"), primary_key=True, index=True),
)

proposals = sa.Table(
    "lw_proposals",
    metadata,
    words("id", primary_key=True),
    words("loop", sa.ForeignKey("lw_loops.id"), index=True),
    number("rank"),
    json("interviews"),
    json("price"),
    number("cost"),
    number("bound"),
    words("status"),
    instant("basis"),
    json("unknown"),
    words("state"),
    instant("created_at"),
    number("generation"),
    instant("kept_until", nullable=True),
    sa.Index("ix_lw_proposals_state", "state", "created_at"),
)

interviews = sa.Table(
    "lw_interviews",
    metadata,
    words("id", primary_key=True),
    words("loop", sa.ForeignKey("lw_loops.id"), index=True),
    words("spec"),
    words("title"),
    words("kind"),
    words("modality"),
    instant("start_at"),
    instant("end_at"),
    words("room", nullable=True),
    words("state"),
    number("revision"),
    words("calendar"),
    words("event_id"),
    words("etag"),
    words("join_url"),
    words("flag"),
    json("elsewhere", nullable=True),
    sa.CheckConstraint("start_at < end_at", name="ends_after_start"),
    sa.Index("ix_lw_interviews_start_at", "start_at", "id"),
)
sa.Index(
    "uq_lw_interviews_event",
    interviews.c.calendar,
    interviews.c.event_id,
    unique=True,
    sqlite_where=interviews.c.event_id != "",
    postgresql_where=interviews.c.event_id != "",
)

seats = sa.Table(
    "lw_seats",
    metadata,
    words("interview", sa.ForeignKey("lw_interviews.id"), primary_key=True),
    number("place", primary_key=True, autoincrement=False),
    words("person", index=True),
    words("kind"),
    words("state"),
    number("number"),
    flag("required"),
    words("comment"),
)
sa.Index(
    "uq_lw_seats_live_person",
    seats.c.interview,
    seats.c.person,
    unique=True,
    sqlite_where=seats.c.state != "replaced",
    postgresql_where=seats.c.state != "replaced",
)

reservations = sa.Table(
    "lw_reservations",
    metadata,
    words("subject", primary_key=True),
    instant("start_at", primary_key=True),
    instant("end_at"),
    words("loop", sa.ForeignKey("lw_loops.id"), index=True),
    words("interview"),
    words("state"),
    instant("expires_at", nullable=True),
    sa.CheckConstraint("start_at < end_at", name="ends_after_start"),
    sa.CheckConstraint("state <> 'held' OR expires_at IS NOT NULL", name="a_hold_expires"),
    sa.Index("ix_lw_reservations_expires_at", "expires_at"),
)

ledger = sa.Table(
    "lw_ledger",
    metadata,
    words("id", primary_key=True),
    words("loop", sa.ForeignKey("lw_loops.id"), index=True),
    words("interview"),
    words("write"),
    words("key", index=True),
    json("payload"),
    number("generation"),
    number("position"),
    words("state"),
    number("attempts"),
    words("error"),
    instant("due_at", nullable=True),
    json("result"),
    instant("noted_at"),
    sa.Index("ix_lw_ledger_state", "state", "noted_at"),
)

inbox = sa.Table(
    "lw_inbox",
    metadata,
    words("id", primary_key=True),
    words("source"),
    words("delivery_id"),
    words("digest"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    instant("received_at"),
    instant("finished_at", nullable=True),
    words("outcome"),
    words("loop", nullable=True),
    words("about"),
    words("what"),
    sa.UniqueConstraint("source", "delivery_id"),
    sa.Index("ix_lw_inbox_received_at", "received_at", "id"),
    sa.Index("ix_lw_inbox_finished_at", "finished_at", "received_at"),
)

answers = sa.Table(
    "lw_answers",
    metadata,
    words("key", primary_key=True),
    words("route", primary_key=True),
    words("digest"),
    number("status", nullable=True),
    words("body"),
    instant("at"),
)

facts = sa.Table(
    "lw_facts",
    metadata,
    number("seq", primary_key=True, autoincrement=False),
    instant("at"),
    words("actor"),
    words("what"),
    words("subject"),
    words("before"),
    words("after"),
    words("cause"),
    json("data", exact=True),
    words("hash"),
    sa.Index("ix_lw_facts_at", "at", "seq"),
    sa.Index("ix_lw_facts_subject", "subject", "seq"),
    *(sa.Index(f"ix_lw_facts_{name}", name, "at", "seq") for name in ("actor", "what")),
)

fact_people = sa.Table(
    "lw_fact_people",
    metadata,
    words("person", primary_key=True),
    instant("at", primary_key=True),
    number("seq", primary_key=True, autoincrement=False),
)

fact_chain = sa.Table(
    "lw_fact_chain",
    metadata,
    number("id", primary_key=True, autoincrement=False),
    number("seq"),
    words("hash"),
    sa.CheckConstraint("id = 1", name="only_one"),
)

cursors = sa.Table(
    "lw_cursors",
    metadata,
    words("calendar", primary_key=True),
    words("cursor"),
    instant("at"),
)

subscriptions = sa.Table(
    "lw_subscriptions",
    metadata,
    words("id", primary_key=True),
    words("provider"),
    words("calendar"),
    words("resource"),
    words("url"),
    words("secret"),
    instant("expires_at"),
    instant("created_at"),
    instant("renew_at"),
)

leases = sa.Table(
    "lw_leases",
    metadata,
    words("name", primary_key=True),
    words("holder"),
    instant("until"),
)

seen = sa.Table(
    "lw_seen",
    metadata,
    words("loop", sa.ForeignKey("lw_loops.id"), primary_key=True),
    number("generation", primary_key=True, autoincrement=False),
    words("proposal"),
    instant("at"),
    json("calendars"),
)

fixes = sa.Table(
    "lw_fixes",
    metadata,
    words("loop", sa.ForeignKey("lw_loops.id"), primary_key=True),
    words("id", primary_key=True),
    number("position"),
    words("text"),
    number("effort"),
    words("how"),
    json("changes"),
    json("people"),
    json("plan"),
    words("state"),
    words("actor"),
    instant("at", nullable=True),
)

exemptions = sa.Table(
    "lw_exemptions",
    metadata,
    words("loop", sa.ForeignKey("lw_loops.id"), primary_key=True),
    words("fix", primary_key=True),
    number("position", primary_key=True, autoincrement=False),
    json("change"),
    words("actor"),
    words("reason"),
    words("note"),
    instant("at"),
)
