"""What the form's pages share: whether a file may be changed, its fingerprint, the papers of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState, asked
from cohortmgr.applications.form.asides import as_saved, asides_of, kept_here, may_ask
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_asides
from cohortmgr.applications.form.forms.fields import GroupRows
from cohortmgr.applications.form.views.drawing import parts
from cohortmgr.applications.form.views.requests import seen_by
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.web.asked import json_sent
from cohortmgr.programmes.definition.rules import Question, QuestionKind, Window, window_of

_NOT_READ = N_("Ce qui a été envoyé ne se lit pas.")
_MOST_FIELDS, _LONGEST = 400, 100_000


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
    form, answers = file.definition.form, file.working
    out = hidden(form, answers)
    shown = [question for question in questions if question.key not in out]
    return asides_of(form, shown, sent, answers, keys_of(file))


def unanswered(
    file: File, questions: Iterable[Question], known: Mapping[str, Any]
) -> tuple[ApplicationForm | None, dict[str, str]]:
    """A form of the answers as they were saved if something is still asked about one of them, else None; and the texts
    that are asked about no more, by the name of their field. `known` is what a code proved of the person."""
    form, asked_here, answers = file.definition.form, tuple(questions), file.working
    if not may_ask(form, asked_here, answers, known):
        return None, {}
    sent = as_saved(form, asked_here, answers, known)
    asides, told = asides_on(file, asked_here, sent), kept_here(form, asked_here, sent)
    if not asides:
        return None, told
    drawn = form_class(fingerprint_of(file), file.definition)(
        formdata=None, data=typed(file.definition, {**known, **answers})
    )
    more = request.args.get("more")
    if more in drawn and isinstance(drawn[more], GroupRows):
        drawn[more].add_row()
    show_asides(drawn, asides, told)
    return drawn, told


def filled(
    file: File, known: Mapping[str, Any], unfinished: Callable[[str], object]
) -> list[Markup | Question]:
    """The whole form, drawn, with the answers and with what a code proved of the person; without the questions of
    papers for which something was sent, or is on its way."""
    definition, reference = file.definition, file.application.reference
    given, more = typed(definition, {**known, **file.working}), request.args.get("more")
    return parts(
        fingerprint_of(file),
        definition,
        given,
        more,
        reference,
        lambda key: key in file.documents or unfinished(key),
    )


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


def saved_while_typing() -> tuple[dict[str, list[str]], set[str], dict[str, str], bool]:
    """The fields, keys, marks and `kept` that a page's script sent, as JSON or as a form; Refused for any other
    shape."""
    return _read(json_sent() if request.is_json else _posted())


def _posted() -> dict[str, Any]:
    """The same content from a plain form: its fields, and under `keys` the questions that they answer."""
    fields = request.form.to_dict(flat=False)
    return {"keys": fields.pop("keys", []), "seen": seen_by(request.form), "fields": fields}


def _read(body: Any) -> tuple[dict[str, list[str]], set[str], dict[str, str], bool]:
    """The fields, keys, marks and `kept` that a page's script sends; Refused for anything of another shape."""
    if not isinstance(body, Mapping):
        raise Refused(_NOT_READ)
    fields, keys, seen = body.get("fields"), body.get("keys"), body.get("seen", {})
    if not isinstance(fields, dict) or not isinstance(keys, list) or not isinstance(seen, dict):
        raise Refused(_NOT_READ)
    given: dict[str, list[str]] = {}
    for name, texts in fields.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused(_NOT_READ)
        given[str(name)] = texts
    size = sum(len(text) for texts in given.values() for text in texts)
    if len(given) > _MOST_FIELDS or len(keys) > _MOST_FIELDS or size > _LONGEST:
        raise Refused(_NOT_READ)
    marked = {str(key): str(mark) for key, mark in seen.items()}
    return given, {str(key) for key in keys}, marked, bool(body.get("kept"))
