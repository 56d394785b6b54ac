"""The number that enters an account is kept by the account: that of the person changes with what their file says."""

import sqlalchemy as sa
from alembic import op

# No table is made here.
WALLS: dict[str, str] = {}

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.drop_column("phone_sealed")
