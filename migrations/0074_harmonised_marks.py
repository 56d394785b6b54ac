"""Harmonised marks: what the worker found of a phase, and by which marks its commission ranks."""

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
    "harmonisations": "institution", "harmonised_files": "institution", "mark_choices": "institution",
}  # fmt: skip

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0074_harmonised_marks"
STANDS = sa.text("taken_back_at IS NULL")
NUMBERS = ("raw", "harmonised", "weighted", "error", "weighted_error", "chance", "weighted_chance")


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
    _harmonisations()
    _files()
    _choices()
    for table in WALLS:
        op.create_index(op.f(f"ix_{table}_institution_id"), table, ["institution_id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))
    _execute()


def _harmonisations() -> None:
    op.create_table(
        "harmonisations",
        *_row("harmonisations"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("formulas", JSON, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.UniqueConstraint("intake_id", "phase", name=op.f("uq_harmonisations_intake_id_phase")),
        info={"tenancy": "institution"},
    )


def _files() -> None:
    op.create_table(
        "harmonised_files",
        sa.Column("harmonisation_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        _key("harmonised_files", "harmonisation_id", "harmonisations", "CASCADE"),
        _key("harmonised_files", "application_id", "applications", "CASCADE"),
        _key("harmonised_files", "institution_id", "organisations"),
        sa.PrimaryKeyConstraint("harmonisation_id", "application_id", name=op.f("pk_harmonised_files")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_harmonised_files_application_id"), "harmonised_files", ["application_id"])


def _choices() -> None:
    op.create_table(
        "mark_choices",
        *_row("mark_choices"),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=False),
        sa.Column("chosen_by", sa.String(length=26), nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        sa.Column("taken_back_by", sa.String(length=26), nullable=False),
        sa.Column("taken_back_because", sa.Text(), nullable=False),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_mark_choices_intake_id"), "mark_choices", ["intake_id"], unique=False)
    op.create_index(
        "uq_mark_choices_standing",
        "mark_choices",
        ["intake_id", "phase"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )


def downgrade() -> None:
    for table in ("mark_choices", "harmonised_files", "harmonisations"):
        op.drop_table(table)


def _execute() -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    name = op.get_context().dialect.name
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(statement.strip())
