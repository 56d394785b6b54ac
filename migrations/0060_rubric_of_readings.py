"""Intakes say by which version's rubric their files are read, since a first reading was handed in."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intakes", sa.Column("read_by", sa.String(64), nullable=True))
    # Those that are being read, or were, go on with the rubric that is in force this day.
    op.execute(
        "UPDATE intakes SET read_by = fingerprint WHERE EXISTS (SELECT 1 FROM reviews"
        " WHERE reviews.intake_id = intakes.id AND reviews.total_thousandths IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_column("intakes", "read_by")
