"""Offers of an offering have an index in the order of their states and files: a list is sorted by the answer."""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_offers_offering_id_state", "offers")
    op.create_index("ix_offers_offering_id_state", "offers", ["offering_id", "state", "application_id"])


def downgrade() -> None:
    op.drop_index("ix_offers_offering_id_state", "offers")
    op.create_index("ix_offers_offering_id_state", "offers", ["offering_id", "state"])
