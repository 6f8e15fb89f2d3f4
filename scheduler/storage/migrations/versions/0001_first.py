"""The first schema: the company, loops, bookings, the ledger, the inbox and the facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _company()
    _loops()
    _bookings()
    _border()
    _facts()
    if op.get_bind().dialect.name == "postgresql":
        _walls_of_postgresql()
    else:
        _walls_of_sqlite()


def _company() -> None:
    """What the company file says."""
    op.create_table(
        "lw_company",
        _number("id"),
        _text("name"),
        _json("organizer"),
        _json("policy"),
        _instant("loaded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_company"),
        sa.CheckConstraint("id = 1", name="ck_lw_company_only_one"),
    )
    op.create_table(
        "lw_sites",
        _text("id"),
        _text("name"),
        _text("zone"),
        _json("hours"),
        _text("country"),
        _json("holidays"),
        _text("address"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_sites"),
    )
    op.create_table(
        "lw_people",
        _text("id"),
        _text("name"),
        _text("email"),
        _text("email_folded"),
        _text("zone"),
        _text("site"),
        _json("account"),
        _json("hours"),
        _text("title"),
        _text("level"),
        _json("skills"),
        _number("max_day"),
        _number("max_week"),
        _json("lunch", nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_people"),
    )
    _unique_where("uq_lw_people_active_email", "lw_people", ["email_folded"], "active")
    op.create_table(
        "lw_pools",
        _text("id"),
        _text("name"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_pools"),
    )
    op.create_table(
        "lw_pool_members",
        _text("pool"),
        _text("person"),
        _text("standing"),
        sa.PrimaryKeyConstraint("pool", "person", name="pk_lw_pool_members"),
        sa.ForeignKeyConstraint(["person"], ["lw_people.id"], name="fk_lw_pool_members_person"),
        sa.ForeignKeyConstraint(["pool"], ["lw_pools.id"], name="fk_lw_pool_members_pool"),
    )
    op.create_index("ix_lw_pool_members_person", "lw_pool_members", ["person"])
    op.create_table(
        "lw_rooms",
        _text("id"),
        _text("name"),
        _text("site"),
        _number("capacity"),
        _json("account"),
        _json("features"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_rooms"),
    )
    op.create_table(
        "lw_templates",
        _text("id"),
        _text("title"),
        _json("body"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_templates"),
    )


def _loops() -> None:
    """Who is to be interviewed, and the plans that were offered."""
    op.create_table(
        "lw_applications",
        _text("id"),
        _text("candidate_name"),
        _text("candidate_email"),
        _text("candidate_zone"),
        _text("job"),
        _text("hiring_manager"),
        _text("recruiter"),
        _text("coordinator", nullable=True),
        _text("stage"),
        _json("accommodation"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_applications"),
    )
    op.create_table(
        "lw_loops",
        _text("id"),
        _text("application"),
        _json("template"),
        _text("state"),
        _text("mode"),
        _text("zone"),
        _text("site", nullable=True),
        _json("horizon"),
        _json("windows"),
        _text("stage_visit"),
        _instant("created_at"),
        _instant("updated_at"),
        _text("cause"),
        _number("generation"),
        _number("replans"),
        _json("reasons"),
        _json("fixes"),
        _json("unknown"),
        _text("chosen", nullable=True),
        _json("blocked"),
        _json("declined"),
        _json("labels"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_loops"),
        sa.ForeignKeyConstraint(["application"], ["lw_applications.id"], name="fk_lw_loops_application"),
        sa.UniqueConstraint("application", "stage_visit", name="uq_lw_loops_application_stage_visit"),
    )
    op.create_index("ix_lw_loops_created_at", "lw_loops", ["created_at", "id"])
    op.create_index("ix_lw_loops_state", "lw_loops", ["state", "created_at"])
    op.create_table(
        "lw_proposals",
        _text("id"),
        _text("loop"),
        _number("rank"),
        _json("interviews"),
        _json("price"),
        _number("cost"),
        _number("bound"),
        _text("status"),
        _instant("basis"),
        _json("unknown"),
        _text("state"),
        _instant("created_at"),
        _number("generation"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_proposals"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_proposals_loop"),
    )
    op.create_index("ix_lw_proposals_loop", "lw_proposals", ["loop"])


def _bookings() -> None:
    """What is held and booked, and the writes that make it so elsewhere."""
    op.create_table(
        "lw_interviews",
        _text("id"),
        _text("loop"),
        _text("spec"),
        _text("title"),
        _text("kind"),
        _text("modality"),
        _instant("start_at"),
        _instant("end_at"),
        _text("room", nullable=True),
        _text("state"),
        _number("revision"),
        _text("calendar"),
        _text("event_id"),
        _text("etag"),
        _text("join_url"),
        _text("flag"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_interviews"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_interviews_loop"),
        sa.CheckConstraint("start_at < end_at", name="ck_lw_interviews_ends_after_start"),
    )
    op.create_index("ix_lw_interviews_loop", "lw_interviews", ["loop"])
    _unique_where("uq_lw_interviews_event", "lw_interviews", ["calendar", "event_id"], "event_id != ''")
    op.create_table(
        "lw_seats",
        _text("interview"),
        _number("place"),
        _text("person"),
        _text("kind"),
        _text("state"),
        _number("number"),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("interview", "place", name="pk_lw_seats"),
        sa.ForeignKeyConstraint(["interview"], ["lw_interviews.id"], name="fk_lw_seats_interview"),
    )
    op.create_index("ix_lw_seats_person", "lw_seats", ["person"])
    _unique_where("uq_lw_seats_live_person", "lw_seats", ["interview", "person"], "state != 'replaced'")
    op.create_table(
        "lw_reservations",
        _text("subject"),
        _instant("start_at"),
        _instant("end_at"),
        _text("loop"),
        _text("interview"),
        _text("state"),
        _instant("expires_at", nullable=True),
        sa.PrimaryKeyConstraint("subject", "start_at", name="pk_lw_reservations"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_reservations_loop"),
        sa.CheckConstraint(
            "state <> 'held' OR expires_at IS NOT NULL", name="ck_lw_reservations_a_hold_expires"
        ),
        sa.CheckConstraint("start_at < end_at", name="ck_lw_reservations_ends_after_start"),
    )
    op.create_index("ix_lw_reservations_expires_at", "lw_reservations", ["expires_at"])
    op.create_index("ix_lw_reservations_loop", "lw_reservations", ["loop"])
    op.create_table(
        "lw_ledger",
        _text("id"),
        _text("loop"),
        _text("interview"),
        _text("write"),
        _text("key"),
        _json("payload"),
        _number("generation"),
        _number("position"),
        _text("state"),
        _number("attempts"),
        _text("error"),
        _instant("due_at", nullable=True),
        _json("result"),
        _instant("noted_at"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_ledger"),
        sa.ForeignKeyConstraint(["loop"], ["lw_loops.id"], name="fk_lw_ledger_loop"),
    )
    op.create_index("ix_lw_ledger_key", "lw_ledger", ["key"])
    op.create_index("ix_lw_ledger_loop", "lw_ledger", ["loop"])
    op.create_index("ix_lw_ledger_state", "lw_ledger", ["state", "noted_at"])


def _border() -> None:
    """What came in from outside, and how far others were read."""
    op.create_table(
        "lw_inbox",
        _text("id"),
        _text("source"),
        _text("delivery_id"),
        _text("digest"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _instant("received_at"),
        _instant("finished_at", nullable=True),
        _text("outcome"),
        _text("loop", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lw_inbox"),
        sa.UniqueConstraint("source", "delivery_id", name="uq_lw_inbox_source_delivery_id"),
    )
    op.create_index("ix_lw_inbox_finished_at", "lw_inbox", ["finished_at", "received_at"])
    op.create_table(
        "lw_answers",
        _text("key"),
        _text("route"),
        _text("digest"),
        _number("status", nullable=True),
        _text("body"),
        _instant("at"),
        sa.PrimaryKeyConstraint("key", "route", name="pk_lw_answers"),
    )
    op.create_table(
        "lw_cursors",
        _text("calendar"),
        _text("cursor"),
        _instant("at"),
        sa.PrimaryKeyConstraint("calendar", name="pk_lw_cursors"),
    )


def _facts() -> None:
    """What happened, and the head of its chain."""
    op.create_table(
        "lw_facts",
        _number("seq"),
        _instant("at"),
        _text("actor"),
        _text("what"),
        _text("subject"),
        _text("before"),
        _text("after"),
        _text("cause"),
        _exact_json("data"),
        _text("hash"),
        sa.PrimaryKeyConstraint("seq", name="pk_lw_facts"),
    )
    op.create_index("ix_lw_facts_subject", "lw_facts", ["subject", "seq"])
    op.create_table(
        "lw_fact_chain",
        _number("id"),
        _number("seq"),
        _text("hash"),
        sa.PrimaryKeyConstraint("id", name="pk_lw_fact_chain"),
        sa.CheckConstraint("id = 1", name="ck_lw_fact_chain_only_one"),
    )
    op.execute("INSERT INTO lw_fact_chain (id, seq, hash) VALUES (1, 0, '')")


def _walls_of_postgresql() -> None:
    """Nobody is in two places; facts are only added."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("""
        ALTER TABLE lw_reservations ADD CONSTRAINT ex_lw_reservations_no_overlap
        EXCLUDE USING gist (subject WITH =, tstzrange(start_at, end_at) WITH &&)
    """)
    op.execute("""
        CREATE FUNCTION lw_facts_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'facts are only added' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER tr_lw_facts_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON lw_facts
        FOR EACH STATEMENT EXECUTE FUNCTION lw_facts_are_only_added()
    """)


def _walls_of_sqlite() -> None:
    """Nobody is in two places; facts are only added.

    Rows that are there do not overlap each other, so the last to start before the new one ends is
    also the last to end: looking at it alone is enough, however long the subject's history.
    """
    moments = {
        "insert": ("INSERT", ""),
        "update": ("UPDATE OF subject, start_at, end_at", "AND r.rowid <> OLD.rowid"),
    }
    for name, (moment, others) in moments.items():
        op.execute(f"""
            CREATE TRIGGER tr_lw_reservations_no_overlap_{name} BEFORE {moment} ON lw_reservations
            WHEN NEW.start_at < (
                SELECT r.end_at FROM lw_reservations r
                WHERE r.subject = NEW.subject AND r.start_at < NEW.end_at {others}
                ORDER BY r.start_at DESC LIMIT 1
            )
            BEGIN SELECT RAISE(ABORT, 'no overlap: the subject is taken at that time'); END
        """)  # noqa: S608 -- nothing but the words above goes in
    for moment in ("UPDATE", "DELETE"):
        op.execute(f"""
            CREATE TRIGGER tr_lw_facts_only_added_{moment.lower()} BEFORE {moment} ON lw_facts
            BEGIN SELECT RAISE(ABORT, 'facts are only added'); END
        """)


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, autoincrement=False)


def _instant(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _INSTANT, nullable=nullable)


def _json(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _JSON, nullable=nullable)


def _exact_json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _unique_where(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition)
