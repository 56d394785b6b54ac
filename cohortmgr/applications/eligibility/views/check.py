"""The public page on which anybody checks whether they may apply, without an account; it keeps no answer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.eligibility.rules import Assessment, assess, left_open, questions_read
from cohortmgr.applications.eligibility.views.requests import read_asked, show_asked
from cohortmgr.applications.form.buttons import as_pressed, pressed
from cohortmgr.applications.form.forms.classes import ApplicationForm, form_class
from cohortmgr.base import clock
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition, Question, Window, window_of

# Whoever learns that this programme is not for them reads a few others, not a catalogue.
MOST_OTHERS = 4

bp = Blueprint("eligibility_public", __name__)


@bp.route("/intakes/<reference>/eligibility", methods=["GET", "POST"])
@guards.public
def check(reference: str) -> ResponseReturnValue:
    """Ask the few questions that the conditions read; then say yes, or each reason and what to do."""
    intake = programmes.public_intake(reference)
    definition = programmes.definition_of(intake).of_intake(intake.key)
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


def _page(
    intake: sa.Row[Any],
    definition: Definition,
    asked: tuple[Question, ...],
    form: ApplicationForm,
    found: Assessment | None = None,
) -> str:
    failed = () if found is None else found.reasons
    others = programmes.open_intakes() if failed else []
    return render_template(
        "applications/eligibility/public_eligibility.html",
        intake=intake,
        definition=definition,
        questions=asked,
        form=form,
        found=found,
        refused=[rule for rule in definition.eligibility if rule.key in failed],
        others=[each for each in others if each.programme_key != definition.key][:MOST_OTHERS],
        open_rules=left_open(definition.form, definition.eligibility),
        window=window_of(intake.opens_at, intake.closes_at, clock.now(), intake.free),
        is_open=window_of(intake.opens_at, intake.closes_at, clock.now(), intake.free) is Window.OPEN,
    )
