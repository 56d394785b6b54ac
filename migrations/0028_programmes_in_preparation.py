"""A programme is in preparation until somebody else than who prepared it publishes it."""

import sqlalchemy as sa
from alembic import op

WALLS: dict[str, str] = {}

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("programmes") as batch:
        batch.add_column(sa.Column("prepared_by", sa.String(length=26), nullable=True))


def downgrade() -> None:
    # What is in preparation stays so: an intake that nobody published is shown to nobody without this column too.
    with op.batch_alter_table("programmes") as batch:
        batch.drop_column("prepared_by")
