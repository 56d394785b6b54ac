"""How to reach an organisation that hosts nothing, and its mark: a company's stands where apprentices read its name."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("''")
    op.add_column(
        "organisations", sa.Column("telephone", sa.String(30), nullable=False, server_default=empty)
    )
    op.add_column("organisations", sa.Column("email", sa.String(254), nullable=False, server_default=empty))
    op.add_column("organisations", sa.Column("mark", sa.LargeBinary(), nullable=True))
    op.add_column(
        "organisations", sa.Column("mark_digest", sa.String(16), nullable=False, server_default=empty)
    )
    op.create_index(op.f("ix_organisations_mark_digest"), "organisations", ["mark_digest"])


def downgrade() -> None:
    op.drop_index(op.f("ix_organisations_mark_digest"), "organisations")
    with op.batch_alter_table("organisations") as batch:
        for name in ("mark_digest", "mark", "email", "telephone"):
            batch.drop_column(name)
