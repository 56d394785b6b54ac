"""What selection lends to the list of applications: rank and mark of the newest rankings, and answers to offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.applications.lists.columns import LentColumn
from cohortmgr.applications.lists.queries.lent import LentOrder
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of
from cohortmgr.selection.models import Offer
from cohortmgr.selection.rules import OFFER_TAGS, OFFER_WORDS
from cohortmgr.selection.standings.models import Standing, StandingRow


def _standings_in(intake_id: int) -> Sequence[sa.ColumnElement[bool]]:
    """The conditions on rows of rankings that choose the newest of each offering of an intake, or the one of all if it
    is newer. One statement."""
    made = (Standing.intake_id == intake_id, Standing.made_at.is_not(None))
    newest_ids = sa.select(Standing.offering_id, sa.func.max(Standing.id)).where(*made)
    found = [(row[0], row[1]) for row in db.session.execute(newest_ids.group_by(Standing.offering_id))]
    last = max((number for _offering, number in found), default=0)
    of_all = (None, last) in found
    chosen = sorted(
        number for offering, number in found if (number == last or not of_all) and (of_all or offering)
    )
    return [StandingRow.standing_id == number for number in chosen]


def _of_the_newest(column: Any) -> sa.ScalarSelect[Any]:
    """A figure of a file in the newest ranking that holds it, beside the file's row in a list."""
    row = sa.orm.aliased(StandingRow)
    held = sa.select(getattr(row, column)).join(Standing, Standing.id == row.standing_id)
    mine = (row.application_id == Application.id, Standing.made_at.is_not(None))
    return held.where(*mine).order_by(Standing.id.desc()).limit(1).scalar_subquery()


def as_of(intake_id: int) -> datetime | None:
    """Return of which moment the kept rankings of an intake are, the oldest of its offerings; None without one."""
    made = sa.select(sa.func.max(Standing.made_at).label("made_at")).where(Standing.intake_id == intake_id)
    newest_ones = made.group_by(Standing.offering_id).subquery()
    return db.session.scalar(sa.select(sa.func.min(newest_ones.c.made_at)))


def knocked_out_in(intake: Intake, references: Sequence[str]) -> dict[str, Problem]:
    """Return why files, by reference, stand behind everybody else in the newest rankings whatever their mean: the
    criterion that knocks them out. Two statements."""
    standings = _standings_in(intake.id)
    if not standings or not references:
        return {}
    wanted = sa.select(StandingRow.reference, StandingRow.knocked_out).where(
        sa.or_(*standings), StandingRow.reference.in_(references), StandingRow.knocked_out != ""
    )
    titles = {each.key: each.title for each in definition_of(intake).rubric.criteria}
    what = N_("éliminatoire : %(criterion)s")
    return {
        row.reference: Problem(what, {"criterion": titles.get(row.knocked_out, row.knocked_out)})
        for row in db.session.execute(wanted)
    }


def _answer() -> sa.ScalarSelect[str]:
    """The state of a file's offer, beside the file's row in a list that may be ordered by offers."""
    offer = sa.orm.aliased(Offer)
    return sa.select(offer.state).where(offer.application_id == Application.id).scalar_subquery()


def _offers_in(intake_id: int) -> Sequence[sa.ColumnElement[bool]]:
    offerings = sa.select(Offering.id).where(Offering.intake_id == intake_id).order_by(Offering.id)
    return [Offer.offering_id == number for number in db.session.scalars(offerings)]


_RANKED: dict[str, Any] = {
    "permission": "selection.read",
    "group": "ranked",
    "having": N_("Dossiers classés"),
}
_PLACED: dict[str, Any] = {
    "table": StandingRow, "column": StandingRow.place, "file_id": StandingRow.application_id, "parts": _standings_in,
    "as_of": as_of,
}  # fmt: skip
LENT = (
    (LentColumn("rank", N_("Rang"), **_RANKED), _of_the_newest("place"), LentOrder(**_PLACED)),
    # The best mean has the first place: one order, told from its other end.
    (
        LentColumn("score", N_("Note de lecture"), scale=1000, **_RANKED),
        _of_the_newest("mean"),
        LentOrder(**_PLACED, is_turned=True, remarks=knocked_out_in),
    ),
    (
        LentColumn(
            "answer",
            N_("Réponse"),
            "selection.read",
            "offered",
            N_("Dossiers avec une offre"),
            OFFER_WORDS,
            OFFER_TAGS,
        ),
        _answer(),
        LentOrder(Offer, Offer.state.expression, Offer.application_id.expression, _offers_in),
    ),
)
"""What selection lends to the list of applications: a column, what its cells are read from, and its order."""
