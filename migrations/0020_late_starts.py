"""More time for whoever has not begun an application yet."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"late_starts": "institution"}
INDEXES = ("institution_id", "application_id")

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_late_starts_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "late_starts",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("application_id", ID, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        _key("intake_id", "intakes"),
        _key("application_id", "applications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_starts")),
        sa.UniqueConstraint("intake_id", "blind", name=op.f("uq_late_starts_intake_id_blind")),
        sa.UniqueConstraint("reference", name=op.f("uq_late_starts_reference")),
        info={"tenancy": "institution"},
    )
    for column in INDEXES:
        op.create_index(op.f(f"ix_late_starts_{column}"), "late_starts", [column], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("late_starts")
