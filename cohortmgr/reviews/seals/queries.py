"""Asking whether an intake has marks, and whether its first ones await the seal of its rules."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused
from cohortmgr.programmes.definition.rules import PhaseKind
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import hooks
from cohortmgr.reviews.models import Review

# The results of tests are of a room above, which asks this one.
_RESULTS = sa.table("phase_results", sa.column("intake_id"))
_UNSEALED = N_(
    "Les règles du choix ne sont pas encore scellées : aucune note ne se remet avant. Qui gère la sélection les "
    "propose, et une deuxième personne les scelle."
)


def require_sealed(intake: Intake) -> None:
    """Refuse a first mark while the rules of its intake await their seal."""
    if awaits_seal(intake):
        raise Refused(_UNSEALED)


def has_marks(intake: Intake) -> bool:
    """Whether a mark was ever handed in in an intake, even if it was taken back or its file went to another since; or
    the result of a test kept."""
    ever = sa.or_(Review.submitted_at.is_not(None), sa.cast(Review.earlier, sa.String) != "[]")
    read = sa.exists().where(Review.intake_id == intake.id, ever)
    noted = sa.select(sa.literal(1)).select_from(_RESULTS).where(_RESULTS.c.intake_id == intake.id).exists()
    return bool(db.session.scalar(sa.select(sa.or_(read, noted))))


def has_points(intake: Intake) -> bool:
    """Whether a file was ever sent to an intake in which points are computed from answers: they are there with the
    file, and nobody hands them in. They hold no seal back, but no seal is older than they are."""
    phases = definition_of(intake).rubric.phases
    if all(each.kind is not PhaseKind.COMPUTED for each in phases):
        return False
    sent = sa.exists().where(Application.intake_id == intake.id, Application.sent_at.is_not(None))
    return bool(db.session.scalar(sa.select(sent)))


def awaits_seal(intake: Intake) -> bool:
    """Whether the rules of an intake must be sealed before a first mark is handed in: it has some, they are not sealed,
    and nobody handed one in before they were written."""
    return bool(hooks.unsealed) and hooks.unsealed(intake) and not has_marks(intake)
