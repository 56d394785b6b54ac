"""A reading that was taken back from somebody whose role had ended is no abstention: it may be given to them again."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ("state", "abstained_because")
    reviews = sa.table("reviews", *(sa.column(name, sa.String) for name in columns))
    # Who abstains says why.
    lapsed = (reviews.c.state == "abstained", reviews.c.abstained_because == "")
    op.execute(reviews.update().where(*lapsed).values(state="recalled"))


def downgrade() -> None:
    """What was an abstention is known still; what was none is told apart by nothing, and stays as it is."""
