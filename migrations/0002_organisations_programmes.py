"""Organisations, programmes, the versions of their definitions, intakes, offerings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
MOMENT = sa.DateTime(timezone=True)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PUBLISHED = ("programmes", "definition_versions", "intakes", "offerings")


def _institution(table: str) -> sa.ForeignKeyConstraint:
    """The models bear a bare number; the key that holds it stands here."""
    name = op.f(f"fk_{table}_institution_id_organisations")
    return sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", JSON, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=5), nullable=True),
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisations.id"], name=op.f("fk_organisations_parent_id_organisations")
        ),
        _institution("organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("key", name=op.f("uq_organisations_key")),
        sa.UniqueConstraint("path", name=op.f("uq_organisations_path")),
        sa.UniqueConstraint("reference", name=op.f("uq_organisations_reference")),
        info={"tenancy": "global"},
    )
    op.create_index(op.f("ix_organisations_parent_id"), "organisations", ["parent_id"])
    op.create_index(op.f("ix_organisations_institution_id"), "organisations", ["institution_id"])
    op.create_table(
        "programmes",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("summary", JSON, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _institution("programmes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint("key", name=op.f("uq_programmes_key")),
        sa.UniqueConstraint("path", name=op.f("uq_programmes_path")),
        sa.UniqueConstraint("reference", name=op.f("uq_programmes_reference")),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_programmes_institution_id"), "programmes", ["institution_id"])
    _versions_and_intakes()
    if op.get_context().dialect.name == "postgresql":
        for table in PUBLISHED:
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), 'published')")
            op.execute(wall.bindparams(place=table))


def _versions_and_intakes() -> None:
    op.create_table(
        "definition_versions",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_definition_versions_programme_id_programmes")
        ),
        _institution("definition_versions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition_versions")),
        sa.UniqueConstraint(
            "programme_id", "fingerprint", name=op.f("uq_definition_versions_programme_id_fingerprint")
        ),
        sa.UniqueConstraint(
            "programme_id", "number", name=op.f("uq_definition_versions_programme_id_number")
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_definition_versions_reference")),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_definition_versions_institution_id"), "definition_versions", ["institution_id"])
    op.create_index(op.f("ix_definition_versions_fingerprint"), "definition_versions", ["fingerprint"])
    op.create_table(
        "intakes",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("definition_version_id", ID, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("decision_by", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_intakes_window")),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_intakes_programme_id_programmes")
        ),
        sa.ForeignKeyConstraint(
            ["definition_version_id"],
            ["definition_versions.id"],
            name=op.f("fk_intakes_definition_version_id_definition_versions"),
        ),
        _institution("intakes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("programme_id", "key", name=op.f("uq_intakes_programme_id_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_intakes_reference")),
        info={"tenancy": "published"},
    )
    op.create_index("ix_intakes_closes_at", "intakes", ["closes_at"])
    op.create_index(op.f("ix_intakes_definition_version_id"), "intakes", ["definition_version_id"])
    op.create_index(op.f("ix_intakes_institution_id"), "intakes", ["institution_id"])
    op.create_table(
        "offerings",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("title", JSON, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.CheckConstraint("seats > 0", name=op.f("ck_offerings_seats")),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name=op.f("ck_offerings_taken")),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name=op.f("fk_offerings_intake_id_intakes")),
        _institution("offerings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offerings")),
        sa.UniqueConstraint("intake_id", "key", name=op.f("uq_offerings_intake_id_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_offerings_reference")),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_offerings_institution_id"), "offerings", ["institution_id"])


def downgrade() -> None:
    for table in ("offerings", "intakes", "definition_versions", "programmes", "organisations"):
        op.drop_table(table)
