"""How somebody wishes to be written to is seen and changed where the person is seen: each institution had all of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TABLE = "message_preferences"
PLACES = postgresql.ARRAY(sa.BigInteger()).with_variant(sa.Text(), "sqlite")
# A function of nothing in a sub-select is read once a statement.
LISTED = "(SELECT app_institutions())"
OWN = "person_id = (SELECT app_person()) OR {} person_id = ANY ((SELECT app_known_persons())::bigint[])"
# As of persons and their numbers in migration 0031, and why it is a case.
SEEN = f"CASE WHEN seen_in && {LISTED}::bigint[] THEN true ELSE ({OWN.format('')}) END"
ALL = f"({OWN.format(f'{LISTED} IS NOT NULL OR')})"
PLACE = """
CREATE OR REPLACE FUNCTION app_place(persons bigint[]) RETURNS void
  SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  WITH placed AS (
    UPDATE persons p SET seen_in = f.places
    FROM (SELECT whose, app_places(whose) AS places FROM unnest(app_place.persons) whose) f
    WHERE p.id = f.whose AND p.seen_in IS DISTINCT FROM f.places RETURNING p.id, p.seen_in
  ), numbers AS (
    UPDATE identifiers i SET seen_in = placed.seen_in FROM placed WHERE i.person_id = placed.id
  ){}
  UPDATE accounts a SET seen_in = placed.seen_in FROM placed WHERE a.person_id = placed.id;
END $$
"""
WISHES = """, wishes AS (
    UPDATE message_preferences m SET seen_in = placed.seen_in FROM placed WHERE m.person_id = placed.id
  )"""


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("seen_in", PLACES))
    if op.get_context().dialect.name != "postgresql":
        return
    execute(
        f"CREATE TRIGGER app_as_person BEFORE INSERT OR UPDATE OF person_id ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION app_as_person()"
    )
    execute(PLACE.format(WISHES))
    execute("UPDATE message_preferences m SET seen_in = p.seen_in FROM persons p WHERE p.id = m.person_id")
    known(SEEN)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        known(ALL)
        execute(PLACE.format(""))
        execute(f"DROP TRIGGER app_as_person ON {TABLE}")
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_column("seen_in")


def known(condition: str) -> None:
    execute(f"DROP POLICY known ON {TABLE}")
    execute(f"CREATE POLICY known ON {TABLE} FOR ALL USING ({condition}) WITH CHECK ({condition})")


def execute(text: str) -> None:
    """Run a statement; colons are no parameters here."""
    op.execute(sa.text(text.replace(":", "\\:")))
