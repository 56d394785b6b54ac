"""Documents of several parts, examined before anything is served; figures checked against them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"figure_checks": "institution_or_person"}

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STANDING = sa.text("replaced_at IS NULL")
# What was stored until now was looked at, not taken apart: it goes through the worker before it is served again.
PARTS = {
    "postgresql": """UPDATE documents SET parts = jsonb_build_array(jsonb_build_object(
        'key', storage_key, 'name', filename, 'kind', replace(replace(media_type, 'application/', ''), 'image/', ''),
        'size', size, 'sha256', sha256, 'clean', false)), storage_key = NULL, due = uploaded_at""",
    "sqlite": """UPDATE documents SET parts = json_array(json_object(
        'key', storage_key, 'name', filename, 'kind', replace(replace(media_type, 'application/', ''), 'image/', ''),
        'size', size, 'sha256', sha256, 'clean', json('false'))), storage_key = NULL, due = uploaded_at""",
}


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", sa.String(length=10), nullable=False, server_default="received")
        )
        batch_op.add_column(sa.Column("reason", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("parts", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("pages", JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("promised_for", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("due", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("lease_until", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("original_seen_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("original_seen_by", sa.String(length=26), nullable=True))
        batch_op.alter_column("storage_key", existing_type=sa.String(length=26), nullable=True)
    if dialect == "postgresql":  # the owner too stands before the wall
        op.execute("ALTER TABLE documents NO FORCE ROW LEVEL SECURITY")
    op.execute(PARTS[dialect])
    if dialect == "postgresql":
        op.execute("ALTER TABLE documents FORCE ROW LEVEL SECURITY")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        for name in ("state", "parts", "pages", "tries"):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_check_constraint(
            op.f("ck_documents_state"), "state IN ('received', 'aside', 'clean', 'refused', 'promised')"
        )
    op.create_index("ix_documents_state_due", "documents", ["state", "due"])
    where = {"sqlite_where": STANDING, "postgresql_where": STANDING}
    op.create_index(
        "uq_documents_standing", "documents", ["application_id", "question"], unique=True, **where
    )
    _figure_checks()
    if dialect == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _figure_checks() -> None:
    op.create_table(
        "figure_checks",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("question", sa.String(length=60), nullable=False),
        sa.Column("declared", sa.String(length=40), nullable=False),
        sa.Column("read", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisations.id"],
            name=op.f("fk_figure_checks_institution_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_figure_checks_application_id_applications")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_figure_checks_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_checks")),
        sa.UniqueConstraint("reference", name=op.f("uq_figure_checks_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index("ix_figure_checks_institution_id", "figure_checks", ["institution_id"])
    op.create_index("ix_figure_checks_person_id", "figure_checks", ["person_id"])
    op.create_index("ix_figure_checks_application_question", "figure_checks", ["application_id", "question"])


def downgrade() -> None:
    op.drop_table("figure_checks")
    op.drop_index("uq_documents_standing", "documents")
    op.drop_index("ix_documents_state_due", "documents")
    # What was not examined has no file to go back to.
    op.execute("DELETE FROM documents WHERE storage_key IS NULL")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_documents_state"), type_="check")
        batch_op.alter_column("storage_key", existing_type=sa.String(length=26), nullable=False)
        for name in (
            "original_seen_by",
            "original_seen_at",
            "tries",
            "lease_until",
            "due",
            "promised_for",
            "pages",
            "parts",
            "reason",
            "state",
        ):
            batch_op.drop_column(name)
