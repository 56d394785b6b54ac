"""Lets whoever enrolled a group remind the guardians who have not answered, and record what they signed on paper."""

from __future__ import annotations

from datetime import date

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState, Consent
from cohortmgr.applications.guardians.actions import asking_again, on_paper
from cohortmgr.applications.guardians.actions.consents import GuardianAnswer
from cohortmgr.applications.importing.queries import enrolled, runs
from cohortmgr.base.errors import Refused


def remind(viewer: Viewer, intake_reference: str) -> int:
    """Write once more to the guardians of the viewer's children who have not answered; to each once a day. Returns how
    many children these are for."""
    intake = runs.intake_for(viewer, intake_reference)
    return asking_again.remind(viewer, intake, enrolled.still_waiting(viewer, intake))


def remind_one(viewer: Viewer, reference: str) -> Application:
    """Write once more to the guardian of one child; once a day, of whichever child."""
    row, intake = enrolled.child_for(viewer, reference, lock=True)
    if row.state != ApplicationState.HELD or row.consent != Consent.WAITING:
        raise Refused(on_paper.ANSWERED)
    asking_again.remind(viewer, intake, [row])
    return row


def record_paper(
    viewer: Viewer, reference: str, said: GuardianAnswer, signed: str, signed_on: date | None, is_held: bool
) -> Application:
    """Record the consent that the guardian of a child of the viewer's group signed on paper."""
    row, _intake = enrolled.child_for(viewer, reference, lock=True)
    on_paper.record_paper(viewer, row, said, signed, signed_on, is_held)
    return row
