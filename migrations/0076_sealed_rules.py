"""The rules by which intakes choose: a row for each version, sealed by two people before the first mark."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"rules_versions": "institution"}

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('draft', 'proposed')")


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_rules_versions_{column}_{target}")
    )


def upgrade() -> None:
    op.create_table(
        "rules_versions",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=26), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("proposed_by", sa.String(length=26), nullable=True),
        sa.Column("proposed_at", MOMENT, nullable=True),
        sa.Column("sealed_by", sa.String(length=26), nullable=True),
        sa.Column("sealed_at", MOMENT, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("older_marks", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_versions")),
        sa.UniqueConstraint("reference", name=op.f("uq_rules_versions_reference")),
        sa.UniqueConstraint("intake_id", "number", name=op.f("uq_rules_versions_intake_id_number")),
        info={"tenancy": "institution"},
    )
    op.create_index(
        op.f("ix_rules_versions_institution_id"), "rules_versions", ["institution_id"], unique=False
    )
    op.create_index(
        "uq_rules_versions_open",
        "rules_versions",
        ["intake_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("rules_versions")
