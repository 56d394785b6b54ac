"""Readings of interviews: each member of a panel marks whom they hear, in the cockpit in which files are read."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotPermitted
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions.giving import bring_back, give, take_back
from cohortmgr.reviews.interviews.queries import days, hearing
from cohortmgr.reviews.rules import ReadingChange, ReviewState

_NOT_HEARD = N_("Cette personne n’entend plus ce dossier : le créneau a changé, ou n’a pas eu lieu.")


def settle(viewer: Viewer, intake: Intake, phase: RubricPhase, applications: Collection[int]) -> None:
    """Let each member of a panel have a reading of whom they hear, and take back what they hear no longer and have not
    handed in; what it says is theirs again once they hear the file again. A part of each act that changes who hears
    whom; done again it changes nothing.

    Nobody marks whom they know or themselves, nor once their role has ended or they have an interest; and a test is
    not read."""
    if phase.kind is not PhaseKind.INTERVIEW or not applications:
        return
    db.session.flush()
    _change(intake, phase, hearing.change_in(intake, phase, applications, lock=True))


def _change(intake: Intake, phase: RubricPhase, change: hearing.HearingChange) -> None:
    # Whoever booked gives nobody anything to read: that the panel hears them follows from its day.
    give(SYSTEM, intake, list(change.lacking), None, phase=phase.key)
    for review in change.again:
        bring_back(SYSTEM, review, None)
    for review in change.left:
        take_back(SYSTEM, review, ReviewState.RECALLED, ReadingChange.RECALLED, _NOT_HEARD, noted=False)
    db.session.flush()


def settle_all(viewer: Viewer, intake_id: int, key: str) -> int:
    """Bring all readings of a phase to who hears whom: a role that began or ended, an interest or a conflict tells no
    slot of it. Returns how many changed."""
    if not viewer.is_system:
        raise NotPermitted("sweeping is the worker's")
    intake = db.session.get_one(Intake, intake_id)
    phase = days.phase_named(intake, key)
    if phase is None:
        return 0
    change = hearing.change_in(intake, phase, lock=True)
    _change(intake, phase, change)
    return len(change.lacking) + len(change.again) + len(change.left)
