"""The few files that everybody reads are found among all readings by an index of their own."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_reviews_anchors",
        "reviews",
        ["intake_id", "application_id"],
        sqlite_where=sa.text("anchor IS 1"),
        postgresql_where=sa.text("anchor IS true"),
    )


def downgrade() -> None:
    op.drop_index("ix_reviews_anchors", "reviews")
