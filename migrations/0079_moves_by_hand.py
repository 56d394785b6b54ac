"""Moves by hand: a row for each seat that the jury gives or withholds whatever the mark, asked and agreed to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"hand_moves": "institution"}

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_hand_moves_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "hand_moves",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("agreed_by", sa.String(length=26), nullable=True),
        sa.Column("agreed_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(length=26), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("effect", JSON, nullable=False),
        sa.Column("rests_on", sa.String(length=100), nullable=False),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("application_id", "applications"),
        _key("intake_id", "intakes"),
        _key("offering_id", "offerings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_moves")),
        sa.UniqueConstraint("reference", name=op.f("uq_hand_moves_reference")),
        info={"tenancy": "institution"},
    )
    for column in ("institution_id", "application_id", "intake_id"):
        op.create_index(op.f(f"ix_hand_moves_{column}"), "hand_moves", [column], unique=False)
    op.create_index("ix_hand_moves_offering_id_state", "hand_moves", ["offering_id", "state"], unique=False)
    for state in ("asked", "agreed"):
        where = sa.text(f"state = '{state}'")
        op.create_index(
            f"uq_hand_moves_{state}",
            "hand_moves",
            ["application_id"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("hand_moves")
