"""A decision keeps what its row of the ranking said, so that the ranking of a batch is read from its decisions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

BY_RANK = "ix_decisions_batch_id_rank"
ADDED: tuple[tuple[str, sa.types.TypeEngine[Any], str | None], ...] = (
    ("totals", JSON, "'[]'"),
    ("decided", sa.String(length=8), "''"),
    ("knocked_out", sa.String(length=40), "''"),
    ("knocked_out_mean", sa.Integer(), None),
    ("added", sa.Integer(), None),
    ("groups", JSON, "'[]'"),
)
CUT = """
UPDATE standing_rows SET outcome = CASE WHEN standing_rows.place <= s.chosen THEN 'offer' ELSE 'waiting' END,
  position = CASE WHEN standing_rows.place > s.chosen THEN standing_rows.place - s.chosen END
FROM standings s WHERE s.id = standing_rows.standing_id AND standing_rows.place <= s.chosen + s.waiting
"""
BATCHES = sa.table("batches", sa.column("id"), sa.column("certificate", JSON))
DECISIONS = sa.table(
    "decisions", sa.column("batch_id"), sa.column("rank"), sa.column("totals", JSON), sa.column("decided")
)


def upgrade() -> None:
    for name, kind, default in ADDED:
        op.add_column(
            "decisions",
            sa.Column(name, kind, nullable=default is None, server_default=default and sa.text(default)),
        )
    op.create_index(BY_RANK, "decisions", ["batch_id", "rank", "id"])
    _from_certificates()
    _rows_of_rankings()


def _rows_of_rankings() -> None:
    """Rankings are kept until what they rest on changes: those of before are cut where their numbers say."""
    op.add_column(
        "standing_rows",
        sa.Column("outcome", sa.String(length=12), nullable=False, server_default="refused"),
    )
    op.add_column("standing_rows", sa.Column("position", sa.Integer(), nullable=True))
    op.add_column("standing_rows", sa.Column("added", sa.Integer(), nullable=True))
    op.execute(CUT)


def _from_certificates() -> None:
    """Batches of before say it in their certificates alone. One is read at a time: that of many files is large."""
    bind = op.get_bind()
    keep = DECISIONS.update().where(
        DECISIONS.c.batch_id == sa.bindparam("batch"), DECISIONS.c.rank == sa.bindparam("place")
    )
    keep = keep.values(totals=sa.bindparam("read", type_=JSON), decided=sa.bindparam("rule"))
    for number in bind.scalars(sa.select(BATCHES.c.id)).all():
        found = bind.scalar(sa.select(BATCHES.c.certificate).where(BATCHES.c.id == number)) or {}
        rows = [
            {"batch": number, "place": row["rank"], "read": row["totals"], "rule": row["decided"]}
            for row in found.get("rows", ())
        ]
        if rows:
            bind.execute(keep, rows)


def downgrade() -> None:
    for name in ("outcome", "position", "added"):
        op.drop_column("standing_rows", name)
    op.drop_index(BY_RANK, table_name="decisions")
    for name, _kind, _default in ADDED:
        op.drop_column("decisions", name)
