"""Whom readers know: the files that they must not read, and that they have said so."""

from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"reader_conflicts": "institution", "reader_declarations": "institution"}

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _row(table: str) -> list[Any]:
    return [
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key(table, "institution_id", "organisations"),
        _key(table, "intake_id", "intakes"),
        _key(table, "reader_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reference", name=op.f(f"uq_{table}_reference")),
    ]


def upgrade() -> None:
    op.create_table(
        "reader_conflicts",
        *_row("reader_conflicts"),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        _key("reader_conflicts", "application_id", "applications"),
        sa.UniqueConstraint(
            "application_id", "reader_id", name=op.f("uq_reader_conflicts_application_id_reader_id")
        ),
        info={"tenancy": "institution"},
    )
    op.create_table(
        "reader_declarations",
        *_row("reader_declarations"),
        sa.UniqueConstraint(
            "intake_id", "reader_id", name=op.f("uq_reader_declarations_intake_id_reader_id")
        ),
        info={"tenancy": "institution"},
    )
    for table in WALLS:
        for column in ("institution_id", "reader_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.create_index(op.f("ix_reader_conflicts_intake_id"), "reader_conflicts", ["intake_id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("reader_declarations")
    op.drop_table("reader_conflicts")
