"""The page on which a candidate corrects what staff asked for: only these questions, even after the close."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts import guards
from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.corrections import queries
from cohortmgr.applications.corrections.queries import CorrectionRequest
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.form.asides import (
    asides_of,
    is_ours,
    kept_here,
    kept_now,
    settled_answers,
    to_write_next,
)
from cohortmgr.applications.form.buttons import as_pressed, pressed
from cohortmgr.applications.form.forms.classes import form_class, show_answers, show_asides
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import say
from cohortmgr.programmes.definition.rules import QuestionKind

bp = Blueprint("corrections_candidate", __name__)


@bp.route("/my/applications/<reference>/correction", methods=["GET", "POST"])
@guards.candidate
def form(reference: str) -> ResponseReturnValue:
    """Show the reopened questions with what is wrong with each; the person sends all of them at once."""
    file = file_queries.own(guards.viewer(), reference)
    request_open = queries.correction_asked(file)
    if request_open is None:
        return redirect(url_for("applications_candidate.show", reference=reference))
    button = pressed(file.definition.form, request.form)
    asked = [item.question for item in request_open.items]
    movable = [question.key for question in asked]
    sent, asides = None, dict[str, TypedQuestion]()
    if request.method == "POST":
        given = as_pressed(request.form, button)
        sent, moved = settled_answers(file.definition.form, given, file.answers, movable)
        asides = asides_of(file.definition.form, asked, sent, file.answers, movable) if button is None else {}
        unwritten = to_write_next(file.definition.form, moved, sent)
        if unwritten is not None:
            flash(say(unwritten), "done")
    page = form_class(file.read.fingerprint, file.definition)(sent, data=typed(file.definition, file.answers))
    if button is not None:
        if button.adds:
            page[button.key].add_row()
    elif sent is not None and not asides:
        try:
            _answer(file, request_open, sent)
            flash(_("Merci : vos corrections sont reçues."), "done")
            return redirect(url_for("applications_candidate.show", reference=reference))
        except Refused as refusal:
            db.session.rollback()
            file = file_queries.own(guards.viewer(), reference)
            request_open = queries.correction_asked(file)
            if request_open is None:
                raise
            show_answers(page, refusal)
    if sent is not None:
        show_asides(page, asides, kept_here(file.definition.form, asked, sent))
    return render_template(
        "applications/corrections/candidate_correction.html",
        application=file.application,
        intake=file.intake,
        definition=file.definition,
        documents=file.documents,
        correction=request_open,
        form=page,
    )


def _answer(file: File, request_open: CorrectionRequest, sent: MultiDict[str, Any]) -> None:
    given = {name: values for name, values in sent.to_dict(flat=False).items() if not is_ours(name)}
    kept = kept_now(file.definition.form, [item.question for item in request_open.items], sent)
    documents = _prepared(request_open)
    with writing():
        corrections.answer(guards.viewer(), file.application.reference, given, documents, kept)


def _prepared(request_open: CorrectionRequest) -> list[PreparedUpload]:
    """The files of the reopened questions, checked and stored; Refused with all that is wrong with them."""
    documents: list[PreparedUpload] = []
    problems: list[Problem] = []
    for item in request_open.items:
        if item.question.kind is not QuestionKind.FILE:
            continue
        for sent in request.files.getlist(item.question.key)[: item.question.max_files or MOST_FILES]:
            if not sent.filename:
                continue
            try:
                documents.append(prepare_document(item.question, sent.filename, sent.stream.read()))
            except Refused as refusal:
                problems.extend(refusal.problems)
    if problems:
        raise Refused(*problems)
    return documents
