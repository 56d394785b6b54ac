"""Record the consent that a guardian gave on paper to whoever enrolled the child."""

from __future__ import annotations

from datetime import date

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.actions.consents import GuardianAnswer
from cohortmgr.applications.guardians.queries import acting_for, answered_through, asked_of, children
from cohortmgr.applications.guardians.rules import signature_problems, takes_paper
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import clean
from cohortmgr.outbox.actions import send_all

ANSWERED = N_("Le tuteur légal de cet enfant a déjà répondu.")
_SIGNED = N_("Écrivez le nom de la personne qui a signé, tel qu’il est sur le papier.")
_HELD = N_("Dites que vous avez le papier signé.")


def record_paper(
    viewer: Viewer, row: Application, said: GuardianAnswer, signed: str, signed_on: date | None, is_held: bool
) -> None:
    """Write the answers on a paper for a child's file, and send the guardian the receipt with the link by which they
    may change them. The caller has checked that the viewer enrolled the child.

    NotFound if nobody answers for the child any longer; Refused once the guardian answered themselves, and while an
    answer, the name, the day or the paper is missing."""
    found = asked_of(row)
    if found is None or found[1].until <= clock.today():
        raise NotFound(row.reference)
    person, held = found
    with acting_for([held]):
        child = next((each for each in children([held], lock=True) if each.application.id == row.id), None)
        if child is None:
            raise NotFound(row.reference)
        if not takes_paper(row.state, row.consent, answered_through(row), viewer.reference):
            raise Refused(ANSWERED)
        problems = consents.unanswered(viewer, child, said)
        signed = clean(signed)[:160]
        problems += [Problem(_SIGNED, {}, "signed")] if not signed else []
        problems += signature_problems(signed_on, clock.local(row.created_at).date(), clock.today())
        problems += [Problem(_HELD, {}, "held")] if not is_held else []
        if problems:
            raise Refused(*problems)
        if not consents.write_answers(viewer, person, child, said, signed, person.language, signed_on):
            return  # a second click
        receipt = links.create(consents.LINK, person.reference, consents.STANDING)
        institution, programme = row.institution_id, child.definition.title
        send_all([consents.letter_to(viewer, "guardian_receipt", person, receipt, programme, institution, 1)])
