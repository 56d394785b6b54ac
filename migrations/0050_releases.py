"""That a batch was told is one row, not a moment in each of its decisions: it is one short step for 200,000 too."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration. Who may read a decision may read of which moment
# it is, and of a release alone nobody learns who was chosen.
WALLS: dict[str, str] = {"releases": "published"}

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

DECISIONS = sa.table(
    "decisions",
    sa.column("institution_id"),
    sa.column("batch_id"),
    sa.column("notified_at", sa.DateTime(timezone=True)),
)
RELEASES = sa.table(
    "releases",
    sa.column("reference"),
    sa.column("institution_id"),
    sa.column("batch_id"),
    sa.column("published_at", sa.DateTime(timezone=True)),
)
BATCHES = sa.table("batches", sa.column("id"), sa.column("reference"))


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint("reference", name=op.f("uq_releases_reference")),
        sa.UniqueConstraint("batch_id", "institution_id", name=op.f("uq_releases_batch_id_institution_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_releases_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["organisations.id"], name=op.f("fk_releases_institution_id_organisations")
        ),
        info={"tenancy": "published"},
    )
    op.create_index(op.f("ix_releases_institution_id"), "releases", ["institution_id"])
    told = (
        sa.select(
            BATCHES.c.reference,  # nobody asks for a release by its own: its batch's serves
            DECISIONS.c.institution_id,
            DECISIONS.c.batch_id,
            sa.func.min(DECISIONS.c.notified_at),
        )
        .join(BATCHES, BATCHES.c.id == DECISIONS.c.batch_id)
        .where(DECISIONS.c.notified_at.is_not(None))
        .group_by(BATCHES.c.reference, DECISIONS.c.institution_id, DECISIONS.c.batch_id)
    )
    columns = ["reference", "institution_id", "batch_id", "published_at"]
    op.execute(sa.insert(RELEASES).from_select(columns, told))
    op.drop_column("decisions", "notified_at")
    if op.get_context().dialect.name == "postgresql":
        wall = sa.text("SELECT cohortmgr_wall(CAST('releases' AS regclass), 'published')")
        op.execute(wall)


def downgrade() -> None:
    op.add_column("decisions", sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True))
    # A release counts for decisions of its own institution alone, whoever wrote it.
    moment = sa.select(RELEASES.c.published_at).where(
        RELEASES.c.batch_id == DECISIONS.c.batch_id, RELEASES.c.institution_id == DECISIONS.c.institution_id
    )
    op.execute(sa.update(DECISIONS).where(moment.exists()).values(notified_at=moment.scalar_subquery()))
    op.drop_table("releases")
