"""Ask people to correct answers of a sent file, take their corrections of these alone, or correct one for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers.composed import FieldValues, read_given
from cohortmgr.applications.corrections import queries
from cohortmgr.applications.corrections.rules import (
    LONGEST_MESSAGE,
    REASON,
    CorrectionState,
    corrected_by_staff,
    reopened,
    request_problems,
    strangers,
    unanswered,
)
from cohortmgr.applications.documents.actions.receiving import PreparedUpload
from cohortmgr.applications.documents.rules import papers_of
from cohortmgr.applications.eligibility.actions import reassess
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import hold
from cohortmgr.applications.file.models import Application, Correction, CorrectionItem
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.filling.actions.saving import save_reopened
from cohortmgr.applications.guardians.rules import is_child
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import clean
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.programmes.definition.rules import Definition, Question
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.rules import require_published

# Higher rooms register here what follows from a correction, also from one that says the same again; it may be
# Refused, and nothing is written then.
on_answers: Hook[[Viewer, Application], None] = Hook()

_NOT_SENT = N_(
    "Une correction se demande sur une candidature envoyée ; de qui a quitté la formation, seul le compte se corrige."
)
_LEFT = N_("Cette personne a quitté la formation : seul son compte se corrige encore.")
_ALREADY = N_("Une correction est déjà demandée pour ce dossier : attendez-la, ou annulez-la.")
_ASKED = N_("Une correction est demandée à la personne : attendez-la, ou annulez-la d’abord.")
_SAME = N_("La réponse est déjà celle-ci.")
_OF_AGE = N_(
    "Avec cette réponse, la personne devient mineure, ou ne l’est plus : demandez-lui cette correction, et qui est son "
    "tuteur légal."
)
_WHY = N_("Dites d’où vient la correction : la personne le lit, et le journal le garde.")
_NOTHING = N_("Rien n’est à corriger dans ce dossier, ou le délai est passé.")


def ask(
    viewer: Viewer, reference: str, items: Mapping[str, str], message: str, until: datetime
) -> Correction:
    """Reopen some questions of a sent file until a moment, and tell its person. `items`: question to kind.

    Refused while another request waits. The row is locked, so that only one of two staff members asks.
    """
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    held = sa.select(Application).where(Application.id == file.application.id).with_for_update()
    row = db.session.scalars(held.execution_options(populate_existing=True)).one()
    open_ones = queries.questions_to_correct(file)
    if not open_ones:
        raise Refused(_NOT_SENT)
    if set(items) - open_ones and row.state != ApplicationState.SUBMITTED:
        raise Refused(Problem(_LEFT, {}, "questions"))
    if db.session.scalar(_waiting([row.id]).limit(1)) is not None:
        raise Refused(_ALREADY)
    (made,) = ask_all(viewer, file.intake, file.definition, [row], items, message, until)
    return made


def ask_all(
    viewer: Viewer,
    intake: Intake,
    definition: Definition,
    rows: Sequence[Application],
    items: Mapping[str, str],
    message: str,
    until: datetime,
    lot: str | None = None,
) -> list[Correction]:
    """Make the same request for each of these files. The caller has checked that they are sent, that none
    waits for another request, and that the viewer may ask. `lot` is also their letters' bundle."""
    require_published(intake.state, intake.path)
    message = clean(message)
    problems = request_problems(definition.form, items, message, until, clock.now())
    if problems:
        raise Refused(*problems)
    made = [
        Correction(
            institution_id=row.institution_id,
            person_id=row.person_id,
            application_id=row.id,
            message=message,
            until=until,
            lot=lot,
            asked_by=viewer.reference,
            asked_at=clock.now(),
        )
        for row in rows
    ]
    db.session.add_all(made)
    db.session.flush()
    for correction in made:
        for question, kind in items.items():
            db.session.add(
                CorrectionItem(
                    institution_id=correction.institution_id,
                    person_id=correction.person_id,
                    correction_id=correction.id,
                    question=question,
                    kind=kind,
                )
            )
    _tell(viewer, intake, definition, rows, items, message, until, lot)
    return made


def _tell(
    viewer: Viewer,
    intake: Intake,
    definition: Definition,
    rows: Sequence[Application],
    items: Mapping[str, str],
    message: str,
    until: datetime,
    lot: str | None,
) -> None:
    known = sa.select(Person.id, Person.reference, Person.email)
    people = {
        person.id: person
        for part in in_parts(row.person_id for row in rows)
        for person in db.session.execute(known.where(Person.id.in_(part)))
    }
    questions = reopened(definition.form, items)
    letters = []
    for row in rows:
        person = people[row.person_id]
        variables = {
            **_shared(row, intake, definition),
            "until": until,
            "message": message,
            "questions": [q.label.get(row.language) or q.label["fr"] for q in questions],
        }
        letters.append(
            _letter("correction_asked", row, person.reference, row.email or person.email, variables, lot)
        )
        after = {"questions": dict(items), "until": until.isoformat()}
        record(viewer, "applications.ask_correction", about(row, person.reference), after=after)
    send_all(letters)


def _shared(row: Application, intake: Intake, definition: Definition) -> dict[str, Any]:
    return {
        "name": row.name,
        "number": row.number,
        "programme": dict(definition.title),
        "intake": dict(intake.title),
        "reference": row.reference,
    }


def _letter(
    key: str, row: Application, person: str, address: str | None, variables: dict[str, Any], lot: str | None
) -> Letter:
    return Letter(
        key, person, address or "", row.language, variables, row.institution_id, row.person_id, bundle=lot
    )


def _waiting(applications: Iterable[int]) -> sa.Select[Correction]:
    return sa.select(Correction).where(
        Correction.application_id.in_(list(applications)), Correction.state == CorrectionState.ASKED
    )


def call_off(viewer: Viewer, reference: str) -> str:
    """Call off a request, which closes what it reopened; nothing happens if answered or called off already.

    Returns the file's reference."""
    found = db.session.execute(
        sa.select(Correction, Application)
        .join(Application, Application.id == Correction.application_id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Correction.reference == reference, file_queries.within(viewer, file_queries.MANAGE))
    ).first()
    if found is None:
        raise NotFound(reference)
    correction, row = found
    hold(viewer, sa.select(Correction.application_id).where(Correction.id == correction.id))
    db.session.refresh(correction)
    if correction.state == CorrectionState.ASKED:
        correction.state = CorrectionState.CALLED_OFF.value
        person = db.session.get_one(Person, row.person_id).reference
        record(viewer, "applications.call_off_correction", about(row, person))
    return str(row.reference)


def answer(
    viewer: Viewer,
    reference: str,
    given: FieldValues,
    documents: Sequence[PreparedUpload],
    kept: Mapping[str, str] | None = None,
) -> File:
    """Take the corrections of the viewer's own file: even after the close, until the moment of the request.

    Refused, with nothing written, for an answer to any other question, a wrong answer or a missing one. What
    was sent in time counts, however long it then takes. `kept` is what the person was asked about and keeps.
    """
    file = file_queries.own(viewer, reference)
    request = queries.correction_asked(file)
    if request is None:
        raise Refused(_NOTHING)
    form, keys = file.definition.form, {item.question.key for item in request.items}
    strange = strangers(form, keys, [*given, *(document.question for document in documents)])
    if strange:
        raise Refused(*strange)
    questions = reopened(form, keys)
    before = _values(file, keys)
    file = save_reopened(viewer, file, questions, given, documents, kept or {})
    db.session.flush()
    for follow in on_answers:
        follow(viewer, file.application)
    absent = unanswered(form, questions, file.answers, papers_of(file.documents))
    if absent:
        raise Refused(*absent)
    _close(viewer, file, request.row, before, _values(file, keys))
    return file


def _close(
    viewer: Viewer, file: File, correction: Correction, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    row = file.application
    mine = sa.select(CorrectionItem).where(CorrectionItem.correction_id == correction.id)
    for item in db.session.scalars(mine):
        told = {"before": before.get(item.question), "after": after.get(item.question)}
        text = json.dumps(told, ensure_ascii=False, default=str)
        item.sealed = crypto.seal(text, "correction_items", "sealed", item.reference)
    correction.state, correction.done_at = CorrectionState.DONE.value, clock.now()
    row.resent_at = correction.done_at
    if row.state == ApplicationState.SUBMITTED:
        reassess(viewer, file)
    person = viewer.person_reference or ""
    record(
        viewer,
        "applications.correct",
        about(row, person),
        before={"answers": dict(before)},
        after={"answers": dict(after)},
    )
    variables = _shared(row, file.intake, file.definition)
    send_all([_letter("correction_done", row, person, row.email or viewer.email, variables, None)])


def correct_for(
    viewer: Viewer, reference: str, key: str, given: FieldValues, reason: str, mark: str | None = None
) -> File:
    """Correct one answer of a sent file for its person, such as a slip told over the telephone, and tell them.

    Refused without a reason, for a wrong, a missing or the same answer, for one that makes a child of an adult or an
    adult of a child, and while a correction is asked of them; NotFound for a question that staff do not correct (see
    `corrected_by_staff`); Stale if `mark` is not that of the present answer, which somebody else corrected meanwhile. A
    sealed answer is compared with nothing: a refusal would tell what it is."""
    hold(viewer, sa.select(Application.id).where(Application.reference == reference))
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    require_published(file.intake.state, file.intake.path)
    row, reason = file.application, clean(reason).strip()[:LONGEST_MESSAGE]
    allowed = corrected_by_staff(file.definition.form, queries.questions_to_correct(file))
    question = next((each for each in allowed if each.key == key), None)
    if question is None or row.state != ApplicationState.SUBMITTED:
        raise NotFound(key)
    if file.reopened_until is not None:
        raise Refused(_ASKED)
    if mark is not None and mark != queries.mark_of_answer(file, question):
        raise Stale(key)
    if not reason:
        raise Refused(Problem(_WHY, {}, REASON))
    _require_as_old(file, question, given)
    before = _values(file, [key])
    file = save_reopened(viewer, file, (question,), given, (), {})
    db.session.flush()
    for follow in on_answers:
        follow(viewer, row)
    absent = unanswered(file.definition.form, (question,), file.answers, papers_of(file.documents))
    after = _values(file, [key])
    if absent:
        raise Refused(*absent)
    if after == before and not question.sealed:
        raise Refused(Problem(_SAME, {}, key))
    if row.state == ApplicationState.SUBMITTED:
        reassess(viewer, file)
    person = file_queries.person_reference(row)
    record(
        viewer,
        "applications.correct_for",
        about(row, person),
        before={"answers": before},
        after={"answers": after, "reason": reason},
    )
    said = {**_shared(row, file.intake, file.definition), "question": dict(question.label), "reason": reason}
    send_all([_letter("answer_corrected", row, person, _address(row), said, None)])
    return file


def _require_as_old(file: File, question: Question, given: FieldValues) -> None:
    """Raise Refused for an answer by which an adult's file becomes a child's, or a child's an adult's: the guardian is
    asked, or left out, by the person's own correction."""
    value, wrong = read_given(question, given, clock.today())
    said = {**file.answers, question.key: value}
    if value is None:
        del said[question.key]
    of_child = [is_child(file.definition, each, clock.today()) for each in (file.answers, said)]
    if not wrong and of_child[0] != of_child[1]:
        raise Refused(Problem(_OF_AGE, {}, question.key))


def _address(row: Application) -> str:
    return row.email or db.session.get_one(Person, row.person_id).email or ""


def _values(file: File, keys: Iterable[str]) -> dict[str, Any]:
    """The present answers to these questions; a document is given by its name and reference."""
    answers = file.answers
    return {
        key: {"document": file.documents[key].filename, "reference": file.documents[key].reference}
        if key in file.documents
        else answers.get(key)
        for key in keys
    }
