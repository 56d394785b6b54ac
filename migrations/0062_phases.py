"""Phases of marking: that one was closed, who went on from it, and what tests gave."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {
    "phase_closings": "institution", "phase_advances": "institution", "phase_results": "institution",
}  # fmt: skip

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0062_phases"
STANDS = sa.text("taken_back_at IS NULL")


def _key(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _row(table: str) -> list[Any]:
    return [
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("phase", sa.String(length=40), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key(table, "institution_id", "organisations"),
        _key(table, "intake_id", "intakes"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{table}_reference")),
    ]


def upgrade() -> None:
    _closings()
    _advances()
    _results()
    for table in WALLS:
        op.create_index(op.f(f"ix_{table}_institution_id"), table, ["institution_id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))
    _execute("")


def _closings() -> None:
    op.create_table(
        "phase_closings",
        *_row("phase_closings"),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by", sa.String(length=26), nullable=False),
        sa.Column("gone_on", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        sa.Column("taken_back_by", sa.String(length=26), nullable=False),
        sa.Column("taken_back_because", sa.Text(), nullable=False),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_phase_closings_intake_id"), "phase_closings", ["intake_id"], unique=False)
    op.create_index(
        "uq_phase_closings_standing",
        "phase_closings",
        ["intake_id", "phase"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )


def _advances() -> None:
    op.create_table(
        "phase_advances",
        sa.Column("closing_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("mark_thousandths", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        _key("phase_advances", "closing_id", "phase_closings", "CASCADE"),
        _key("phase_advances", "application_id", "applications", "CASCADE"),
        _key("phase_advances", "institution_id", "organisations"),
        sa.PrimaryKeyConstraint("closing_id", "application_id", name=op.f("pk_phase_advances")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_phase_advances_application_id"), "phase_advances", ["application_id"])


def _results() -> None:
    op.create_table(
        "phase_results",
        *_row("phase_results"),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("scores", JSON, nullable=False),
        sa.Column("total_thousandths", sa.Integer(), nullable=True),
        sa.Column("absent", sa.Boolean(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("noted_by", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _key("phase_results", "application_id", "applications"),
        sa.UniqueConstraint("application_id", "phase", name=op.f("uq_phase_results_application_id_phase")),
        info={"tenancy": "institution"},
    )
    op.create_index("ix_phase_results_intake_id_phase", "phase_results", ["intake_id", "phase"])


def downgrade() -> None:
    _execute("back_")
    for table in ("phase_results", "phase_advances", "phase_closings"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION app_note_phases()")


def _execute(prefix: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    name = op.get_context().dialect.name
    text = (TEXTS / f"{prefix}{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(statement.strip())
