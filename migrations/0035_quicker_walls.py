"""One function reads who a session is, and what was said of who acts is compared in one place."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        execute((FOLDER / "0035_quicker_walls" / "postgresql.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    execute("DROP FUNCTION app_viewer(text, timestamptz, date)")
    # The comparison of before, as it stands in the text that made it.
    before = (FOLDER / "0031_walls" / "0_doors.sql").read_text(encoding="utf-8")
    begins = before.index("CREATE FUNCTION app_require_told()")
    text = before[begins : before.index("$$;", begins) + 3]
    execute(text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))


def execute(text: str) -> None:
    """Run a statement, or several; colons are no parameters here."""
    op.execute(sa.text(text.replace(":", "\\:")))
