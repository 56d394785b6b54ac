"""What a guardian was written is found among the messages of an institution without reading them all."""

import sqlalchemy as sa
from alembic import op

# No table is made here.
WALLS: dict[str, str] = {}

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    apart = sa.text("person_id IS NULL")
    op.create_index(
        "ix_outbox_subject_apart", "outbox", ["subject"], sqlite_where=apart, postgresql_where=apart
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_subject_apart", table_name="outbox")
