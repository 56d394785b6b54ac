"""Adults whom a school or an employer invites to apply: by name and contact, and the file that they let be followed."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"invitees": "institution"}
INDEXES = ("institution_id", "by", "application_id")

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_invitees_{column}_{target}"))


def upgrade() -> None:
    op.create_table(
        "invitees",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("group_name", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("sort_name", sa.String(length=160), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("application_id", ID, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        _key("application_id", "applications"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitees")),
        sa.UniqueConstraint("intake_id", "by", "blind", name=op.f("uq_invitees_intake_id_by_blind")),
        sa.UniqueConstraint("reference", name=op.f("uq_invitees_reference")),
        info={"tenancy": "institution"},
    )
    for column in INDEXES:
        op.create_index(op.f(f"ix_invitees_{column}"), "invitees", [column], unique=False)
    op.create_index("ix_invitees_intake_by_name", "invitees", ["intake_id", "by", "sort_name", "id"])
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("invitees")
