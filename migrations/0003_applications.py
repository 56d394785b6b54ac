"""Applications with their documents; runs of the import and its tray."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {
    "applications": "institution_or_person",
    "documents": "institution_or_person",
    "import_runs": "institution",
    "tray_rows": "institution",
}

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _institution(table: str) -> sa.ForeignKeyConstraint:
    """The models bear a bare number; the key that holds it stands here."""
    name = op.f(f"fk_{table}_institution_id_organisations")
    return sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"], name=name)


def upgrade() -> None:
    _applications()
    _documents()
    _import_runs()
    _tray_rows()
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("offering_id", ID, nullable=True),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("sealed_answers", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("eligible", sa.Boolean(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("sort_name", sa.String(length=250), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("region", sa.String(length=5), nullable=True),
        sa.Column("diploma", sa.String(length=60), nullable=True),
        sa.Column("average_thousandths", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'withdrawn')", name=op.f("ck_applications_state")
        ),
        _institution("applications"),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.id"], name=op.f("fk_applications_intake_id_intakes")
        ),
        sa.ForeignKeyConstraint(
            ["offering_id"], ["offerings.id"], name=op.f("fk_applications_offering_id_offerings")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_applications_person_id_persons")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["definition_versions.id"],
            name=op.f("fk_applications_version_id_definition_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("intake_id", "person_id", name=op.f("uq_applications_intake_id_person_id")),
        sa.UniqueConstraint("number", name=op.f("uq_applications_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_applications_reference")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index("ix_applications_institution_id", "applications", ["institution_id"])
    op.create_index(
        "ix_applications_intake_state_name", "applications", ["intake_id", "state", "sort_name", "id"]
    )
    op.create_index("ix_applications_offering_id", "applications", ["offering_id"])
    op.create_index("ix_applications_person_id", "applications", ["person_id"])
    op.create_index("ix_applications_version_id", "applications", ["version_id"])


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=False),
        sa.Column("question", sa.String(length=60), nullable=False),
        sa.Column("storage_key", sa.String(length=26), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _institution("documents"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_documents_application_id_applications")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_documents_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("reference", name=op.f("uq_documents_reference")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_documents_storage_key")),
        info={"tenancy": "institution_or_person"},
    )
    op.create_index("ix_documents_application_question", "documents", ["application_id", "question"])
    op.create_index("ix_documents_institution_id", "documents", ["institution_id"])
    op.create_index("ix_documents_person_id", "documents", ["person_id"])


def _import_runs() -> None:
    op.create_table(
        "import_runs",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=26), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("storage_key", sa.String(length=26), nullable=True),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.CheckConstraint("state IN ('preview', 'loaded', 'dropped')", name=op.f("ck_import_runs_state")),
        _institution("import_runs"),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name=op.f("fk_import_runs_intake_id_intakes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("reference", name=op.f("uq_import_runs_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index("ix_import_runs_institution_id", "import_runs", ["institution_id"])
    op.create_index("ix_import_runs_intake_id", "import_runs", ["intake_id"])


def _tray_rows() -> None:
    op.create_table(
        "tray_rows",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("application_id", ID, nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("problems", JSON, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'asked', 'loaded', 'discarded')", name=op.f("ck_tray_rows_state")
        ),
        _institution("tray_rows"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_tray_rows_application_id_applications")
        ),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name=op.f("fk_tray_rows_intake_id_intakes")),
        sa.ForeignKeyConstraint(["run_id"], ["import_runs.id"], name=op.f("fk_tray_rows_run_id_import_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tray_rows")),
        sa.UniqueConstraint("intake_id", "fingerprint", name=op.f("uq_tray_rows_intake_id_fingerprint")),
        sa.UniqueConstraint("reference", name=op.f("uq_tray_rows_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index("ix_tray_rows_application_id", "tray_rows", ["application_id"])
    op.create_index("ix_tray_rows_institution_id", "tray_rows", ["institution_id"])
    op.create_index("ix_tray_rows_run_id", "tray_rows", ["run_id"])


def downgrade() -> None:
    for table in ("tray_rows", "import_runs", "documents", "applications"):
        op.drop_table(table)
