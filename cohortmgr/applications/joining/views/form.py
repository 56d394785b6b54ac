"""The page on which a person answers the questions that are asked after a seat is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts import guards
from cohortmgr.applications.answers.display import typed
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.form.asides import asides_of, is_ours, kept_here, kept_now, settled_answers
from cohortmgr.applications.form.buttons import BEGINNINGS, Pressed, as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_answers, show_asides
from cohortmgr.applications.joining import actions as joining
from cohortmgr.applications.joining import queries as joining_queries
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.programmes.definition.rules import Question, QuestionKind

bp = Blueprint("joining_candidate", __name__)


@bp.route("/my/applications/<reference>/joining", methods=["GET", "POST"])
@guards.candidate
def form(reference: str) -> ResponseReturnValue:
    """Show these questions only. Answers may be given in several goes, but one wrong answer keeps the others
    from being saved."""
    file = file_queries.own(guards.viewer(), reference)
    questions = joining_queries.questions_of(file)
    if not questions:
        return redirect(url_for("applications_candidate.show", reference=reference))
    if request.method == "GET":
        page = _form(file)
        more = request.args.get("more", "")
        if any(each.key == more and each.kind is QuestionKind.GROUP for each in questions):
            page[more].add_row()
        return _page(file, questions, page)
    button = pressed(file.definition.form, request.form, later=True)
    form, movable = file.definition.form, [question.key for question in questions]
    sent, _moved = settled_answers(form, as_pressed(request.form, button), file.answers, movable)
    page = _form(file, sent)
    asides = {} if button else asides_of(form, questions, sent, file.answers, movable)
    show_asides(page, asides, kept_here(form, questions, sent))
    if asides:
        return _page(file, questions, page)
    try:
        kept = {} if button else kept_now(form, questions, sent)
        file = _answer(file, questions, sent, kept)
    except Refused as refusal:
        db.session.rollback()
        file = file_queries.own(guards.viewer(), reference)
        show_answers(page, refusal)
        return _page(file, questions, page)
    return redirect(_after(file, button))


def _form(file: File, sent: Any = None) -> ApplicationForm:
    made = form_class(str(file.read.fingerprint), file.definition, later=True)
    return made(formdata=sent, data=typed(file.definition, file.answers))


def _answer(
    file: File, questions: tuple[Question, ...], sent: MultiDict[str, Any], kept: Mapping[str, str]
) -> File:
    fields = sent.to_dict(flat=False)
    given = {
        name: values
        for name, values in fields.items()
        if not is_ours(name) and not name.startswith(BEGINNINGS)
    }
    documents = _prepared(questions)
    with writing():
        return joining.answer(guards.viewer(), file.application.reference, given, documents, kept)


def _after(file: File, button: Pressed | None) -> str:
    reference = file.application.reference
    if button is not None:
        more = button.key if button.adds else None
        place = button.place({}) if button.step else button.key
        return url_for(".form", reference=reference, more=more, _anchor=place)
    left = joining_queries.owed(file_queries.own(guards.viewer(), reference))
    if left:
        flash(_("C’est enregistré. Il reste quelque chose à fournir."), "done")
        return url_for(".form", reference=reference)
    flash(_("Merci : nous avons tout ce qu’il faut pour votre inscription."), "done")
    return url_for("applications_candidate.show", reference=reference)


def _prepared(questions: tuple[Question, ...]) -> list[PreparedUpload]:
    """The files in this request, checked and stored; raises Refused with everything that is wrong with them."""
    documents: list[PreparedUpload] = []
    problems: list[Problem] = []
    for question in questions:
        if question.kind is not QuestionKind.FILE:
            continue
        for sent in request.files.getlist(question.key)[: question.max_files or MOST_FILES]:
            if not sent.filename:
                continue
            try:
                documents.append(prepare_document(question, sent.filename, sent.stream.read()))
            except Refused as refusal:
                problems.extend(refusal.problems)
    if problems:
        raise Refused(*problems)
    return documents


def _page(file: File, questions: tuple[Question, ...], page: ApplicationForm) -> ResponseReturnValue:
    return render_template(
        "applications/joining/candidate_joining.html",
        application=file.application,
        intake=file.intake,
        definition=file.definition,
        documents=file.documents,
        questions=questions,
        owed=joining_queries.owed(file),
        begun=file.intake.starts_on <= clock.today(),
        form=page,
    )
