"""The reading that was given last in an intake is found by an index: a press on a page of before it gives nothing."""

from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reviews_intake_id_id", "reviews", ["intake_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_reviews_intake_id_id", table_name="reviews")
