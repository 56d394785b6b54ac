"""The page on which staff key in an application that came on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from cohortmgr.accounts import guards
from cohortmgr.accounts.slips import TypedQuestion
from cohortmgr.applications.documents.actions.receiving import PreparedUpload, prepare_document
from cohortmgr.applications.documents.rules import MOST_FILES
from cohortmgr.applications.file.rules import ApplicationState, asked
from cohortmgr.applications.form.asides import asides_of, kept_here, kept_now, settled_answers
from cohortmgr.applications.form.buttons import Pressed, as_pressed, pressed
from cohortmgr.applications.form.forms.classes import form_class, show_answers, show_asides
from cohortmgr.applications.importing.actions import paper
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.programmes.definition.rules import QuestionKind
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("paper_staff", __name__, url_prefix="/staff")


@bp.route("/intakes/<reference>/paper", methods=["GET", "POST"])
@guards.staff
def enter(reference: str) -> ResponseReturnValue:
    """Show the programme's own form, with the day of receipt and the person who sent the paper; a POST writes
    the file."""
    intake = paper.intake_of(guards.viewer(), reference)
    if request.method != "POST":
        return _page(intake, ())
    button = pressed(definition_of(intake).form, request.form)
    if button is not None:
        return _page(intake, (), button)
    sent, asides = _settled(intake)
    if asides:
        return _page(intake, (), asides=asides)
    documents, problems = _scanned(intake)
    try:
        if problems:
            raise Refused(*problems)
        given = sent.to_dict(flat=False)
        form = definition_of(intake).form
        kept = kept_now(form, asked(form), sent)
        person, received = request.form.get("person", ""), request.form.get("received", "")
        with writing():
            row = paper.enter(guards.viewer(), reference, given, person, received, documents, kept)
    except Refused as refusal:
        db.session.rollback()
        return _page(paper.intake_of(guards.viewer(), reference), refusal.problems), 422
    if row.state == ApplicationState.HELD:
        flash(_("Le dossier est saisi. Son tuteur légal vient d’être contacté."), "done")
        return redirect(url_for("paper_staff.enter", reference=reference))
    flash(_("Le dossier %(number)s est saisi.", number=row.number), "done")
    return redirect(url_for("applications_staff.tab", reference=row.reference, tab="file"))


def _scanned(intake: Intake) -> tuple[list[PreparedUpload], list[Problem]]:
    documents: list[PreparedUpload] = []
    problems: list[Problem] = []
    for question in asked(definition_of(intake).form):
        if question.kind is not QuestionKind.FILE:
            continue
        for sent in request.files.getlist(question.key)[: question.max_files or MOST_FILES]:
            if sent.filename:
                try:
                    documents.append(prepare_document(question, sent.filename, sent.stream.read()))
                except Refused as refusal:
                    problems.extend(refusal.problems)
    return documents, problems


def _settled(intake: Intake) -> tuple[MultiDict[str, Any], Mapping[str, TypedQuestion]]:
    """What was sent, as the button of a question settles it, and what is asked about it still."""
    form = definition_of(intake).form
    movable = [question.key for question in asked(form)]
    sent, _moved = settled_answers(form, request.form, {}, movable)
    return sent, asides_of(form, asked(form), sent, {}, movable)


def _page(
    intake: Intake,
    problems: tuple[Problem, ...],
    button: Pressed | None = None,
    asides: Mapping[str, TypedQuestion] | None = None,
) -> str:
    definition = definition_of(intake).of_intake(intake.key)
    sent, _asides = _settled(intake)
    typed = as_pressed(sent, button) if problems or button or asides else None
    form = form_class(intake.fingerprint, definition)(typed)
    show_asides(form, asides or {}, kept_here(definition.form, asked(definition.form), sent))
    if button is not None and button.adds:
        form[button.key].add_row()
    found = []
    if problems:
        # Each problem stands beside its field; those of "person" and "received" are shown at these two fields
        # of the page.
        mine = {"person", "received"}
        show_answers(form, Refused(*(each for each in problems if each.where not in mine)))
        answers, _wrong = paper.read(guards.viewer(), definition, sent.to_dict(flat=False))
        found = paper.known(guards.viewer(), intake, definition, answers)
    return render_template(
        "applications/importing/staff_paper.html",
        intake=intake,
        definition=definition,
        form=form,
        found=found,
        chosen=request.form.get("person", ""),
        own={each.where: each for each in problems if each.where in ("person", "received")},
    )
