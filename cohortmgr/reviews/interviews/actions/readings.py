"""Readings of interviews: each member of a panel marks whom they hear, in the cockpit in which files are read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions.giving import give
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.interviews.models import InterviewSlot, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.rules import EXPECTED
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import OPEN, ReviewState

_NOT_HEARD = N_("Cette personne n’entend plus ce dossier : le créneau a changé, ou n’a pas eu lieu.")


def settle(viewer: Viewer, intake: Intake, phase: RubricPhase, applications: Collection[int]) -> None:
    """Let each member of a panel have a reading of whom they hear, and take back what they hear no longer and have not
    handed in. A part of each act that changes who hears whom; done again it changes nothing.

    Nobody marks whom they know or themselves, and a test is not read."""
    if phase.kind is not PhaseKind.INTERVIEW or not applications:
        return
    db.session.flush()
    wanted = _heard(phase, applications) - bars.barred_ids(intake, applications)
    rows = db.session.execute(
        sa.select(Review.id, Review.application_id, Review.reviewer_id, Review.state).where(
            Review.application_id.in_(sorted(applications)), Review.phase == phase.key
        )
    ).all()
    held = {(row.application_id, row.reviewer_id): row for row in rows}
    # Whoever booked gives nobody anything to read: that the panel hears them follows from its day.
    give(SYSTEM, intake, sorted(wanted - held.keys()), None, phase=phase.key)
    again = [held[pair].id for pair in wanted & held.keys() if held[pair].state == ReviewState.RECALLED]
    left = [row.id for pair, row in held.items() if pair not in wanted and row.state in OPEN]
    moment = clock.now()
    _change(viewer, again, state=ReviewState.ASSIGNED.value, abstained_because="", assigned_at=moment)
    taken = {"state": ReviewState.RECALLED.value, "abstained_because": _NOT_HEARD}
    _change(viewer, left, **taken, scores={}, total_thousandths=None)


def _heard(phase: RubricPhase, applications: Collection[int]) -> set[tuple[int, int]]:
    rows = (
        sa.select(SlotBooking.application_id, PanelMember.reader_id)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(PanelMember, PanelMember.day_id == InterviewSlot.day_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .where(SlotBooking.application_id.in_(sorted(applications)), SlotBooking.phase == phase.key)
        .where(SlotBooking.state.in_([state.value for state in EXPECTED]))
        .where(Application.person_id != PanelMember.reader_id)
    )
    return {(row[0], row[1]) for row in db.session.execute(rows)}


def _change(viewer: Viewer, ids: Collection[int], **values: Any) -> None:
    if ids:
        changed = sa.update(Review).where(Review.id.in_(sorted(ids)))
        changed = changed.values(version=Review.version + 1, **values)
        db.session.execute(changed.execution_options(synchronize_session="fetch"))
