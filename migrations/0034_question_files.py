"""A question may bring a file: its entry names it in the storage."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("question_entries", sa.Column("file_key", sa.String(26), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("question_entries") as table:
        table.drop_column("file_key")
