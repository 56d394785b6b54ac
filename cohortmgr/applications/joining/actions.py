"""Asks people who accepted a seat for what enrolment needs, and keeps what they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.composed import FieldValues
from cohortmgr.applications.corrections.rules import strangers
from cohortmgr.applications.documents.actions.receiving import PreparedUpload
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.filling.actions.saving import save_reopened
from cohortmgr.applications.joining.queries import owed_by, questions_of
from cohortmgr.audit.actions import about, record
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused
from cohortmgr.base.hooks import Hook
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

# Higher rooms register here what follows from these answers; it runs in the same transaction, once they are
# written.
on_answers: Hook[[Viewer, Application], None] = Hook()

ASKED = "after_acceptance_asked"
_NOTHING = N_("Rien ne vous est demandé pour cette inscription, ou elle est terminée.")


def ask(viewer: Viewer, application: Application) -> None:
    """Write to a person who accepted a seat what they must still give; nothing if there is nothing left to
    give.

    There is no permission of its own: it is part of the acceptance.
    """
    missing = owed_by([application.id]).get(application.id)
    if not missing:
        return
    intake = db.session.get_one(Intake, application.intake_id)
    person = db.session.get_one(Person, application.person_id)
    address = application.email or person.email or ""
    if not address and person.phone_sealed is None:
        return
    variables = {
        "name": application.name,
        "number": application.number,
        "programme": dict(definition_of(intake).title),
        "intake": dict(intake.title),
        "starts_on": intake.starts_on,
        "questions": [each.label.get(application.language) or each.label["fr"] for each in missing],
        "reference": application.reference,
    }
    place = (application.institution_id, application.person_id)
    send_all([Letter(ASKED, person.reference, address, application.language, variables, *place)])


def answer(
    viewer: Viewer,
    reference: str,
    given: FieldValues,
    documents: Sequence[PreparedUpload],
    kept: Mapping[str, str] | None = None,
) -> File:
    """Keep what the person gives after acceptance: answers to these questions of their own file, and to no
    others.

    All is written, or nothing: raises Refused with everything that is wrong. What is left out may be given
    later. `kept` is what the person was asked about and keeps.
    """
    file = file_queries.own_held(viewer, reference)
    questions = questions_of(file)
    if not questions:
        raise Refused(_NOTHING)
    form, keys = file.definition.form, [question.key for question in questions]
    strange = strangers(form, keys, [*given, *(document.question for document in documents)])
    if strange:
        raise Refused(*strange)
    before = file.answers
    file = save_reopened(viewer, file, questions, given, documents, kept or {})
    db.session.flush()
    after = file.answers
    changed = {key for key in keys if before.get(key) != after.get(key)}
    changed |= {document.question for document in documents}
    if changed:
        record(
            viewer,
            "applications.give_for_joining",
            about(file.application, viewer.person_reference),
            before={"answers": {key: before.get(key) for key in sorted(changed)}},
            after={"answers": {key: after.get(key) for key in sorted(changed)}},
        )
        for follow in on_answers:
            follow(viewer, file.application)
    return file
