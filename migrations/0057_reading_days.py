"""Readings are due by a day, some are of files that all read, and a reader may have a limit of files."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"reader_limits": "institution"}

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_reader_limits_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)


def upgrade() -> None:
    op.add_column("reviews", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("reviews", sa.Column("anchor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "reader_limits",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=False),
        sa.Column("most_files", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("reader_id", "persons"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_limits")),
        sa.UniqueConstraint("intake_id", "reader_id", name=op.f("uq_reader_limits_intake_id_reader_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_reader_limits_reference")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "reader_id"):
        op.create_index(op.f(f"ix_reader_limits_{column}"), "reader_limits", [column], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("reader_limits")
    op.drop_column("reviews", "anchor")
    op.drop_column("reviews", "due_on")
