"""Readings say when their reader settled a discussion of them: their marks stand, or were corrected."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

_DISCUSSED = sa.text("discussed_at IS NOT NULL AND settled_at IS NULL")


def upgrade() -> None:
    op.add_column("reviews", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_reviews_discussed",
        "reviews",
        ["intake_id", "reviewer_id"],
        unique=False,
        sqlite_where=_DISCUSSED,
        postgresql_where=_DISCUSSED,
    )


def downgrade() -> None:
    op.drop_index("ix_reviews_discussed", table_name="reviews")
    op.drop_column("reviews", "settled_at")
