"""Readings keep what was handed in before, may be marked as to be discussed, and say since when they are discussed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    earlier = sa.Column("earlier", JSON, nullable=False, server_default=sa.text("'[]'"))
    flag = sa.Column("to_discuss", sa.Boolean(), nullable=False, server_default=sa.false())
    for column in (earlier, flag, sa.Column("discussed_at", sa.DateTime(timezone=True), nullable=True)):
        op.add_column("reviews", column)


def downgrade() -> None:
    for name in ("discussed_at", "to_discuss", "earlier"):
        op.drop_column("reviews", name)
