"""Kept rankings say on which criterion a file was knocked out, and with which mean."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.Column("knocked_out", sa.String(40), nullable=False, server_default=sa.text("''"))
    mean = sa.Column("knocked_out_mean", sa.Integer(), nullable=True)
    for column in (key, mean):
        op.add_column("standing_rows", column)


def downgrade() -> None:
    for name in ("knocked_out_mean", "knocked_out"):
        op.drop_column("standing_rows", name)
