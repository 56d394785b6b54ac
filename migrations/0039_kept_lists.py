"""A long list that somebody asked for as a workbook is kept until it is fetched; messages of a kind are found newest
first, and jobs of a kind without the others."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS = {"list_exports": "institution"}

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def _key(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_list_exports_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "list_exports",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("intake_id", ID, nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.String(length=64), nullable=False),
        sa.Column("job_reference", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("storage_key", sa.String(length=26), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        _key("institution_id", "organisations"),
        _key("intake_id", "intakes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_exports")),
        sa.UniqueConstraint("reference", name=op.f("uq_list_exports_reference")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_list_exports_storage_key")),
    )
    for column in ("institution_id", "intake_id", "expires_at"):
        op.create_index(op.f(f"ix_list_exports_{column}"), "list_exports", [column])
    writing = sa.text("state = 'writing'")
    op.create_index(
        "uq_list_exports_writing",
        "list_exports",
        ["intake_id", "asked_by", "blind"],
        unique=True,
        sqlite_where=writing,
        postgresql_where=writing,
    )
    op.create_index("ix_outbox_institution_key_due", "outbox", ["institution_id", "key", "due", "id"])
    op.create_index("ix_jobs_institution_id_kind", "jobs", ["institution_id", "kind"])
    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    op.drop_index("ix_jobs_institution_id_kind", "jobs")
    op.drop_index("ix_outbox_institution_key_due", "outbox")
    for table in reversed(WALLS):
        op.drop_table(table)
