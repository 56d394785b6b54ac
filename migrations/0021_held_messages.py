"""What a held bundle keeps back leaves the queue, so that those who claim do not pass over it each time."""

import sqlalchemy as sa
from alembic import op

# No table is made here.
WALLS: dict[str, str] = {}

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_bundles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parked", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("outbox_bundles", schema=None) as batch_op:
        batch_op.alter_column("parked", server_default=None)
    op.create_index("ix_outbox_bundle_state", "outbox", ["bundle", "state"], unique=False)
    op.drop_index(op.f("ix_outbox_bundle"), table_name="outbox")


def downgrade() -> None:
    op.execute("UPDATE outbox SET state = 'waiting' WHERE state = 'held'")
    op.create_index(op.f("ix_outbox_bundle"), "outbox", ["bundle"], unique=False)
    op.drop_index("ix_outbox_bundle_state", table_name="outbox")
    with op.batch_alter_table("outbox_bundles", schema=None) as batch_op:
        batch_op.drop_column("parked")
