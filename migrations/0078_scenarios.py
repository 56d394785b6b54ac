"""Scenarios: what a commission tried out on the board of a choice, and kept under a name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"scenarios": "institution"}

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_scenarios_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "scenarios",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("rests_on", sa.String(length=100), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("offering_id", "offerings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenarios")),
        sa.UniqueConstraint("reference", name=op.f("uq_scenarios_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_scenarios_institution_id"), "scenarios", ["institution_id"], unique=False)
    op.create_index("ix_scenarios_offering_id_id", "scenarios", ["offering_id", "id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("scenarios")
