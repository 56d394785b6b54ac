"""Papers have narrow pictures of their pages besides wide ones; those that were examined before wait for the worker."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}
UNDRAWN = "drawn IS {} AND state = 'clean' AND replaced_at IS NULL"

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "documents", sa.Column("narrow_pages", JSON, nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("documents", sa.Column("drawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_documents_undrawn",
        "documents",
        ["id"],
        sqlite_where=sa.text(UNDRAWN.format("0")),
        postgresql_where=sa.text(UNDRAWN.format("false")),
    )


def downgrade() -> None:
    op.drop_index("ix_documents_undrawn", "documents")
    for name in ("drawn", "narrow_pages"):
        op.drop_column("documents", name)
