"""Erasures of candidates; facts may lose words where a row says so, and nothing else of them changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"

_INSTANT = sa.TIMESTAMP(timezone=True).with_variant(sa.Text(), "sqlite")
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lw_erasures",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "pseudonym", "state", "actor")),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT, nullable=True),
        *(
            sa.Column(n, _JSON, nullable=False)
            for n in ("applications", "digests", "loops", "counts", "outside")
        ),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lw_erasures"),
    )
    op.create_table(
        "lw_redactions",
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("erasure", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "erasure", name="pk_lw_redactions"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _wall_of_sqlite()
    else:
        _wall_of_postgresql()


def _wall_of_sqlite() -> None:
    op.execute("DROP TRIGGER tr_lw_facts_only_added_update")
    op.execute("""
        CREATE TRIGGER tr_lw_facts_only_added_update BEFORE UPDATE ON lw_facts
        WHEN NEW.seq IS NOT OLD.seq OR NEW.hash IS NOT OLD.hash OR NEW.at IS NOT OLD.at OR NEW.what IS NOT OLD.what
            OR NOT EXISTS (SELECT 1 FROM lw_redactions r WHERE r.seq = OLD.seq)
        BEGIN SELECT RAISE(ABORT, 'facts are only added'); END
    """)


def _wall_of_postgresql() -> None:
    op.execute("DROP TRIGGER tr_lw_facts_only_added ON lw_facts")
    op.execute("""
        CREATE TRIGGER tr_lw_facts_only_added BEFORE DELETE OR TRUNCATE ON lw_facts
        FOR EACH STATEMENT EXECUTE FUNCTION lw_facts_are_only_added()
    """)
    op.execute("""
        CREATE FUNCTION lw_facts_lose_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (NEW.seq, NEW.hash, NEW.at, NEW.what) IS DISTINCT FROM (OLD.seq, OLD.hash, OLD.at, OLD.what)
                OR NOT EXISTS (SELECT 1 FROM lw_redactions r WHERE r.seq = OLD.seq) THEN
                RAISE EXCEPTION 'facts are only added' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER tr_lw_facts_only_redacted BEFORE UPDATE ON lw_facts
        FOR EACH ROW EXECUTE FUNCTION lw_facts_lose_words()
    """)
