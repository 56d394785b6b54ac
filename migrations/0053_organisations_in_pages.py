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

# Who manages the installation, as installation.manage says it: reading its rows is not enough. A deputy's role holds
# while the role that it stands in for does. The days are Casablanca's, which are those of UTC.
MANAGES = """
CREATE FUNCTION app_manages_installation() RETURNS boolean STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
  RETURN EXISTS (
    SELECT FROM grants g
    WHERE g.account_id = app_account() AND g.role = 'system_administrator' AND g.path = '' AND g.revoked_at IS NULL
      AND (g.begins_on IS NULL OR g.begins_on <= today) AND (g.ends_on IS NULL OR g.ends_on >= today)
      AND (g.stands_for_id IS NULL OR app_lent_role_holds(g.stands_for_id, g.role, g.scope_reference, today)));
END $$
"""
# What is added hosts nothing, and stands where its parent and its key say, where no programme stands, with its parent's
# institution.
STANDS = """
CREATE FUNCTION app_organisation_stands(what text, named text, place text, above bigint, institution bigint)
  RETURNS boolean STABLE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN what NOT IN ('ministry', 'institution', 'institute') AND named ~ '^[a-z0-9][a-z0-9-]{0,39}$'
    AND NOT EXISTS (SELECT FROM programmes p WHERE p.path = place) AND EXISTS (
    SELECT FROM organisations o
    WHERE o.id = above AND o.closed_at IS NULL AND place = o.path || named || '.'
      AND institution IS NOT DISTINCT FROM CASE WHEN what <> 'company' THEN o.institution_id END);
END $$
"""
OURS = "(SELECT app_manages_installation())"
ADDED = f"{OURS} AND app_organisation_stands(kind, key, path, parent_id, institution_id)"
STAYS = """
CREATE FUNCTION app_organisation_stays() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'an organisation keeps its place, its key and its kind';
END $$
"""
# A host becomes its own institution once its number is known.
TRIGGER = """
CREATE TRIGGER app_organisation_stays BEFORE UPDATE ON organisations FOR EACH ROW
  WHEN ((OLD.id, OLD.reference, OLD.key, OLD.kind, OLD.path, OLD.parent_id)
    IS DISTINCT FROM (NEW.id, NEW.reference, NEW.key, NEW.kind, NEW.path, NEW.parent_id)
    OR OLD.institution_id IS DISTINCT FROM NEW.institution_id AND (OLD.institution_id IS NULL
      AND NEW.institution_id = NEW.id AND NEW.kind IN ('ministry', 'institution', 'institute')) IS NOT TRUE)
  EXECUTE FUNCTION app_organisation_stays()
"""
FUNCTIONS = (
    "app_organisation_stays()",
    "app_organisation_stands(text, text, text, bigint, bigint)",
    "app_manages_installation()",
)


def upgrade() -> None:
    op.add_column("organisations", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "organisations", sa.Column("former_names", JSON, nullable=False, server_default=sa.text("'[]'"))
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(MANAGES)
        op.execute(STANDS)
        op.execute(f"CREATE POLICY added ON organisations FOR INSERT WITH CHECK ({ADDED})")
        op.execute(f"CREATE POLICY kept ON organisations FOR UPDATE USING ({OURS}) WITH CHECK ({OURS})")
        op.execute(STAYS)
        op.execute(TRIGGER)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER app_organisation_stays ON organisations")
        op.execute("DROP POLICY kept ON organisations")
        op.execute("DROP POLICY added ON organisations")
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}")
    with op.batch_alter_table("organisations") as batch:
        batch.drop_column("former_names")
        batch.drop_column("closed_at")
