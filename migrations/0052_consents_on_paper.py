"""A guardian's consent may stand on a paper: of which day it is, and who holds it."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("signed_on", sa.Date(), nullable=True))
    op.add_column("consents", sa.Column("received_by", sa.String(26), nullable=True))


def downgrade() -> None:
    op.drop_column("consents", "received_by")
    op.drop_column("consents", "signed_on")
