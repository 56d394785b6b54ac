"""Sheets of marks that readers look at before they are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"marksheets": "institution"}

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_marksheets_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "marksheets",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("reader_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marksheets")),
        sa.UniqueConstraint("reference", name=op.f("uq_marksheets_reference")),
        sa.UniqueConstraint("intake_id", "reader_id", name=op.f("uq_marksheets_intake_id_reader_id")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "reader_id"):
        op.create_index(op.f(f"ix_marksheets_{column}"), "marksheets", [column], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("marksheets")
