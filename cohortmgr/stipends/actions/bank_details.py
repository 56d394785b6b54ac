"""Take a person's bank account from their file, sealed, whenever they give or correct it."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.bank import check_rib
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.corrections.rules import ACCOUNT
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import acting_in, db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.cohorts.models import Enrolment
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Question
from cohortmgr.programmes.models import Intake
from cohortmgr.stipends.models import BankDetails

_TAKEN = N_(
    "Ce RIB est déjà celui d’une autre personne : relisez ses 24 chiffres sur votre relevé. S’il est bien le vôtre, "
    "écrivez à l’établissement par « Aide »."
)


def take_bank_details(viewer: Viewer, enrolment: Enrolment, application: Application) -> None:
    """Store the RIB of an application for its enrolment, sealed for its new place; called at the enrolment.

    Without a valid RIB nothing happens: the payment run then names the person among its exceptions.
    """
    rib = _rib_of(application)
    if rib is None:
        return
    mine = (
        BankDetails.institution_id == enrolment.institution_id,
        BankDetails.person_id == enrolment.person_id,
    )
    row = db.session.scalar(sa.select(BankDetails).where(*mine)) or BankDetails(
        reference=new_reference(), institution_id=enrolment.institution_id, person_id=enrolment.person_id
    )
    if row.blind == crypto.blind_index("rib", rib):
        return
    row.sealed = crypto.seal(rib, "bank_details", "sealed", row.reference)
    row.blind, row.last4, row.taken_at = crypto.blind_index("rib", rib), rib[-4:], clock.now()
    db.session.add(row)
    person = db.session.get_one(Person, enrolment.person_id)
    record(
        viewer,
        "stipends.take_bank_details",
        about(row, person.reference),
        after={"last4": row.last4, "application": application.reference},
    )


def take_given_later(viewer: Viewer, application: Application) -> None:
    """Do the same for a RIB that was given after the acceptance.

    If there is no enrolment yet, nothing is done: the enrolment will take the RIB when it is made. Refused for
    the account of somebody else if the person gives it themselves: they are there to put it right."""
    enrolment = db.session.scalar(sa.select(Enrolment).where(Enrolment.application_id == application.id))
    if enrolment is None:
        return
    if viewer.person_id == enrolment.person_id:
        _require_own(enrolment, application)
    take_bank_details(viewer, enrolment, application)


def _require_own(enrolment: Enrolment, application: Application) -> None:
    question, rib = _question_of(application), _rib_of(application)
    if question is None or rib is None:
        return
    blind = crypto.blind_index("rib", rib)
    known = (BankDetails.institution_id == enrolment.institution_id, BankDetails.blind == blind)
    with acting_in(enrolment.institution_id):
        found = db.session.execute(sa.select(BankDetails.person_id, BankDetails.taken_at).where(*known)).all()
    since = {row.person_id: row.taken_at for row in found}
    own = since.pop(enrolment.person_id, None)
    # Whose it was first is not told of one who took it later: it is the later one who was wrong.
    if any(own is None or taken_at <= own for taken_at in since.values()):
        raise Refused(Problem(_TAKEN, {}, question.key))


def _question_of(application: Application) -> Question | None:
    intake = db.session.get_one(Intake, application.intake_id)
    questions = programmes.definition_of(intake).form.questions
    return next((each for each in questions if each.target == ACCOUNT), None)


def _rib_of(application: Application) -> str | None:
    question = _question_of(application)
    if question is None:
        return None
    answers = applications.sealed_answers(application) if question.sealed else application.answers
    try:
        return check_rib(str(answers.get(question.key) or ""))
    except Refused:
        return None
