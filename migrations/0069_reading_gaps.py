"""The files of large intakes on which readers disagree, as the worker last found them."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"reading_gaps": "institution"}

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def _key(column: str, target: str, **more: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_reading_gaps_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, **more)


def upgrade() -> None:
    op.create_table(
        "reading_gaps",
        sa.Column("application_id", ID, autoincrement=False, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("waits", sa.Integer(), nullable=False),
        _key("application_id", "applications", ondelete="CASCADE"),
        _key("intake_id", "intakes"),
        _key("institution_id", "organisations"),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_reading_gaps")),
        info={"tenancy": "institution"},
    )
    op.create_index(op.f("ix_reading_gaps_institution_id"), "reading_gaps", ["institution_id"], unique=False)
    columns = ["intake_id", "gap", "application_id"]
    op.create_index("ix_reading_gaps_intake_id_gap", "reading_gaps", columns, unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("reading_gaps")
