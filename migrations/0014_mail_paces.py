"""How far the rate of each mail domain is used up, and the outbox in the order in which it leaves."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_paces",
        sa.Column("domain", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spread_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mail_paces")),
        info={"tenancy": "global"},
    )
    op.create_index("ix_outbox_state_due_id", "outbox", ["state", "due", "id"])
    op.drop_index("ix_outbox_state_due", "outbox")


def downgrade() -> None:
    op.create_index("ix_outbox_state_due", "outbox", ["state", "due"])
    op.drop_index("ix_outbox_state_due_id", "outbox")
    op.drop_table("mail_paces")
