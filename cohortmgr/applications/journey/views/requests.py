"""What the form's pages share: whether a file may be changed, its fingerprint, the papers of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, asked
from cohortmgr.applications.form.asides import as_saved, asides_of, kept_here
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_asides
from cohortmgr.applications.form.forms.fields import GroupRows
from cohortmgr.base import clock
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.programmes.definition.rules import Question, QuestionKind, Window, window_of


def editable(file: File) -> bool:
    """Whether the file's person may write in it now."""
    return file.is_open and window_of(file.intake.opens_at, file.closes_at, clock.arrived()) is Window.OPEN


def fingerprint_of(file: File) -> str:
    """The fingerprint of the definition that the file answers."""
    if file.application.state == ApplicationState.DRAFT:
        return file.intake.fingerprint
    return str(file.read.fingerprint)


def keys_of(file: File) -> tuple[str, ...]:
    """The questions of the application, whose answers its person may change."""
    return tuple(question.key for question in asked(file.definition.form))


def asides_on(
    file: File, questions: Iterable[Question], sent: MultiDict[str, Any]
) -> dict[str, TypedQuestion]:
    """What is asked about the answers that were sent to these questions, those that are hidden apart."""
    form, out = file.definition.form, hidden(file.definition.form, file.working)
    shown = [question for question in questions if question.key not in out]
    return asides_of(form, shown, sent, file.working, keys_of(file))


def unanswered(
    file: File, questions: Iterable[Question], known: Mapping[str, Any]
) -> tuple[ApplicationForm | None, dict[str, str]]:
    """A form of the answers as they were saved if something is still asked about one of them, else None; and the texts
    that are asked about no more, by the name of their field. `known` is what a code proved of the person."""
    form, asked_here = file.definition.form, tuple(questions)
    sent = as_saved(form, asked_here, file.working, known)
    asides, told = asides_on(file, asked_here, sent), kept_here(form, asked_here, sent)
    if not asides:
        return None, told
    drawn = form_class(fingerprint_of(file), file.definition)(
        formdata=None, data=typed(file.definition, {**known, **file.working})
    )
    more = request.args.get("more")
    if more in drawn and isinstance(drawn[more], GroupRows):
        drawn[more].add_row()
    show_asides(drawn, asides, told)
    return drawn, told


def prepared(file: File, wanted: Iterable[Question]) -> tuple[list[PreparedUpload], list[Problem]]:
    """The files in this request, checked and stored, and the problems of bad ones, which do not undo the
    others."""
    documents: list[PreparedUpload] = []
    problems: list[Problem] = []
    for question in wanted:
        if question.kind is not QuestionKind.FILE:
            continue
        for sent in request.files.getlist(question.key)[: question.max_files or MOST_FILES]:
            if not sent.filename:
                continue
            data = sent.stream.read()
            sent.close()
            try:
                documents.append(prepare_document(question, sent.filename, data))
            except Refused as refusal:
                problems.extend(refusal.problems)
    return documents, problems
