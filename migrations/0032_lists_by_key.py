"""Each order of a list has its index: a page is found by the key of a row, and no rows are counted before it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OF_FILES = ("intake_id", "state")
INDEXES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ix_applications_intake_state_number", "applications", (*_OF_FILES, "number", "id")),
    ("ix_applications_intake_state_average", "applications",
     (*_OF_FILES, "average_rank", "id")),
    ("ix_applications_intake_state_sent", "applications", (*_OF_FILES, "sent_at", "id")),
    ("ix_applications_intake_state_region", "applications",
     (*_OF_FILES, "region_rank", "sort_name", "id")),
    ("ix_applications_intake_state_diploma", "applications",
     (*_OF_FILES, "diploma_rank", "sort_name", "id")),
    ("ix_outbox_institution_due", "outbox", ("institution_id", "due", "id")),
    ("ix_audit_events_institution_at", "audit_events", ("institution_id", "at", "id")),
    ("ix_audit_events_at", "audit_events", ("at", "id")),
)  # fmt: skip


RANKS: tuple[tuple[str, str, sa.types.TypeEngine[Any], str], ...] = (
    ("average_rank", "average_thousandths", sa.Integer(), "-1"),
    ("region_rank", "region", sa.String(5), "ZZ"),
    ("diploma_rank", "diploma", sa.String(60), "zzzz"),
)


def upgrade() -> None:
    for name, _from, kind, last in RANKS:
        op.add_column("applications", sa.Column(name, kind, nullable=False, server_default=last))
    files = sa.table("applications", *(sa.column(name) for rank in RANKS for name in rank[:2]))
    filled = {name: sa.func.coalesce(files.c[given], files.c[name]) for name, given, *_rest in RANKS}
    op.execute(sa.update(files).values(filled))
    for index, table, columns in INDEXES:
        op.create_index(index, table, list(columns))


def downgrade() -> None:
    for index, table, _columns in reversed(INDEXES):
        op.drop_index(index, table)
    with op.batch_alter_table("applications") as batch:
        for name, *_rest in RANKS:
            batch.drop_column(name)
