"""Files say what their person was told last: whom the waiting list called, or closed on, stayed on it in lists."""

import sqlalchemy as sa
from alembic import op

# Table to kind of tenancy; see cohortmgr_wall in the first migration.
WALLS: dict[str, str] = {}

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

FILES = sa.table("applications", sa.column("id"), sa.column("outcome", sa.String))
DECISIONS = sa.table(
    "decisions",
    sa.column("id"),
    sa.column("application_id"),
    sa.column("outcome", sa.String),
    sa.column("waiting_state", sa.String),
    sa.column("notified_at"),
)
LATER = {"offered": "offer", "closed": "refused"}


def upgrade() -> None:
    _say(sa.case(LATER, value=DECISIONS.c.waiting_state, else_=DECISIONS.c.outcome))


def downgrade() -> None:
    _say(DECISIONS.c.outcome)


def _say(told: sa.ColumnElement[str]) -> None:
    """Write it for the files of those who waited and were told more; of their decisions the last one counts."""
    is_told = DECISIONS.c.notified_at.is_not(None)
    last = sa.select(told).where(DECISIONS.c.application_id == FILES.c.id, is_told)
    last = last.order_by(DECISIONS.c.id.desc()).limit(1)
    among = sa.select(DECISIONS.c.application_id).where(is_told, DECISIONS.c.waiting_state.in_(LATER))
    op.execute(sa.update(FILES).where(FILES.c.id.in_(among)).values(outcome=last.scalar_subquery()))
