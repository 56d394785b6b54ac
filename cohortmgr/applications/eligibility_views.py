"""Whether one may apply: a page without an account, that keeps nothing of what is answered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.answers.composed import read_given
from cohortmgr.applications.answers.conditions import counted, is_required
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.eligibility import Assessment, assess, left_open, questions_read
from cohortmgr.applications.form.buttons import Pressed, as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class, show_answers
from cohortmgr.base import clock
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.rules import Definition, Question, Window, window_of

bp = Blueprint("eligibility_public", __name__)
_NEEDED = N_("Répondez pour savoir si vous pouvez candidater.")


@bp.route("/intakes/<reference>/eligibility", methods=["GET", "POST"])
@guards.public
def check(reference: str) -> ResponseReturnValue:
    """The few questions that conditions read, then yes, or each reason with what may still be done."""
    intake = programmes.public_intake(reference)
    definition = programmes.definition_of(intake)
    asked = questions_read(definition.form, definition.eligibility)
    if not asked:
        return redirect(url_for("programmes.intake", reference=reference))
    fields = form_class(intake.fingerprint, definition)
    if request.method == "GET":
        return _page(intake, definition, asked, fields(formdata=None))
    button = pressed(definition.form, request.form)
    sent = as_pressed(request.form, button)
    page = fields(sent)
    answers, problems = read_asked(definition, asked, sent.to_dict(flat=False))
    if button is not None or problems:
        show_asked(page, button, problems)
        return _page(intake, definition, asked, page)
    return _page(intake, definition, asked, page, assess(definition.eligibility, answers, clock.today()))


def read_asked(
    definition: Definition, asked: tuple[Question, ...], given: dict[str, Any]
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers that count, and what is wrong: each shown question needs one here, asked for in the form or not."""
    answers: dict[str, Answer] = {}
    problems: list[Problem] = []
    for question in asked:
        answers[question.key], wrong = read_given(question, given, clock.today())
        problems += wrong
    answers = counted(definition.form, answers)
    faulty = {(problem.where or "").partition("-")[0] for problem in problems}
    for question in asked:
        missing = question.key in answers and answers[question.key] in (None, "", [])
        if missing and question.key not in faulty and is_required(question, answers):
            problems.append(Problem(_NEEDED, {}, question.key))
    return answers, [each for each in problems if (each.where or "").partition("-")[0] in answers]


def show_asked(page: ApplicationForm, button: Pressed | None, problems: list[Problem]) -> None:
    """A row more or less is no sending: what is still missing is not told then."""
    if button is None:
        show_answers(page, Refused(*problems))
    elif button.adds:
        page[button.key].add_row()


def _page(
    intake: sa.Row[Any],
    definition: Definition,
    asked: tuple[Question, ...],
    form: ApplicationForm,
    found: Assessment | None = None,
) -> str:
    failed = () if found is None else found.reasons
    return render_template(
        "applications/public_eligibility.html",
        intake=intake,
        definition=definition,
        questions=asked,
        form=form,
        found=found,
        refused=[rule for rule in definition.eligibility if rule.key in failed],
        open_rules=left_open(definition.form, definition.eligibility),
        window=window_of(intake.opens_at, intake.closes_at, clock.now(), intake.free),
        is_open=window_of(intake.opens_at, intake.closes_at, clock.now(), intake.free) is Window.OPEN,
    )
