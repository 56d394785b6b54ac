"""Files are counted with the act that changes them: triggers keep the number of each kind, in shards of an intake."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"intake_counts": "institution"}

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = ("intake_id", "shard", "state", "eligible", "consent", "source", "region", "offering_id")
TEXTS = Path(__file__).parent / "0033_counted_files"
TRIGGERS = ("app_count_files_added", "app_count_files_gone", "app_count_files_changed")


def upgrade() -> None:
    op.create_table(
        "intake_counts",
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("eligible", sa.String(length=4), nullable=False),
        sa.Column("consent", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("region", sa.String(length=5), nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("files", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.id"], name=op.f("fk_intake_counts_intake_id_intakes")
        ),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_intake_counts")),
    )
    op.create_index(op.f("ix_intake_counts_institution_id"), "intake_counts", ["institution_id"])
    execute("there")
    if op.get_context().dialect.name == "sqlite":
        execute("sqlite")
        return
    for table, kind in WALLS.items():
        wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
        op.execute(wall.bindparams(place=table, kind=kind))
    execute("postgresql")


def downgrade() -> None:
    on = "" if op.get_context().dialect.name == "sqlite" else " ON applications"
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}{on}")
    if on:
        op.execute("DROP FUNCTION app_count_files()")
    op.drop_table("intake_counts")


def execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(sa.text(statement.replace(":", "\\:")))
