"""Files that look alike are found once and kept: what each may share, the pairs, and what is still to be compared."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration. These have policies of their own.
WALLS: dict[str, str] = {}

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TEXTS = Path(__file__).parent / "0037_kept_duplicates"
TABLES = ("files_to_compare", "file_traits", "trait_crowds", "duplicate_pairs")
TRIGGERS = {
    "app_compare_files_added": "applications",
    "app_compare_files_changed": "applications",
    "app_compare_files_gone": "applications",
    "app_compare_persons_changed": "persons",
    "app_compare_numbers_added": "identifiers",
    "app_compare_numbers_changed": "identifiers",
    "app_compare_numbers_gone": "identifiers",
    "app_compare_merged": "merges",
    "app_compare_parted": "merges",
}


def upgrade() -> None:
    op.create_table(
        "files_to_compare",
        sa.Column("id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files_to_compare")),
    )
    op.create_index(op.f("ix_files_to_compare_intake_id"), "files_to_compare", ["intake_id"])
    op.create_table(
        "file_traits",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.PrimaryKeyConstraint("key", "application_id", name=op.f("pk_file_traits")),
    )
    op.create_index(op.f("ix_file_traits_application_id"), "file_traits", ["application_id"])
    op.create_table(
        "trait_crowds",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("files", ID, nullable=False),
        sa.Column("sample_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("key", "intake_id", name=op.f("pk_trait_crowds")),
    )
    op.create_index("ix_trait_crowds_intake_id_files", "trait_crowds", ["intake_id", "files"])
    op.create_table(
        "duplicate_pairs",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("file_id", ID, nullable=False),
        sa.Column("beside_institution_id", ID, nullable=False),
        sa.Column("beside_intake_id", ID, nullable=False),
        sa.Column("beside_id", ID, nullable=False),
        sa.Column("across", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("signs", JSON, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pairs")),
        sa.UniqueConstraint("file_id", "beside_id", name=op.f("uq_duplicate_pairs_file_id_beside_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_duplicate_pairs_reference")),
    )
    op.create_index(op.f("ix_duplicate_pairs_beside_id"), "duplicate_pairs", ["beside_id"])
    listed = ["intake_id", "across", "score", "id"]
    op.create_index("ix_duplicate_pairs_intake_across_score", "duplicate_pairs", listed)
    for name in ("there", op.get_context().dialect.name):
        execute(name)


def downgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    for name, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name}" if is_sqlite else f"DROP TRIGGER {name} ON {table}")
    if not is_sqlite:
        op.execute("DROP FUNCTION app_compare_files(), app_compare_persons(), app_compare_merges()")
    for table in reversed(TABLES):
        op.drop_table(table)


def execute(name: str) -> None:
    """Run a file: whole on PostgreSQL, statement by statement on SQLite, whose driver takes one at a time."""
    text = (TEXTS / f"{name}.sql").read_text(encoding="utf-8")
    for statement in text.split("\n\n") if name == "sqlite" else [text]:
        if not statement.startswith("--") or name != "sqlite":
            op.execute(sa.text(statement.replace(":", "\\:")))
