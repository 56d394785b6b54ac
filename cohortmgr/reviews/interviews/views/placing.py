"""The pages on which who manages readings gives somebody a slot by hand, or calls one off."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectChoice

from cohortmgr.accounts import guards
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.i18n import localized, moment
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.interviews.actions import booking
from cohortmgr.reviews.interviews.actions.letters import place_of, title_of
from cohortmgr.reviews.interviews.forms import PlacingForm, SlotReasonForm
from cohortmgr.reviews.interviews.queries import days, panels
from cohortmgr.reviews.interviews.rules import attended

bp = Blueprint("placing_staff", __name__)
_MANAGE = "reviews.assign"


@bp.route("/staff/intakes/<reference>/interviews/place", methods=["GET", "POST"])
@guards.staff
def place(reference: str) -> ResponseReturnValue:
    """Give somebody a slot by the file's number, or another one than theirs."""
    viewer, form = guards.viewer(), PlacingForm()
    intake = reviews.intake_for(viewer, reference, _MANAGE)
    phases = attended(definition_of(intake))
    if not phases:
        raise NotFound(reference)
    free = [(phase, row) for phase in phases for row in days.free_in(intake, phase)]
    form.slot.choices = [SelectChoice("", _("Choisissez un créneau"))] + [
        SelectChoice(
            row[0].reference,
            f"{moment(row[0].starts_at)} · {localized(title_of(phase))} · {place_of(row[1])}",
        )
        for phase, row in free
    ]
    if request.method == "GET":
        form.number.data = request.args.get("number", "")
    if form.validate_on_submit():
        try:
            with writing():
                booking.place(
                    viewer,
                    intake.reference,
                    form.number.data or "",
                    form.slot.data or "",
                    anyway=form.anyway.data,
                )
        except Refused as refusal:
            show_problems(form, refusal)
            intake = reviews.intake_for(viewer, reference, _MANAGE)
        else:
            flash(_("Le créneau est donné, et la personne prévenue."), "done")
            return redirect(url_for("interviews_staff.index", reference=reference))
    return render_template("reviews/interviews/staff_place.html", intake=intake, form=form, free=bool(free))


@bp.route("/staff/interviews/<reference>/slots/<slot>/call-off", methods=["GET", "POST"])
@guards.staff
@guards.survives
def call_off(reference: str, slot: str) -> ResponseReturnValue:
    """Call off somebody's slot, with the reason that they are told."""
    viewer, form = guards.viewer(), SlotReasonForm()
    day = days.day_for(viewer, reference, _MANAGE)
    row = next((each for each in days.people_on(day) if each[0].reference == slot), None)
    if row is None:
        raise NotFound(slot)
    if form.validate_on_submit():
        try:
            with writing():
                booking.call_off(viewer, panels.booking_on(day, slot).reference, form.reason.data or "")
        except Refused as refusal:
            show_problems(form, refusal)
            day = days.day_for(viewer, reference, _MANAGE)
        else:
            flash(_("Le créneau est annulé, et la personne prévenue."), "done")
            return redirect(url_for("panels_staff.day", reference=reference))
    return render_template("reviews/interviews/staff_call_off.html", day=day, row=row, form=form)
