"""Tell the desk that a guardian withdrew consent while the child is in a company, which staff must call."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.messages.helpdesk.actions.questions import (
    HelpRequestScope,
    NewHelpRequest,
    NewThreadEntry,
    open_question,
    say_once,
)
from cohortmgr.messages.helpdesk.rules import EntryKind, Topic
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement
from cohortmgr.placements.rules import PlacementState
from cohortmgr.programmes.models import Intake

_RUNNING = (PlacementState.CONFIRMED.value, PlacementState.STARTED.value)
_TOLD = N_(
    "Le tuteur légal a retiré son accord : %(name)s était chez %(company)s. La place est rendue et le dossier est "
    "caché. Appelez l’entreprise, qui ne voit plus rien de cet enfant."
)


def tell_staff(viewer: Viewer, application: Application) -> None:
    """Write a task for the desk, in the transaction that hides the file and before the placement ends.
    No task is written if there is no placement.

    The task's line shows the file's number; the name is only on its page, which only the desk
    can open. Nobody is named as its author, because whoever sits at the guardian's browser
    may be signed in for something else.
    """
    with acting_in(application.institution_id):
        hosted = sa.select(Organisation.name).join(Placement, Placement.company_id == Organisation.id)
        hosted = hosted.join(Enrolment, Enrolment.id == Placement.enrolment_id)
        company = db.session.scalar(
            hosted.where(
                Enrolment.application_id == application.id,
                Placement.state.in_(_RUNNING),
            )
        )
        if company is None:
            return
        intake = db.session.get_one(Intake, application.intake_id)
        place = HelpRequestScope(application.institution_id, intake.path, intake.id)
        asked = NewHelpRequest(Topic.OTHER, "", "fr", "", application.number)
        question = open_question(SYSTEM, place, asked)
        values = {"name": application.name, "company": company}
        once = f"{question.reference}:withdrawn"
        say_once(
            SYSTEM,
            question,
            NewThreadEntry(EntryKind.NOTE, _TOLD, once, more={"ours": True, "values": values}),
        )
