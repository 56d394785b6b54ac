"""What the worker found for a page is kept: the figures of pages that would read a whole intake. Imported files are
found without the others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_results",
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("made_at", MOMENT, nullable=True),
        sa.Column("figures", JSON, nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", name="pk_kept_results"),
    )
    op.create_index("ix_kept_results_institution_id", "kept_results", ["institution_id"])
    imported = sa.text("source = 'import'")
    op.create_index(
        "ix_applications_imported",
        "applications",
        ["intake_id", "id"],
        sqlite_where=imported,
        postgresql_where=imported,
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("SELECT cohortmgr_wall('kept_results', 'institution')")


def downgrade() -> None:
    op.drop_index("ix_applications_imported", "applications")
    op.drop_table("kept_results")
