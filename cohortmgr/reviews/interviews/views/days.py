"""The pages of days, for who manages readings: making, changing and cancelling them, and who has no slot yet."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectChoice

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.interviews.actions import days as acts
from cohortmgr.reviews.interviews.actions import reminding
from cohortmgr.reviews.interviews.actions.letters import title_of
from cohortmgr.reviews.interviews.forms import InterviewDayForm, SlotReasonForm
from cohortmgr.reviews.interviews.queries import days, hearing
from cohortmgr.reviews.interviews.rules import BookingState, attended

bp = Blueprint("interviews_staff", __name__)
_MANAGE = "reviews.assign"


def _titles(intake: Intake) -> dict[str, str]:
    """What the phases are called to which people come, by key."""
    return {phase.key: localized(title_of(phase)) for phase in attended(definition_of(intake))}


@bp.get("/staff/intakes/<reference>/interviews")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """Show the days of an intake with their places, and how many have no slot yet."""
    viewer = guards.viewer()
    intake = reviews.intake_for(viewer, reference)
    phases = attended(definition_of(intake))
    return render_template(
        "reviews/interviews/staff_days.html",
        intake=intake,
        titles=_titles(intake),
        phases=[(phase, days.count_without_slot(intake, phase)) for phase in phases],
        unheard=sorted({number for phase in phases for number in hearing.unheard_in(intake, phase)}),
        rows=days.days_of(intake),
        may_manage=allows(viewer, _MANAGE, intake.path),
    )


@bp.route("/staff/intakes/<reference>/interviews/new", methods=["GET", "POST"])
@guards.staff
@guards.survives
def new(reference: str) -> ResponseReturnValue:
    """Make a day."""
    viewer = guards.viewer()
    intake, form = reviews.intake_for(viewer, reference, _MANAGE), InterviewDayForm()
    _offer(intake, form)
    if not form.phase.choices:
        raise NotFound(reference)
    if request.method == "GET":
        form.phase.data = request.args.get("phase", "")
    if form.validate_on_submit():
        try:
            with writing():
                made = acts.add_day(
                    viewer, reference, form.phase.data or "", form.plan(), form.readers.data or []
                )
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("La journée est faite : ses créneaux se réservent."), "done")
            return redirect(url_for("panels_staff.day", reference=made.reference))
    return render_template("reviews/interviews/staff_day_form.html", intake=intake, form=form, day=None)


def _offer(intake: Intake, form: InterviewDayForm) -> None:
    """Fill in what may be chosen: phases, and people for the panel."""
    form.phase.choices = [SelectChoice(key, title) for key, title in _titles(intake).items()]
    form.readers.choices = [
        SelectChoice(reference, f"{row.given_name} {row.family_name}".strip())
        for reference, row in days.able_in(intake).items()
    ]


@bp.route("/staff/interviews/<reference>/change", methods=["GET", "POST"])
@guards.staff
@guards.survives
def change(reference: str) -> ResponseReturnValue:
    """Change a day that is to come."""
    viewer, form = guards.viewer(), InterviewDayForm()
    day = days.day_for(viewer, reference, _MANAGE)
    intake = days.intake_of(day)
    if request.method == "GET":
        form.fill(
            day.phase,
            days.plan_of(day),
            [each.reference for each in days.panels_of([day.id]).get(day.id, ())],
        )
    _offer(intake, form)
    if form.validate_on_submit():
        try:
            with writing():
                acts.change_day(viewer, reference, form.plan(), form.readers.data or [], posted_version())
        except Refused as refusal:
            show_problems(form, refusal)
            day = days.day_for(viewer, reference, _MANAGE)
            intake = days.intake_of(day)
        else:
            flash(_("C’est enregistré."), "done")
            return redirect(url_for("panels_staff.day", reference=reference))
    return render_template("reviews/interviews/staff_day_form.html", intake=intake, form=form, day=day)


@bp.route("/staff/interviews/<reference>/cancel", methods=["GET", "POST"])
@guards.staff
@guards.survives
def cancel(reference: str) -> ResponseReturnValue:
    """Cancel a day, with the reason that everybody who has a slot is told."""
    viewer, form = guards.viewer(), SlotReasonForm()
    day = days.day_for(viewer, reference, _MANAGE)
    if form.validate_on_submit():
        try:
            with writing():
                told = acts.cancel_day(viewer, reference, form.reason.data or "")
        except Refused as refusal:
            show_problems(form, refusal)
            day = days.day_for(viewer, reference, _MANAGE)
        else:
            flash(_("La journée est annulée.") + _told(told), "done")
            return redirect(url_for(".index", reference=days.intake_of(day).reference))
    booked = [row for row in days.people_on(day) if row[0].state == BookingState.BOOKED]
    return render_template(
        "reviews/interviews/staff_day_cancel.html",
        day=day,
        intake=days.intake_of(day),
        form=form,
        booked=booked,
    )


def _told(number: int) -> str:
    if not number:
        return ""
    return " " + ngettext("%(num)s personne est prévenue.", "%(num)s personnes sont prévenues.", number)


def asked_phase(intake: Intake, key: str) -> RubricPhase:
    """Return the phase that an address names, or the first to which people come. Raises NotFound without any."""
    phases = attended(definition_of(intake))
    if not phases:
        raise NotFound(intake.reference)
    return next((each for each in phases if each.key == key), phases[0])


@bp.get("/staff/intakes/<reference>/interviews/waiting")
@guards.staff
def waiting(reference: str) -> ResponseReturnValue:
    """Show who of a phase has no slot yet."""
    viewer = guards.viewer()
    intake = reviews.intake_for(viewer, reference)
    phase = asked_phase(intake, request.args.get("phase", ""))
    return render_template(
        "reviews/interviews/staff_waiting.html",
        intake=intake,
        phase=phase,
        title=localized(title_of(phase)),
        page=days.without_slot(intake, phase, place_asked()),
        free=len(days.free_in(intake, phase)),
        reminded=days.was_reminded(intake, phase, clock.today()),
        may_manage=allows(viewer, _MANAGE, intake.path),
    )


@bp.post("/staff/intakes/<reference>/interviews/ask")
@guards.staff
def ask(reference: str) -> ResponseReturnValue:
    """Ask everybody of a phase who has no slot to choose one."""
    viewer = guards.viewer()
    intake = reviews.intake_for(viewer, reference, _MANAGE)
    phase = asked_phase(intake, request.form.get("phase", ""))
    try:
        with writing():
            number = reminding.ask_for_slots(viewer, reference, phase.key)
    except Refused as refusal:
        flash(say(refusal.problems[0]), "stop")
    else:
        flash(ngettext("%(num)s personne est relancée.", "%(num)s personnes sont relancées.", number), "done")
    return redirect(url_for(".waiting", reference=reference, phase=phase.key))
