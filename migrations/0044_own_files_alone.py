"""A note, paper, correction or time belongs to a file of its own institution and person, and stays with it: by one of
their own, anybody could have written into the row of another's file, which follows what belongs to it."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

BELONGING = ("documents", "notes", "corrections", "extensions")
BEGIN = """
CREATE OR REPLACE FUNCTION app_say_intake() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
"""
FREELY = """
BEGIN
  NEW.intake_id := (SELECT a.intake_id FROM applications a WHERE a.id = NEW.application_id);
  RETURN NEW;
END $$
"""
OF_ONES_OWN = """
DECLARE
  file record;
BEGIN
  SELECT a.intake_id, a.institution_id, a.person_id INTO file FROM applications a WHERE a.id = NEW.application_id;
  IF file.institution_id <> NEW.institution_id THEN
    RAISE insufficient_privilege USING MESSAGE = 'a file of another institution';
  END IF;
  IF TG_TABLE_NAME <> 'notes' THEN
    IF file.person_id <> NEW.person_id THEN
      RAISE insufficient_privilege USING MESSAGE = 'a file of another person';
    END IF;
  END IF;
  NEW.intake_id := file.intake_id;
  RETURN NEW;
END $$
"""
STAYS = """
CREATE FUNCTION app_stay_with_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = 'what belongs to a file stays with it';
END $$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    execute(BEGIN + OF_ONES_OWN)
    execute(STAYS)
    for table in BELONGING:
        execute(
            f"CREATE TRIGGER app_stays_with_file BEFORE UPDATE OF application_id ON {table} FOR EACH ROW"
            " WHEN (NEW.application_id <> OLD.application_id) EXECUTE FUNCTION app_stay_with_file()"
        )


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for table in BELONGING:
        execute(f"DROP TRIGGER app_stays_with_file ON {table}")
    execute("DROP FUNCTION app_stay_with_file()")
    execute(BEGIN + FREELY)


def execute(text: str) -> None:
    """Run a statement; colons are no parameters here."""
    op.execute(sa.text(text.replace(":", "\\:")))
