"""What staff do with a file on its person's word: correct an answer that was told, withdraw it on a written request."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require
from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.answers.display import shown, typed
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.corrections import queries as corrections_queries
from cohortmgr.applications.corrections.rules import ONCE, REASON, corrected_by_staff
from cohortmgr.applications.desk.forms import WithdrawalForm
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.form.buttons import as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_answers
from cohortmgr.applications.journey.actions.on_request import withdraw_on_request
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused, Stale
from cohortmgr.base.text import new_reference
from cohortmgr.base.web.asked import kept_arguments
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.definition.rules import Question

bp = Blueprint("requests_staff", __name__, url_prefix="/staff/applications")
_FILE, _TAB = "applications_staff.tab", "file"
# The field that says which answer the form showed.
MARK = "_mark"
_CHANGED = N_(
    "Cette réponse a changé pendant que vous l’écriviez, ou vient d’être corrigée par vous : cet envoi ne corrige rien "
    "de plus. Relisez le dossier, puis corrigez de nouveau s’il le faut."
)


def _arguments() -> dict[str, Any]:
    return {**kept_arguments(_FILE)}


def _to_file(reference: str) -> ResponseReturnValue:
    return redirect(url_for(_FILE, reference=reference, tab=_TAB, **_arguments()))


def _managed(reference: str) -> File:
    """A sent file of which the viewer manages the answers; NotFound for any other."""
    file = file_queries.read_by_staff(guards.viewer(), reference)
    require(guards.viewer(), file_queries.MANAGE, file.intake.path)
    if file.application.state != ApplicationState.SUBMITTED:
        raise NotFound(reference)
    return file


def _questions(file: File) -> tuple[Question, ...]:
    """The questions whose answers staff may correct, without those that the open answers hide: what a sealed one shows
    would tell what it is."""
    out = hidden(file.definition.form, file.application.answers)
    allowed = corrected_by_staff(file.definition.form, corrections_queries.questions_to_correct(file))
    return tuple(each for each in allowed if each.key not in out)


@bp.get("/<reference>/answers")
@guards.staff
def answers(reference: str) -> ResponseReturnValue:
    """List the answers, each leading to the page on which it is corrected. Sealed ones stay sealed."""
    file = _managed(reference)
    keys = {each.key for each in _questions(file)}
    sections = [
        (section.title, [each for each in section.questions if each.key in keys])
        for section in file.definition.form.sections
    ]
    return render_template(
        "applications/desk/staff_answers.html",
        application=file.application,
        intake=file.intake,
        sections=[each for each in sections if each[1]],
        shown=shown,
        asked=file.reopened_until,
        arguments=_arguments(),
    )


@bp.route("/<reference>/answers/<question>", methods=["GET", "POST"])
@guards.staff
def correct(reference: str, question: str) -> ResponseReturnValue:
    """Correct one answer, with the reason; its person is told. What was sealed is written anew and not shown."""
    file = _managed(reference)
    asked = next((each for each in _questions(file) if each.key == question), None)
    if asked is None:
        raise NotFound(question)
    form, held = file.definition.form, file.application.answers
    button, refused = pressed(form, request.form), tuple[Problem, ...]()
    sent = as_pressed(request.form, button) if request.method == "POST" else None
    page: ApplicationForm = form_class(file.read.fingerprint, file.definition)(
        sent, data=typed(file.definition, held)
    )
    if button is not None:
        if button.adds:
            page[button.key].add_row()
    elif sent is not None:
        try:
            _correct(reference, question)
            flash(_("La réponse est corrigée ; la personne est prévenue."), "done")
            return _to_file(reference)
        except Refused as refusal:
            db.session.rollback()
            file, refused = _managed(reference), refusal.problems
            show_answers(page, Refused(*(each for each in refused if each.where != REASON)))
        except Stale:
            db.session.rollback()
            file, refused = _managed(reference), (Problem(_CHANGED),)
    return render_template(
        "applications/desk/staff_answer.html",
        application=file.application,
        intake=file.intake,
        question=asked,
        form=page,
        mark=corrections_queries.mark_of_answer(file, asked),
        reason=request.form.get(REASON, ""),
        once=request.form.get(ONCE) or new_reference(),
        lacking=[each for each in refused if each.where == REASON],
        changed=[each for each in refused if each.what == _CHANGED],
        arguments=_arguments(),
    ), (422 if refused else 200)


def _correct(reference: str, question: str) -> None:
    given = {
        name: values
        for name, values in request.form.to_dict(flat=False).items()
        if name == question or name.startswith(f"{question}-")
    }
    with writing():
        given_reason, token = request.form.get(REASON, ""), request.form.get(ONCE, "")
        mark = request.form.get(MARK)
        corrections.correct_for(guards.viewer(), reference, question, given, given_reason, mark, token)


@bp.route("/<reference>/withdrawal", methods=["GET", "POST"])
@guards.staff
@guards.survives
def withdraw(reference: str) -> ResponseReturnValue:
    """Say what withdrawing does and ask for the day and the reason; a POST withdraws, and its person is told."""
    file, form = _managed(reference), WithdrawalForm()
    if request.method == "POST":
        day = day_of(form.requested_on.data or "")
        try:
            with writing():
                asked_on = date.fromisoformat(day) if day else None
                withdraw_on_request(guards.viewer(), reference, form.reason.data or "", asked_on)
            flash(_("La candidature est retirée ; la personne est prévenue."), "done")
            return _to_file(reference)
        except Stale:
            db.session.rollback()
            flash(_("Ce dossier a changé entre-temps : relisez-le."), "wait")
            return _to_file(reference)
        except Refused as refusal:
            db.session.rollback()
            file = _managed(reference)
            show_problems(form, refusal)
    return render_template(
        "applications/desk/staff_withdrawal.html",
        application=file.application,
        intake=file.intake,
        is_open=clock.now() < file.intake.closes_at,
        form=form,
        arguments=_arguments(),
    ), (422 if form.errors else 200)
