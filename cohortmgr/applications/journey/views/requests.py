"""What the form's pages share: whether a file may be changed, its fingerprint, the papers of a request."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
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
