"""Save what a person typed: into a draft, as a change to a sent file, or as answers that staff reopened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from cohortmgr.accounts.actions.people import set_person
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers import amended, settled
from cohortmgr.applications.answers.composed import FieldValues, read_given
from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, parts_by_question
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import require_open
from cohortmgr.applications.file.hooks import answers_changed
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import (
    HIDDEN,
    NOT_A_DRAFT,
    ApplicationState,
    listed,
    person_values,
    split_sealed,
)
from cohortmgr.applications.filling.actions import changed_answers
from cohortmgr.applications.filling.actions.numbers import give_numbers, tell_contradictions
from cohortmgr.applications.form.pages import mark_of
from cohortmgr.applications.guardians.actions.asking_again import hide
from cohortmgr.applications.guardians.rules import consent_after, is_child
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes.definition.rules import Definition, Form, Question, QuestionKind

_CHANGED = N_(
    "Cette réponse a été changée ailleurs entre-temps : « %(said)s ». Ce que vous avez écrit ici n’est pas enregistré ;"
    " enregistrez encore une fois pour le garder."
)
_EMPTIED = N_("effacée")


def save_answers(
    viewer: Viewer,
    file: File,
    given: FieldValues,
    documents: Iterable[PreparedUpload] = (),
    keys: Collection[str] | None = None,
    seen: Mapping[str, str] | None = None,
    spoken: str | None = None,
    kept: Mapping[str, str] | None = None,
) -> tuple[File, list[Problem]]:
    """Save every valid answer; returns the file, and a Problem for each other (`where`: its field).

    `file` comes from `open_file`, in the same transaction. `given` is what was typed, by field (see
    `composed.py`); `keys` limits it to these questions (all when None). An empty question is not a Problem
    here: `sending.check` reports it before sending. Nor is anything said about a hidden question; its answer
    is kept for when it is shown again. `seen` are the marks of the answers that the page showed: an answer
    that was changed elsewhere since then stays, and a Problem says so. `spoken` is the language of the page,
    `kept` what the person was asked about and keeps, by the name of the field.
    """
    form, before = file.definition.form, file.working
    wanted = [
        question
        for question in form.questions
        if question.asked_at_application
        and question.kind is not QuestionKind.FILE
        and (keys is None or question.key in keys)
    ]
    answers, problems = _read(wanted, given, clock.today(), before)
    if seen:
        problems += _not_over(wanted, before, answers, seen)
    problems = _of_shown(form, answers, problems)
    amended.seen(answers, (question.key for question in wanted))
    settled.note(form, answers, kept or {})
    if spoken is not None:
        file.application.language = spoken
    if file.change is None:
        problems += _into_draft(viewer, file, wanted, answers)
    else:
        changed_answers.write_change(file, answers)
    standing = dict(file.documents)
    for key, parts in parts_by_question(documents).items():
        standing[key] = papers.join(viewer, file.application, standing.get(key), key, parts)
    return replace(file, documents=standing), problems


def _into_draft(
    viewer: Viewer, file: File, wanted: Iterable[Question], answers: dict[str, Answer]
) -> list[Problem]:
    """Write the answers into a draft. An identity number that another person already has is left out, and a
    Problem says so."""
    problems = list[Problem]()
    person = db.session.get_one(Person, file.application.person_id)
    if any(_identifies(question) for question in wanted):
        problems = give_numbers(viewer, file, person, answers)
        for problem in problems:
            answers.pop(problem.where or "")
    file.application.version_id = file.intake.definition_version_id
    write_answers(viewer, file.application, person, file.definition, answers)
    return problems


def _identifies(question: Question) -> bool:
    return question.kind is QuestionKind.IDENTITY or (question.target or "").startswith("identifier.")


def _not_over(
    wanted: Iterable[Question],
    before: Mapping[str, Answer],
    answers: dict[str, Answer],
    seen: Mapping[str, str],
) -> list[Problem]:
    """Put back each answer that was changed elsewhere since it was shown; returns a Problem for each of them
    that was typed over."""
    problems = []
    for question in wanted:
        key, held = question.key, before.get(question.key)
        if key not in seen or seen[key] == mark_of(held) or answers.get(key) == held:
            continue
        if mark_of(answers.get(key)) != seen[key]:
            said = shown(question, held)
            problems.append(Problem(_CHANGED, {"said": _EMPTIED if said is None else said}, key))
        if held is None:
            answers.pop(key, None)
        else:
            answers[key] = held
    return problems


def save_reopened(
    viewer: Viewer,
    file: File,
    questions: Iterable[Question],
    given: FieldValues,
    documents: Iterable[PreparedUpload],
    kept: Mapping[str, str],
) -> File:
    """Write the answers to these questions of a sent file, and nothing else; Refused with every Problem.

    The caller has checked that these questions, and no others, are reopened. `kept` is what the person was asked
    about and keeps, by the name of the field.
    """
    row, form = file.application, file.definition.form
    person = db.session.get_one(Person, row.person_id)
    typed = [question for question in questions if question.kind is not QuestionKind.FILE]
    answers, problems = _read(typed, given, clock.today(), file.answers)
    problems = _of_shown(form, answers, problems)
    problems += give_numbers(viewer, file, person, answers)
    if problems:
        raise Refused(*problems)
    tell_contradictions(viewer, file, file.answers, answers)
    settled.note(form, answers, kept)
    write_answers(viewer, row, person, file.definition, answers)
    standing = dict(file.documents)
    for key, parts in parts_by_question(documents).items():
        standing[key] = papers.join(viewer, row, standing.get(key), key, parts)
    return replace(file, documents=standing)


def _read(
    questions: Iterable[Question], given: FieldValues, today: date, before: Mapping[str, Answer]
) -> tuple[dict[str, Answer], list[Problem]]:
    answers, problems = dict(before), list[Problem]()
    for question in questions:
        value, wrong = read_given(question, given, today)
        if value is not None:
            answers[question.key] = value
        elif not wrong:
            answers.pop(question.key, None)
        problems += wrong
    return answers, problems


def _of_shown(form: Form, answers: Mapping[str, Answer], problems: list[Problem]) -> list[Problem]:
    """The problems without those of hidden questions."""
    out = hidden(form, answers)
    return [each for each in problems if not out or not _belongs(each.where or "", out)]


def _belongs(where: str, keys: Iterable[str]) -> bool:
    return any(where == key or where.startswith(f"{key}-") for key in keys)


def write_answers(
    viewer: Viewer,
    application: Application,
    person: Person,
    definition: Definition,
    answers: Mapping[str, Answer],
) -> None:
    """Write answers into an application, and what they say about the person into the person.

    For the online form and for imports. The caller sets the identity numbers. No permission is checked here:
    the caller has loaded the application through a scoped query.
    """
    opened, sealed = split_sealed(definition.form, answers)
    before = (application.answers, file_queries.sealed_answers(application))
    application.answers = opened
    if sealed != before[1]:
        application.sealed_answers = file_queries.seal_answers(sealed, application.reference)
    for name, value in listed(definition, answers, application.number).items():
        setattr(application, name, value)
    if application.state != ApplicationState.DRAFT:
        application.offering_id = file_queries.chosen_offering(application, definition.form, answers)
    application.updated_at = clock.now()
    application.consent = consent_after(
        application.consent, is_child(definition, answers, clock.today())
    ).value
    values = person_values(definition.form, answers)
    if "birth_date" in values:
        values["birth_date"] = date.fromisoformat(values["birth_date"])
    set_person(person, values)
    if application.consent in HIDDEN and application.state == ApplicationState.SUBMITTED:
        hide(viewer, application, definition, answers)  # they now say that the person is a child
    sent = application.id is not None and application.state != ApplicationState.DRAFT
    if sent and (opened, sealed) != before:
        for follow in answers_changed:
            follow(viewer, application)


def open_file(viewer: Viewer, reference: str) -> File:
    """The viewer's own file, locked until the end of the transaction, if its answers may be changed now.

    That is so for a draft, and for a sent file that the person is changing, before the close; else Refused.
    """
    file = file_queries.own_held(viewer, reference)
    if not file.is_open:
        raise Refused(NOT_A_DRAFT)
    require_open(viewer, file.intake, closes_at=file.closes_at)
    return file
