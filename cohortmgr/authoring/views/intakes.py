"""Staff's pages of one campaign of a programme: a new one like another, and an old one that is archived."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.file.forms import ReasonForm
from cohortmgr.authoring import queries
from cohortmgr.authoring.display import form as form_display
from cohortmgr.authoring.forms import IntakeForm
from cohortmgr.authoring.views.draft_requests import version
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused, Stale
from cohortmgr.base.i18n import say
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts.queries import RunningIntake, Writing, get_writing, running
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("intakes_staff", __name__, url_prefix="/staff/programmes")


@bp.route("/<key>/intakes/new", methods=["GET", "POST"])
@guards.staff
def clone(key: str) -> ResponseReturnValue:
    """Add to the draft a campaign like another, with its dates moved to a first day."""
    found = get_writing(guards.viewer(), key)
    form = IntakeForm()
    form.source.choices = form_display.intake_choices(found)
    if request.method == "POST":
        try:
            with writing():
                wanted = form.wanted()
                revisions.add_intake(guards.viewer(), key, form.source.data or "", wanted, version())
            flash(_("La campagne est dans le brouillon. Relisez ses dates, puis publiez."), "done")
            return redirect(url_for("terms_staff.dates", key=key))
        except Stale:
            db.session.rollback()
            flash(_("Le brouillon a changé entre-temps : relisez, puis enregistrez de nouveau."), "wait")
            found = get_writing(guards.viewer(), key)
        except Refused as refusal:
            db.session.rollback()
            found = get_writing(guards.viewer(), key)
            show_problems(form, refusal)
    elif not form.source.data and form.source.choices:
        form.source.data = form.source.choices[-1][0]
    return render_template("authoring/staff_intake_new.html", writing=found, form=form), (
        422 if form.errors else 200
    )


@bp.post("/<key>/intakes/<intake>/drop")
@guards.staff
def drop(key: str, intake: str) -> ResponseReturnValue:
    """Take a campaign out of the draft that was never published."""
    try:
        with writing():
            revisions.drop_intake(guards.viewer(), key, intake, version())
        flash(_("La campagne n’est plus dans le brouillon."), "done")
    except Stale:
        db.session.rollback()
        flash(_("Le brouillon a changé entre-temps : relisez, puis recommencez."), "wait")
    except Refused as refusal:
        db.session.rollback()
        flash(say(refusal.problems[0]), "stop")
    return redirect(url_for("settings_staff.intakes", key=key))


@bp.route("/<key>/intakes/<intake>/archive", methods=["GET", "POST"])
@guards.staff
@guards.survives
def archive(key: str, intake: str) -> ResponseReturnValue:
    """Say what archiving does and for how many people; a POST with a reason archives the campaign."""
    found, held = _running(key, intake)
    form = ReasonForm()
    if request.method == "POST":
        try:
            with writing():
                programmes.archive(guards.viewer(), held.intake.reference, (form.reason.data or "").strip())
            flash(_("La campagne est archivée : les pages publiques ne la montrent plus."), "done")
            return redirect(url_for("settings_staff.intakes", key=key))
        except Refused as refusal:
            db.session.rollback()
            found, held = _running(key, intake)
            show_problems(form, refusal)
    return render_template(
        "authoring/staff_intake_archive.html",
        writing=found,
        intake=held.intake,
        people=queries.concerned(found.programme.id).get(intake, queries.ConcernedPeople()),
        form=form,
        still_open=programmes.keeps_open(guards.viewer(), held.intake),
        offers_end=_offers_end(held),
    ), (422 if form.errors else 200)


@bp.post("/<key>/intakes/<intake>/restore")
@guards.staff
def restore(key: str, intake: str) -> ResponseReturnValue:
    """Put an archived campaign back on the public pages."""
    _found, held = _running(key, intake)
    with writing():
        programmes.restore(guards.viewer(), held.intake.reference)
    flash(_("La campagne est de nouveau sur les pages publiques."), "done")
    return redirect(url_for("settings_staff.intakes", key=key))


def _offers_end(held: RunningIntake) -> date | None:
    """The last day on which a seat is offered; None for a campaign that its definition no longer describes."""
    definition = definition_of(held.intake)
    is_described = any(each.key == held.intake.key for each in definition.intakes)
    return definition.last_offer_day(held.intake.key) if is_described else None


def _running(key: str, intake: str) -> tuple[Writing, RunningIntake]:
    found = get_writing(guards.viewer(), key)
    held = running(found.programme).get(intake)
    if held is None:
        raise NotFound(intake)
    return found, held
