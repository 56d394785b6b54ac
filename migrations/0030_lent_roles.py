"""A deputy's role holds while the role that it stands in for does; accounts note when their number was last proved."""

import sqlalchemy as sa
from alembic import op

MOMENT = sa.DateTime(timezone=True)
# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# A deputy's session reads neither the roles nor the account of whoever is represented.
LENT = """
CREATE FUNCTION app_lent_role_holds(held_by bigint, wanted text, scope text, day date) RETURNS boolean
  STABLE PARALLEL SAFE SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN EXISTS (
  SELECT FROM grants g JOIN accounts a ON a.id = g.account_id
  WHERE g.account_id = held_by AND g.role = wanted AND g.scope_reference = scope
    AND g.revoked_at IS NULL AND g.stands_for_id IS NULL AND a.suspended_at IS NULL
    AND (g.begins_on IS NULL OR g.begins_on <= day) AND (g.ends_on IS NULL OR g.ends_on >= day)); END $$
"""


def upgrade() -> None:
    op.add_column("accounts", sa.Column("phone_proved_at", MOMENT, nullable=True))
    # Nobody noted it before. What is entered by the number alone was last entered by it; else nobody knows.
    op.execute(
        "UPDATE accounts SET phone_proved_at = coalesce((SELECT max(s.created_at) FROM sessions s "
        "WHERE s.account_id = accounts.id AND accounts.email IS NULL), created_at) WHERE phone_blind IS NOT NULL"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(LENT)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION app_lent_role_holds(bigint, text, text, date)")
    with op.batch_alter_table("accounts") as table:
        table.drop_column("phone_proved_at")
