"""Guardians and what they allow; which file of an institution brought an application, and whether it was taken back."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"consents": "institution_or_person"}
STATES = "state IN ('draft', 'submitted', 'withdrawn', 'superseded')"
STATES_NOW = "state IN ('draft', 'held', 'submitted', 'withdrawn', 'superseded')"
CONSENTS = "consent IN ('none', 'waiting', 'given', 'withdrawn')"

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_runs", sa.Column("undone_at", MOMENT, nullable=True))
    op.add_column("import_runs", sa.Column("bundle", sa.String(length=26), nullable=True))
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consent", sa.String(length=10), nullable=False, server_default="none"))
        batch_op.add_column(sa.Column("run_id", ID, nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_applications_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_applications_state"), STATES_NOW)
        batch_op.create_check_constraint(batch_op.f("ck_applications_consent"), CONSENTS)
        batch_op.create_foreign_key(
            batch_op.f("fk_applications_run_id_import_runs"), "import_runs", ["run_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_applications_run_id"), ["run_id"], unique=False)
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.alter_column("consent", server_default=None)
    _guardianships()
    _consents()
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def _guardianships() -> None:
    op.create_table(
        "guardianships",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("child_id", ID, nullable=False),
        sa.Column("guardian_id", ID, nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        sa.ForeignKeyConstraint(["child_id"], ["persons.id"], name=op.f("fk_guardianships_child_id_persons")),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["persons.id"], name=op.f("fk_guardianships_guardian_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardianships")),
        sa.UniqueConstraint(
            "child_id",
            "guardian_id",
            "institution_id",
            name=op.f("uq_guardianships_child_id_guardian_id_institution_id"),
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_guardianships_reference")),
        info={"tenancy": "global"},
    )
    op.create_index(op.f("ix_guardianships_guardian_id"), "guardianships", ["guardian_id"], unique=False)


def _consents() -> None:
    points = {
        "person_id": "persons",
        "application_id": "applications",
        "guardian_id": "persons",
        "version_id": "definition_versions",
    }
    op.create_table(
        "consents",
        sa.Column("institution_id", ID, nullable=False),
        *(sa.Column(name, ID, nullable=False) for name in points),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.String(length=40), nullable=False),
        sa.Column("signed", sa.String(length=160), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_consents_{name}_{table}"))
            for name, table in points.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint("reference", name=op.f("uq_consents_reference")),
        info={"tenancy": "institution_or_person"},
    )
    for column in ("institution_id", "person_id", "application_id", "guardian_id"):
        op.create_index(op.f(f"ix_consents_{column}"), "consents", [column], unique=False)
    standing = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "uq_consents_standing",
        "consents",
        ["application_id", "purpose"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    for table in ("consents", "guardianships"):
        op.drop_table(table)
    # Whose guardian has not agreed is a draft again, to what knew of no guardian.
    op.execute("UPDATE applications SET state = 'draft' WHERE state = 'held'")
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_applications_run_id"))
        batch_op.drop_constraint(batch_op.f("fk_applications_run_id_import_runs"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_applications_consent"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_applications_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_applications_state"), STATES)
        batch_op.drop_column("run_id")
        batch_op.drop_column("consent")
    op.drop_column("import_runs", "bundle")
    op.drop_column("import_runs", "undone_at")
