"""Tell the desk that somebody who reads an address or number was asked whose file it is, and was wrong five times."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import acting_in, db, reading_as
from cohortmgr.base.errors import N_
from cohortmgr.messages.helpdesk.actions.questions import (
    HelpRequestScope,
    NewHelpRequest,
    NewThreadEntry,
    open_question,
    say_once,
)
from cohortmgr.messages.helpdesk.rules import EntryKind, Topic
from cohortmgr.programmes.models import Intake

_TOLD = N_(
    "Quelqu’un qui reçoit les codes envoyés à %(contact)s a donné cinq réponses fausses quand on lui a demandé le "
    "numéro de son dossier ou sa date de naissance. Cette voie est fermée pour un jour. Si une personne vous "
    "écrit, vérifiez qui elle est avant de lui envoyer un lien."
)


def tell_staff(viewer: Viewer, contact: Contact, person_ids: Sequence[int]) -> None:
    """Write one task for the desk of each institution in which somebody bears the contact. It names the contact
    and no file: several may bear it, and nobody knows which was meant. `viewer` is whoever answered, and no
    author of the task."""
    places: dict[int, Intake] = {}
    for person_id in person_ids:
        with reading_as(person_id):
            chosen = sa.select(Intake).join(Application, Application.intake_id == Intake.id)
            for intake in db.session.scalars(
                chosen.where(Application.person_id == person_id).order_by(Intake.id)
            ):
                places[intake.institution_id] = intake
    by_mail = contact.channel == EMAIL
    asker = contact.address if by_mail else None
    values = {"contact": contact.address}
    for institution_id, intake in places.items():
        with acting_in(institution_id):
            place = HelpRequestScope(institution_id, intake.path, intake.id)
            asked = NewHelpRequest(
                Topic.OTHER, "", "fr", "", email=asker, phone=None if by_mail else contact.address
            )
            question = open_question(SYSTEM, place, asked)
            once = f"{question.reference}:door"
            more = {"ours": True, "values": values}
            say_once(SYSTEM, question, NewThreadEntry(EntryKind.NOTE, _TOLD, once, more=more))
