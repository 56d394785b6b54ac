"""One batch of decisions, and one kept ranking, may cover all offerings of an intake; a decision names its offering."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

LIVE = sa.text("offering_id IS NULL AND state IN ('draft', 'proposed', 'approving', 'approved')")
MAKING = sa.text("offering_id IS NULL AND made_at IS NULL")
FOREIGN = "fk_decisions_offering_id_offerings"


def upgrade() -> None:
    for name in ("batches", "standings"):
        with op.batch_alter_table(name) as table:
            table.alter_column("offering_id", existing_type=ID, nullable=True)
    for name, on, where in (
        ("uq_batches_intake_live", "batches", LIVE),
        ("uq_standings_making_all", "standings", MAKING),
    ):
        op.create_index(name, on, ["intake_id"], unique=True, sqlite_where=where, postgresql_where=where)
    with op.batch_alter_table("decisions") as table:
        table.add_column(sa.Column("offering_id", ID, nullable=True))
        table.add_column(sa.Column("wishes", JSON, nullable=False, server_default=sa.text("'[]'")))
        table.create_foreign_key(op.f(FOREIGN), "offerings", ["offering_id"], ["id"])
    op.execute(
        "UPDATE decisions SET offering_id = COALESCE((SELECT MIN(offers.offering_id) FROM offers WHERE "
        "offers.decision_id = decisions.id), (SELECT batches.offering_id FROM batches WHERE "
        "batches.id = decisions.batch_id)) WHERE outcome = 'offer'"
    )
    op.add_column(
        "standing_rows",
        sa.Column("offering", sa.String(length=40), nullable=False, server_default=sa.text("''")),
    )
    op.add_column("standing_rows", sa.Column("wishes", JSON, nullable=False, server_default=sa.text("'[]'")))


def downgrade() -> None:
    for name in ("wishes", "offering"):
        op.drop_column("standing_rows", name)
    with op.batch_alter_table("decisions") as table:
        table.drop_constraint(op.f(FOREIGN), type_="foreignkey")
        for name in ("wishes", "offering_id"):
            table.drop_column(name)
    op.drop_index("uq_standings_making_all", table_name="standings")
    op.drop_index("uq_batches_intake_live", table_name="batches")
    # Rankings are computed again; a batch of all offerings stands with the first: offers say where seats are.
    op.execute(
        "DELETE FROM standing_rows WHERE standing_id IN (SELECT id FROM standings WHERE offering_id IS NULL)"
    )
    op.execute("DELETE FROM standings WHERE offering_id IS NULL")
    op.execute(
        "UPDATE batches SET offering_id = (SELECT MIN(offerings.id) FROM offerings WHERE "
        "offerings.intake_id = batches.intake_id) WHERE offering_id IS NULL"
    )
    for name in ("batches", "standings"):
        with op.batch_alter_table(name) as table:
            table.alter_column("offering_id", existing_type=ID, nullable=False)
