"""A file's row says whether it has a document, in the order of names, so that lists of files with papers and without
them are read by an index."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0046_listed_documents"
INDEX = "ix_applications_intake_state_documented"


def upgrade() -> None:
    there = sa.Column("documented", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("applications", there)
    op.execute(
        "UPDATE applications SET documented = (1 = 1)"
        " WHERE id IN (SELECT application_id FROM documents WHERE replaced_at IS NULL)"
    )
    columns = ["intake_id", "state", "documented", "sort_name", "id"]
    op.create_index(INDEX, "applications", columns)
    on_postgresql = op.get_context().dialect.name == "postgresql"
    text = (TEXTS / ("postgresql.sql" if on_postgresql else "sqlite.sql")).read_text(encoding="utf-8")
    # SQLite's driver takes one statement at a time.
    for statement in [text] if on_postgresql else text.split("\n\n")[1:]:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    for event in ("added", "changed", "gone"):
        op.execute(f"DROP TRIGGER app_documents_{event}" + (" ON documents" if on_postgresql else ""))
    if on_postgresql:
        op.execute("DROP FUNCTION app_follow_documents()")
    op.drop_index(INDEX, "applications")
    op.drop_column("applications", "documented")
