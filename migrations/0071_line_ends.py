"""Line ends in readers' comments are one character, as a spreadsheet gives them back: an unchanged one is unchanged."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    reviews = sa.table("reviews", sa.column("comment", sa.Text))
    ended = sa.func.replace(sa.func.replace(reviews.c.comment, "\r\n", "\n"), "\r", "\n")
    op.execute(reviews.update().where(reviews.c.comment.contains("\r")).values(comment=ended))


def downgrade() -> None:
    """What ended a line before is not known any more, and says nothing."""
