"""Pages for staff who enrol a group: the children they brought, by name and consent only; undoing an import."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.applications.answers.dates import day_of
from cohortmgr.applications.file.rules import CONSENT_STATES, FILE_STATES, ApplicationState, Consent
from cohortmgr.applications.guardians import queries as guardians
from cohortmgr.applications.guardians.actions.consents import GuardianAnswer
from cohortmgr.applications.guardians.rules import takes_paper
from cohortmgr.applications.importing.actions import enrolled as enrolling
from cohortmgr.applications.importing.actions import undo as importing_undo
from cohortmgr.applications.importing.queries import enrolled as enrolled_queries
from cohortmgr.applications.importing.queries import runs as import_queries
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.web.asked import place_asked
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake

bp = Blueprint("groups_staff", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/enrolled")
@guards.staff
def enrolled(reference: str) -> ResponseReturnValue:
    """Show names, and whether the guardian agreed. A club may see nothing else of a file."""
    viewer = guards.viewer()
    intake = import_queries.intake_for(viewer, reference)
    consent = request.args.get("consent", "")
    consent = consent if consent in set(Consent) else ""
    return render_template(
        "applications/importing/staff_enrolled.html",
        intake=intake,
        page=enrolled_queries.enrolled_by(viewer, intake, place_asked(), 50, consent),
        counts=enrolled_queries.counts(viewer, intake),
        consent=consent,
        asked=_is_asked(intake),
        names=CONSENT_STATES.names,
        states=FILE_STATES.names,
    )


@bp.post("/intakes/<reference>/enrolled/remind")
@guards.staff
def remind(reference: str) -> ResponseReturnValue:
    """Write once more to the guardians who have not answered."""
    with writing():
        count = enrolling.remind(guards.viewer(), reference)
    flash(
        ngettext("Un rappel part pour %(num)s enfant.", "Des rappels partent pour %(num)s enfants.", count)
        if count
        else _("Chaque tuteur légal a répondu : aucun rappel à envoyer."),
        "done" if count else "info",
    )
    return redirect(url_for(".enrolled", reference=reference))


@bp.route("/enrolled/<reference>", methods=["GET", "POST"])
@guards.staff
def child(reference: str) -> ResponseReturnValue:
    """Show one child of one's own group: whether the guardian agreed, and how they are reached; a POST records what
    they signed on paper."""
    if request.method != "POST":
        return _child(reference)
    signed, told = request.form.get("signed", ""), day_of(request.form.get("signed_on", ""))
    said = _said(reference)
    try:
        with writing():
            enrolling.record_paper(
                guards.viewer(),
                reference,
                said,
                signed,
                date.fromisoformat(told) if told else None,
                "held" in request.form,
            )
    except Refused as refusal:
        db.session.rollback()
        return _child(reference, refusal.problems), 422
    flash(_("L’accord sur papier est enregistré. Le tuteur légal en reçoit le reçu."), "done")
    return redirect(url_for(".child", reference=reference))


@bp.post("/enrolled/<reference>/remind")
@guards.staff
def remind_one(reference: str) -> ResponseReturnValue:
    """Write once more to the guardian of one child."""
    try:
        with writing():
            enrolling.remind_one(guards.viewer(), reference)
    except Refused as refusal:
        db.session.rollback()
        return _child(reference, refusal.problems), 422
    flash(_("Un rappel part au tuteur légal."), "done")
    return redirect(url_for(".child", reference=reference))


def _is_asked(intake: Intake) -> bool:
    """Whether the guardians of an intake are asked: of one in preparation nothing leaves."""
    return intake.state != IntakeState.DRAFT


def _said(reference: str) -> GuardianAnswer:
    """What was typed from the paper: the capacity, and yes or no for each purpose."""
    given = {
        name.removeprefix(f"{reference}-"): value == "yes"
        for name, value in request.form.items()
        if name.startswith(f"{reference}-") and value in ("yes", "no")
    }
    return GuardianAnswer(request.form.get(f"{reference}-capacity", ""), given)


def _child(reference: str, problems: tuple[Problem, ...] = ()) -> str:
    viewer = guards.viewer()
    row, intake = enrolled_queries.child_for(viewer, reference)
    found = guardians.asked_of(row)
    if found is None:
        raise NotFound(reference)
    person, held = found
    with guardians.acting_for([held]):
        its = [each for each in guardians.children([held]) if each.application.id == row.id]
        through = guardians.answered_through(row)
    takes = held.until > clock.today() and takes_paper(row.state, row.consent, through, viewer.reference)
    return render_template(
        "applications/importing/staff_enrolled_child.html",
        intake=intake,
        row=row,
        child=its[0] if its and takes else None,
        contact=guardians.masked(guardians.contact_of(person)),
        asked_at=held.created_at,
        consents=CONSENT_STATES.names,
        waits=_is_asked(intake) and row.state == ApplicationState.HELD and row.consent == Consent.WAITING,
        typed=request.form,
        wrong={problem.where: problem for problem in problems if problem.where},
        problems=problems,
    )


@bp.route("/imports/<reference>/undo", methods=["GET", "POST"])
@guards.staff
def undo(reference: str) -> ResponseReturnValue:
    """Show what would go and what would stay; a POST undoes the import."""
    viewer = guards.viewer()
    if request.method == "POST":
        with writing():
            count = importing_undo.undo(viewer, reference)
        flash(ngettext("%(num)s dossier est retiré.", "%(num)s dossiers sont retirés.", count), "done")
        return redirect(url_for("imports_staff.run", reference=reference))
    return render_template(
        "applications/importing/staff_import_undo.html", found=importing_undo.look(viewer, reference)
    )
