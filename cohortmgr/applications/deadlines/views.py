"""Staff's page of the people who may begin after the close."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.deadlines import forms
from cohortmgr.applications.deadlines.actions import late_starts
from cohortmgr.applications.deadlines.forms import LateForm
from cohortmgr.applications.file import queries as file
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("late_starts", __name__, url_prefix="/staff/intakes/<reference>/late")


@bp.route("", methods=["GET", "POST"])
@guards.staff
@guards.survives
def index(reference: str) -> ResponseReturnValue:
    """List the people to whom time was given; a POST gives it to one more."""
    viewer = guards.viewer()
    intake = file.staff_intake(viewer, reference, file.MANAGE)
    form = LateForm()
    if form.validate_on_submit():
        try:
            until = forms.until_asked(form)
            with writing():
                late_starts.allow(viewer, reference, form.contact, until, form.reason.data or "")
            flash(_("Le délai est donné ; la personne est prévenue."), "done")
            return redirect(url_for(".index", reference=reference))
        except Refused as refusal:
            db.session.rollback()
            intake = file.staff_intake(viewer, reference, file.MANAGE)
            show_problems(form, refusal)
    given = late_starts.given(viewer, intake)
    return render_template("applications/deadlines/staff_late.html", intake=intake, form=form, given=given)


@bp.post("/<late>/take-back")
@guards.staff
def take_back(reference: str, late: str) -> ResponseReturnValue:
    """Take back time that was not used."""
    with writing():
        late_starts.take_back(guards.viewer(), reference, late)
    flash(_("Le délai accordé est retiré."), "done")
    return redirect(url_for(".index", reference=reference))
