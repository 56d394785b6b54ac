"""The definitions that staff are changing in pages, one a programme, until they are published."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"definition_drafts": "institution"}

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definition_drafts",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("written_by", sa.String(length=26), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_definition_drafts_programme_id_programmes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition_drafts")),
        sa.UniqueConstraint("programme_id", name=op.f("uq_definition_drafts_programme_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_definition_drafts_reference")),
        info={"tenancy": "institution"},
    )
    op.create_index(
        op.f("ix_definition_drafts_institution_id"), "definition_drafts", ["institution_id"], unique=False
    )
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_table("definition_drafts")
