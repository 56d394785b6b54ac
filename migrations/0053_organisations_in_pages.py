"""Who manages the installation keeps the tree in pages: an organisation is added, renamed and closed. What the paths of
roles stand on is never changed by anybody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB, "postgresql")
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

# Who reads the installation's rows: that is what the zero among the institutions says.
OURS = "0 = ANY ((SELECT app_institutions())::bigint[])"
STAYS = """
CREATE FUNCTION app_organisation_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'an organisation keeps its place, its key and its kind';
END $$
"""
TRIGGER = """
CREATE TRIGGER app_organisation_stays BEFORE UPDATE ON organisations FOR EACH ROW
  WHEN ((OLD.key, OLD.kind, OLD.path, OLD.parent_id) IS DISTINCT FROM (NEW.key, NEW.kind, NEW.path, NEW.parent_id)
    OR OLD.institution_id IS DISTINCT FROM NEW.institution_id AND NEW.institution_id IS DISTINCT FROM NEW.id)
  EXECUTE FUNCTION app_organisation_stays()
"""


def upgrade() -> None:
    op.add_column("organisations", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "organisations", sa.Column("former_names", JSON, nullable=False, server_default=sa.text("'[]'"))
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE POLICY added ON organisations FOR INSERT WITH CHECK ({OURS})")
        op.execute(f"CREATE POLICY kept ON organisations FOR UPDATE USING ({OURS}) WITH CHECK ({OURS})")
        op.execute(STAYS)
        op.execute(TRIGGER)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER app_organisation_stays ON organisations")
        op.execute("DROP FUNCTION app_organisation_stays()")
        op.execute("DROP POLICY kept ON organisations")
        op.execute("DROP POLICY added ON organisations")
    with op.batch_alter_table("organisations") as batch:
        batch.drop_column("former_names")
        batch.drop_column("closed_at")
