"""Cohort reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"reports": "institution"}

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_reports_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("figures", JSON, nullable=True),
        sa.Column("storage_key", sa.String(length=26), nullable=True),
        sa.Column("masked_storage_key", sa.String(length=26), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("cohort_id", "cohorts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("reference", name=op.f("uq_reports_reference")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_reports_storage_key")),
        sa.UniqueConstraint("masked_storage_key", name=op.f("uq_reports_masked_storage_key")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "intake_id", "cohort_id"):
        op.create_index(op.f(f"ix_reports_{column}"), "reports", [column])
    computing = sa.text("state = 'computing'")
    op.create_index(
        "uq_reports_computing",
        "reports",
        ["intake_id", "language"],
        unique=True,
        sqlite_where=computing,
        postgresql_where=computing,
    )
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    for table in reversed(WALLS):
        op.drop_table(table)
