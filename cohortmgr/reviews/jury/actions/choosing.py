"""Choosing by which marks a phase is ranked, and taking that back."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews import queries as readings
from cohortmgr.reviews.harmonising.models import MarkChoice
from cohortmgr.reviews.harmonising.queries import choice_of
from cohortmgr.reviews.harmonising.rules import MarkBasis

_NO_REASON = N_("Écrivez le motif : il explique cet acte plus tard.")


def choose(viewer: Viewer, reference: str, phase: str, basis: MarkBasis, because: str) -> MarkChoice:
    """Say by which marks a phase of an intake is ranked, and why."""
    intake = _intake(viewer, reference)
    choice = choice_of(intake.id, phase)
    if choice is not None:
        return choice
    choice = MarkChoice(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        phase=phase,
        basis=basis.value,
        because=_reason(because),
        chosen_at=clock.now(),
        chosen_by=viewer.reference,
    )
    db.session.add(choice)
    return choice


def take_back(viewer: Viewer, reference: str, phase: str, because: str) -> None:
    """Take back what was chosen for a phase, with the reason."""
    choice = choice_of(_intake(viewer, reference).id, phase)
    if choice is not None:
        choice.taken_back_because = _reason(because)
        choice.taken_back_at, choice.taken_back_by = clock.now(), viewer.reference


def _reason(because: str) -> str:
    if not because.strip():
        raise Refused(Problem(_NO_REASON, {}, "because"))
    return because.strip()


def _intake(viewer: Viewer, reference: str) -> Intake:
    intake = programmes.get_intake(reference)
    require(viewer, "reviews.assign", intake.path)
    readings.require_unconcerned(viewer, intake)
    return intake
