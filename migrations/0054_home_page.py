"""The home page belongs to the installation: its letterhead has a picture for it."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letterheads", sa.Column("picture", sa.LargeBinary(), nullable=True))
    digest = sa.Column("picture_digest", sa.String(length=16), nullable=False, server_default=sa.text("''"))
    op.add_column("letterheads", digest)
    op.create_index(op.f("ix_letterheads_picture_digest"), "letterheads", ["picture_digest"])


def downgrade() -> None:
    op.drop_index(op.f("ix_letterheads_picture_digest"), "letterheads")
    with op.batch_alter_table("letterheads") as batch:
        batch.drop_column("picture_digest")
        batch.drop_column("picture")
