"""Messages that arrive once: names, bundles, lost starts, unanswered sendings, segments and their cost."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {"outbox_bundles": "institution"}

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_bundles",
        sa.Column("institution_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["organisations.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_bundles")),
        sa.UniqueConstraint("reference", name=op.f("uq_outbox_bundles_reference")),
        info={"tenancy": "institution"},
    )
    with op.batch_alter_table("outbox_bundles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_bundles_institution_id"), ["institution_id"], unique=False
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("once", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("bundle", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("lost_starts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("unanswered", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("failure", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("provider", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("gathered", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("segments", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("cost", sa.Integer(), nullable=True))
    # What stood in the table has its values: from here on the application says them.
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        for name in ("lost_starts", "unanswered", "gathered"):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_unique_constraint(batch_op.f("uq_outbox_once"), ["once"])
        batch_op.create_index(batch_op.f("ix_outbox_bundle"), ["bundle"], unique=False)

    if op.get_context().dialect.name == "postgresql":
        for table, kind in WALLS.items():
            wall = sa.text("SELECT cohortmgr_wall(CAST(:place AS regclass), :kind)")
            op.execute(wall.bindparams(place=table, kind=kind))


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_bundle"))
        batch_op.drop_constraint(batch_op.f("uq_outbox_once"), type_="unique")
        for name in (
            "cost",
            "segments",
            "gathered",
            "provider",
            "failure",
            "unanswered",
            "lost_starts",
            "bundle",
            "once",
        ):
            batch_op.drop_column(name)
    with op.batch_alter_table("outbox_bundles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_bundles_institution_id"))
    op.drop_table("outbox_bundles")
