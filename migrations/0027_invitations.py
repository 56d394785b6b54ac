"""Roles hold from a day to another and may stand for somebody; invitations to a role wait for a proved address."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("grants") as table:
        table.add_column(sa.Column("begins_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("stands_for_id", ID, nullable=True))
        table.create_foreign_key(
            op.f("fk_grants_stands_for_id_accounts"), "accounts", ["stands_for_id"], ["id"]
        )
    op.create_table(
        "invitations",
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("scope_kind", sa.String(length=20), nullable=False),
        sa.Column("scope_reference", sa.String(length=26), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("institutions", JSON, nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("replaces_id", ID, nullable=True),
        sa.Column("invited_by", sa.String(length=26), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("called_off_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["grants.id"], name=op.f("fk_invitations_replaces_id_grants")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("reference", name=op.f("uq_invitations_reference")),
        info={"tenancy": "global"},
    )
    op.create_index(op.f("ix_invitations_blind"), "invitations", ["blind"], unique=False)


def downgrade() -> None:
    op.drop_table("invitations")
    # A role that has not begun, or is over, would hold again for those who know no days.
    op.execute(
        "UPDATE grants SET revoked_at = CURRENT_TIMESTAMP WHERE revoked_at IS NULL AND (begins_on IS NOT NULL "
        "AND begins_on > CURRENT_DATE OR ends_on IS NOT NULL)"
    )
    with op.batch_alter_table("grants") as table:
        table.drop_constraint(op.f("fk_grants_stands_for_id_accounts"), type_="foreignkey")
        table.drop_column("stands_for_id")
        table.drop_column("ends_on")
        table.drop_column("begins_on")
