"""Readings say of which phase of the rubric they are: one person may mark a file once in each."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

# What the only round of earlier definitions is called.
FIRST_PHASE = "dossiers"
BEFORE, NOW = "uq_reviews_application_id_reviewer_id", "uq_reviews_application_id_reviewer_id_phase"


def upgrade() -> None:
    op.add_column(
        "reviews", sa.Column("phase", sa.String(length=40), nullable=False, server_default=FIRST_PHASE)
    )
    _fill()
    _swap(BEFORE, NOW, ["application_id", "reviewer_id", "phase"], default=False)


def _fill() -> None:
    """Let each reading be of the phase in which files are read, by the rubric that its intake is read by."""
    bind = op.get_bind()
    documents = sa.table("definition_versions", sa.column("fingerprint"), sa.column("document", JSON))
    read = sa.text(
        "SELECT i.id, coalesce(i.read_by, i.fingerprint) AS fingerprint FROM intakes i"
        " WHERE EXISTS (SELECT 1 FROM reviews r WHERE r.intake_id = i.id)"
    )
    for number, fingerprint in bind.execute(read).all():
        wanted = sa.select(documents.c.document).where(documents.c.fingerprint == fingerprint).limit(1)
        key = _files_of(bind.scalar(wanted) or {})
        if key != FIRST_PHASE:
            bind.execute(
                sa.text("UPDATE reviews SET phase = :key WHERE intake_id = :intake"),
                {"key": key, "intake": number},
            )


def _files_of(document: Mapping[str, Any]) -> str:
    phases = document.get("rubric", {}).get("phases", ())
    return next((str(each["key"]) for each in phases if each.get("kind", "files") == "files"), FIRST_PHASE)


def _swap(before: str, after: str, columns: list[str], *, default: bool) -> None:
    """Put a unique constraint in the place of another. On SQLite the table is written anew, without its triggers."""
    bind, kept = op.get_bind(), []
    if bind.dialect.name == "sqlite":
        triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'reviews'"
        kept = list(bind.scalars(sa.text(triggers)))
    with op.batch_alter_table("reviews") as batch:
        batch.drop_constraint(before, type_="unique")
        batch.create_unique_constraint(after, columns)
        if not default:
            batch.alter_column("phase", server_default=None, existing_type=sa.String(length=40))
    for trigger in kept:
        bind.exec_driver_sql(trigger)


def downgrade() -> None:
    # Whoever marked a file in several phases keeps the marks of the first.
    op.execute(
        "DELETE FROM reviews WHERE EXISTS (SELECT 1 FROM reviews r WHERE r.application_id = reviews.application_id"
        " AND r.reviewer_id = reviews.reviewer_id AND r.id < reviews.id)"
    )
    _swap(NOW, BEFORE, ["application_id", "reviewer_id"], default=True)
    op.drop_column("reviews", "phase")
