"""A role may be given at an organisation alone, without the institutions below it."""

import sqlalchemy as sa
from alembic import op

# No table is made here.
WALLS: dict[str, str] = {}

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("grants") as table:
        table.add_column(sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    # The old rule knows no such role: it would reach further than it was given.
    op.execute("UPDATE grants SET revoked_at = CURRENT_TIMESTAMP WHERE alone AND revoked_at IS NULL")
    with op.batch_alter_table("grants") as table:
        table.drop_column("alone")
