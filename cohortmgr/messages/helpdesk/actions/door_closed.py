"""Tell the desk that somebody who reads an address or number was asked whose file it is, and was wrong five times."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.actions import doors, letters
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.queries import known_people
from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import acting_in, db, reading_as
from cohortmgr.base.errors import N_, NotFound
from cohortmgr.base.text import new_reference
from cohortmgr.messages.helpdesk.actions.questions import (
    HelpRequestScope,
    NewHelpRequest,
    NewThreadEntry,
    open_question,
    say_once,
)
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.rules import EntryKind, Topic
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake

_TOLD = N_(
    "Quelqu’un qui reçoit les codes envoyés à %(contact)s a donné cinq réponses fausses quand on lui a demandé le "
    "numéro de son dossier ou sa date de naissance. Cette voie est fermée pour un jour. Si une personne vous "
    "écrit, vérifiez qui elle est avant de lui envoyer un lien."
)

_REOPENED = N_(
    "La question est de nouveau posée : la personne en est prévenue, et a de nouveau cinq réponses."
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


def tell_reopened(viewer: Viewer, contact: Contact) -> None:
    """Tell at an address or number that its question is asked again, in the language of whoever bears it."""
    told = {"contact": letters.hidden(contact), "by": letters.named(viewer)}
    spoken, subject = known_people.language_of(contact), new_reference()
    send_all([Letter("door_reopened", subject, contact.address, spoken, told, channel=contact.channel)])


def reopen(viewer: Viewer, reference: str) -> bool:
    """Ask again whose file the address or number of such a task is, before the day is over; whether it was closed.
    The thread says who did it, and the address or number is told. Raises NotFound for any other question, and
    NotPermitted unless the viewer manages people where the task is."""
    question = desk_queries.question_for(viewer, reference)
    contact = desk_queries.door_of(question)
    if contact is None:
        raise NotFound(reference)
    was_closed = doors.reopen(viewer, contact, question.path)
    if was_closed:
        note = NewThreadEntry(
            EntryKind.NOTE, _REOPENED, new_reference(), viewer.account_id, more={"ours": True, "values": {}}
        )
        say_once(viewer, question, note)
    return was_closed
