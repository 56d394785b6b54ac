"""Saying of a file that its person did not come, which counts as the definition says, and taking it back."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM, Viewer, allows
from cohortmgr.applications.file.models import Application
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.actions import noting


def note(viewer: Viewer, file: Application, intake: Intake, phase: RubricPhase) -> None:
    """Say that somebody did not come, as a part of an act of their panel or of who manages readings."""
    noting.note_absence(_noting(viewer, file, intake, phase), file, phase.key)


def take_back(viewer: Viewer, file: Application, intake: Intake, phase: RubricPhase) -> None:
    """Say that somebody did come, or comes another time."""
    noting.take_absence_back(_noting(viewer, file, intake, phase), file, phase.key)


def _noting(viewer: Viewer, file: Application, intake: Intake, phase: RubricPhase) -> Viewer:
    """Who notes it: who supervises a test has no reading of its files, so that the system does; the trail has them as
    who marked the slot."""
    may = phases.may_note(viewer, file, phase.key) or allows(viewer, "reviews.assign", intake.path)
    return viewer if may else SYSTEM
