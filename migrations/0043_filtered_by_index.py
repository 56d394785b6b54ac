"""A file's row says what lists are filtered by, so that each filter has an index: whether it has a note and more time,
the state of its last correction, and what its person was told. Every state has the order of the day."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0043_filtered_by_index"
OF_STATE = ("intake_id", "state")
FEW = (*OF_STATE, "sort_name", "id")
# Index of applications to columns and condition on PostgreSQL and on SQLite.
INDEXES = {
    "intake_state_outcome": ((*OF_STATE, "outcome", "sort_name", "id"), None, None),
    "noted": (FEW, "noted IS true", "noted IS 1"),
    "extended": (FEW, "extended IS true", "extended IS 1"),
    "corrected": (
        (*OF_STATE, "correction", "sort_name", "id"),
        "correction <> 'none'",
        "correction <> 'none'",
    ),
}
TRIGGERS = {
    "notes": ("added", "gone"),
    "extensions": ("added", "changed", "gone"),
    "corrections": ("added", "changed", "gone"),
}


def upgrade() -> None:
    for name in ("noted", "extended"):
        op.add_column(
            "applications", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    for name, length in (("correction", 12), ("outcome", 10)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="none")
        op.add_column("applications", column)
    # SQLite adds no column that is stored.
    stored = True if op.get_context().dialect.name == "postgresql" else None
    day = sa.Computed("coalesce(sent_at, created_at)", persisted=stored)
    op.add_column("applications", sa.Column("listed_at", sa.DateTime(timezone=True), day, nullable=True))
    execute("there")
    for name, (columns, there, here) in INDEXES.items():
        where = {
            "sqlite_where": sa.text(here) if here else None,
            "postgresql_where": sa.text(there) if there else None,
        }
        op.create_index(f"ix_applications_{name}", "applications", list(columns), **where)
    op.drop_index("ix_applications_intake_state_sent", "applications")
    op.create_index("ix_applications_intake_state_sent", "applications", [*OF_STATE, "listed_at", "id"])
    op.drop_index("ix_applications_imported", "applications")
    _index_imported(FEW)
    op.drop_index("ix_applications_intake_state_name", "applications")
    asked = ["institution_id", "person_id", "consent"]
    op.create_index("ix_applications_intake_state_name", "applications", list(FEW), postgresql_include=asked)
    execute(op.get_context().dialect.name)


def downgrade() -> None:
    on_postgresql = op.get_context().dialect.name == "postgresql"
    for table, events in TRIGGERS.items():
        for event in events:
            op.execute(f"DROP TRIGGER app_{table}_{event}" + (f" ON {table}" if on_postgresql else ""))
    for table in TRIGGERS if on_postgresql else ():
        op.execute(f"DROP FUNCTION app_follow_{table}()")
    op.drop_index("ix_applications_imported", "applications")
    _index_imported(("intake_id", "id"))
    op.drop_index("ix_applications_intake_state_name", "applications")
    op.create_index("ix_applications_intake_state_name", "applications", list(FEW))
    op.drop_index("ix_applications_intake_state_sent", "applications")
    op.create_index("ix_applications_intake_state_sent", "applications", [*OF_STATE, "sent_at", "id"])
    for name in INDEXES:
        op.drop_index(f"ix_applications_{name}", "applications")
    for name in ("noted", "extended", "correction", "outcome", "listed_at"):
        op.drop_column("applications", name)


def _index_imported(columns: tuple[str, ...]) -> None:
    where = sa.text("source = 'import'")
    op.create_index(
        "ix_applications_imported", "applications", list(columns), sqlite_where=where, postgresql_where=where
    )


def execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    whole = op.get_context().dialect.name == "postgresql"
    for statement in [text] if whole else text.split("\n\n"):
        if whole or not statement.startswith("--"):
            op.execute(sa.text(statement.replace(":", "\\:")))
