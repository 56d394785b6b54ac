"""Tell the desk that a file says an identity number which contradicts the one by which its person is known."""

from __future__ import annotations

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import acting_in, db
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
    "Le dossier %(number)s, de %(given)s, donne un numéro d’identité qui contredit celui par lequel sa personne est "
    "connue. Aucun numéro n’est remplacé : vérifiez sur la pièce d’identité, puis décidez sur la page du dossier."
)
_BOTH = N_(
    "Le dossier %(number)s, de %(given)s, donne un numéro d’identité qui contredit celui par lequel %(known)s est "
    "connu·e. Aucun numéro n’est remplacé : vérifiez sur la pièce d’identité, puis décidez sur la page du dossier."
)


def tell_staff(viewer: Viewer, application: Application, given: str, known: str) -> None:
    """Write a task for the desk, in the transaction that keeps what the file says. `viewer` is no author of it."""
    with acting_in(application.institution_id):
        intake = db.session.get_one(Intake, application.intake_id)
        place = HelpRequestScope(application.institution_id, intake.path, intake.id)
        asked = NewHelpRequest(Topic.OTHER, "", "fr", "", application.number)
        question = open_question(SYSTEM, place, asked)
        values = {"number": application.number, "given": given or application.number, "known": known}
        once = f"{question.reference}:number"
        more = {"ours": True, "values": values}
        say_once(SYSTEM, question, NewThreadEntry(EntryKind.NOTE, _BOTH if known else _TOLD, once, more=more))
