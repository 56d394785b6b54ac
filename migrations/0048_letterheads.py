"""Who runs the site and who hosts each programme: one letterhead for the installation, one for each host. A programme
has a picture."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

# Everybody reads them, for they stand on every page. An institution writes its own; the installation's is written by
# who reads the installation's rows, which is what the zero among the institutions says.
OURS = (
    "(institution_id = ANY ((SELECT app_institutions())::bigint[])"
    " OR (institution_id IS NULL AND 0 = ANY ((SELECT app_institutions())::bigint[])))"
)


def upgrade() -> None:
    op.create_table(
        "letterheads",
        sa.Column("institution_id", ID, nullable=True),
        sa.Column("place", ID, nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("telephone", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("cndp", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=True),
        sa.Column("mark_digest", sa.String(length=16), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=26), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["organisations.id"], name=op.f("fk_letterheads_institution_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letterheads")),
        sa.UniqueConstraint("place", name=op.f("uq_letterheads_place")),
        sa.UniqueConstraint("reference", name=op.f("uq_letterheads_reference")),
    )
    op.create_index(op.f("ix_letterheads_mark_digest"), "letterheads", ["mark_digest"])
    op.add_column("programmes", sa.Column("picture", sa.LargeBinary(), nullable=True))
    op.add_column("programmes", sa.Column("picture_digest", sa.String(length=16), nullable=True))
    op.create_index(op.f("ix_programmes_picture_digest"), "programmes", ["picture_digest"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE letterheads ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE letterheads FORCE ROW LEVEL SECURITY")
        op.execute("CREATE POLICY shown ON letterheads FOR SELECT USING (true)")
        placed = "place = coalesce(institution_id, 0)"
        op.execute(f"CREATE POLICY wall ON letterheads USING {OURS} WITH CHECK ({OURS} AND {placed})")


def downgrade() -> None:
    op.drop_index(op.f("ix_programmes_picture_digest"), "programmes")
    with op.batch_alter_table("programmes") as batch:
        batch.drop_column("picture_digest")
        batch.drop_column("picture")
    op.drop_table("letterheads")
