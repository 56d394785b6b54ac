"""A file says when its person last changed what was sent: whoever sent a correction saw no sign of it."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

FILES = sa.table("applications", sa.column("id"), sa.column("resent_at", sa.DateTime(timezone=True)))
CORRECTIONS = sa.table("corrections", sa.column("application_id"), sa.column("done_at"))


def upgrade() -> None:
    op.add_column("applications", sa.Column("resent_at", sa.DateTime(timezone=True), nullable=True))
    # Of what was sent again without being asked, only the trail knows.
    done = sa.select(sa.func.max(CORRECTIONS.c.done_at)).where(CORRECTIONS.c.application_id == FILES.c.id)
    corrected = sa.select(CORRECTIONS.c.application_id).where(CORRECTIONS.c.done_at.is_not(None))
    op.execute(sa.update(FILES).where(FILES.c.id.in_(corrected)).values(resent_at=done.scalar_subquery()))


def downgrade() -> None:
    op.drop_column("applications", "resent_at")
