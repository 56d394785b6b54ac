"""A file is found by the address that stands in it, in the form in which addresses are known."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE persons SET email = lower(email) WHERE email <> lower(email)")
    op.execute("UPDATE applications SET email = lower(email) WHERE email <> lower(email)")
    op.create_index("ix_applications_email", "applications", ["email"])


def downgrade() -> None:
    op.drop_index("ix_applications_email", "applications")
