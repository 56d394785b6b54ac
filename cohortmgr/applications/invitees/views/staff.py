"""Pages for staff who invite adults as a group: the list of them, and one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.applications.importing.queries.runs import intake_for
from cohortmgr.applications.invitees import actions, queries
from cohortmgr.applications.invitees.actions import Brought
from cohortmgr.applications.invitees.forms import InviteesForm
from cohortmgr.applications.invitees.rules import (
    MOST,
    STANDINGS,
    STILL_AWAITED,
    HowFar,
    read_list,
    require_open,
)
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.models import Intake

bp = Blueprint("invitees_staff", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/invitees")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """Show the names of those whom the viewer invited, and how far each is; nothing of a file."""
    return _list(reference)


def _list(reference: str, problems: tuple[Problem, ...] = ()) -> str:
    viewer = guards.viewer()
    intake = intake_for(viewer, reference)
    standing = request.args.get("standing", "")
    standing = standing if standing in {*HowFar, "awaited"} else ""
    counts = queries.counts(viewer, intake)
    return render_template(
        "applications/invitees/staff_invitees.html",
        intake=intake,
        page=queries.invited_by(viewer, intake, place_asked(), 50, standing),
        counts=counts,
        awaited=sum(counts.get(each, 0) for each in STILL_AWAITED),
        standing=standing,
        takes=_takes(intake),
        to_remind=sum(not spared for _row, spared in queries.to_remind(viewer, intake)),
        names=STANDINGS,
        left=queries.left_lists(viewer, intake),
        problems=problems,
    )


def _takes(intake: Intake) -> bool:
    """Whether people may be invited to an intake now."""
    return intake.state == IntakeState.PUBLISHED and intake.closes_at > clock.now()


@bp.route("/intakes/<reference>/invitees/new", methods=["GET", "POST"])
@guards.staff
@guards.survives
def new(reference: str) -> ResponseReturnValue:
    """Read a list of people, show whom the invitation goes to, and send it once that is confirmed."""
    viewer = guards.viewer()
    intake = intake_for(viewer, reference)
    form = InviteesForm(group_name=queries.last_group(viewer, intake))
    if not form.validate_on_submit() or "again" in request.form:
        return _asked(intake, form)
    read = read_list(form.people.data or "")
    try:
        if read.problems:
            raise Refused(*read.problems)
        require_open(intake.state, intake.path, intake.closes_at, clock.now())
        if "confirmed" in request.form:
            with writing():
                group_name, spoken = form.group_name.data or "", form.language.data
                done = actions.bring(viewer, reference, group_name, spoken, read.entries)
            _tell(done)
            return redirect(url_for(".index", reference=reference))
    except Refused as refusal:
        db.session.rollback()
        show_problems(form, refusal)
        return _asked(intake_for(viewer, reference), form)
    fresh, known, unreachable = actions.fresh_among(viewer, intake, read.entries)
    return render_template(
        "applications/invitees/staff_invitees_check.html",
        intake=intake,
        form=form,
        fresh=fresh,
        known=known,
        unreachable=unreachable,
        carried=request.form.to_dict(flat=False),
    )


def _asked(intake: Intake, form: InviteesForm) -> ResponseReturnValue:
    drawn = render_template(
        "applications/invitees/staff_invitees_new.html",
        intake=intake,
        form=form,
        takes=_takes(intake),
        most=MOST,
    )
    return drawn, 422 if form.errors else 200


def _tell(done: Brought) -> None:
    said = ngettext("%(num)s invitation part.", "%(num)s invitations partent.", done.invited)
    flash(said, "done" if done.invited else "info")
    if done.known:
        said = ngettext(
            "%(num)s personne était déjà invitée.", "%(num)s personnes étaient déjà invitées.", done.known
        )
        flash(said, "info")
    if done.unreachable:
        said = ngettext(
            "%(num)s numéro est d’un pays où nos SMS ne partent pas : donnez une adresse e-mail.",
            "%(num)s numéros sont de pays où nos SMS ne partent pas : donnez des adresses e-mail.",
            done.unreachable,
        )
        flash(said, "wait")


@bp.post("/intakes/<reference>/invitees/remind")
@guards.staff
def remind(reference: str) -> ResponseReturnValue:
    """Write once more to those who have not sent their file."""
    try:
        with writing():
            count = actions.remind(guards.viewer(), reference)
    except Refused as refusal:
        db.session.rollback()
        return _list(reference, refusal.problems), 422
    flash(
        ngettext("Un rappel part à %(num)s personne.", "Des rappels partent à %(num)s personnes.", count)
        if count
        else _("Aucun rappel à envoyer : il en part un par jour au plus, à qui n’a pas envoyé son dossier."),
        "done" if count else "info",
    )
    return redirect(url_for(".index", reference=reference))


@bp.post("/intakes/<reference>/invitees/take-over")
@guards.staff
def take_over(reference: str) -> ResponseReturnValue:
    """Take over the list of a colleague who may invite there no longer."""
    with writing():
        count = actions.take_over(guards.viewer(), reference, request.form.get("by", ""))
    said = ngettext("%(num)s personne est sur votre liste.", "%(num)s personnes sont sur votre liste.", count)
    flash(said, "done")
    return redirect(url_for(".index", reference=reference))


@bp.get("/invitees/<reference>")
@guards.staff
def invitee(reference: str) -> ResponseReturnValue:
    """Show one of those whom the viewer invited: how far they are, and how they are reached."""
    return _one(reference)


@bp.post("/invitees/<reference>/remind")
@guards.staff
def remind_one(reference: str) -> ResponseReturnValue:
    """Write once more to one of them."""
    try:
        with writing():
            actions.remind_one(guards.viewer(), reference)
    except Refused as refusal:
        db.session.rollback()
        return _one(reference, refusal.problems), 422
    flash(_("Rappel demandé : il part si la personne veut bien recevoir nos messages."), "done")
    return redirect(url_for(".invitee", reference=reference))


@bp.post("/invitees/<reference>/take-back")
@guards.staff
def take_back(reference: str) -> ResponseReturnValue:
    """Take one of them off the list, with their link."""
    with writing():
        intake = actions.take_back(guards.viewer(), reference)
    flash(_("L’invitation est retirée. Ce que la personne a commencé reste à elle."), "done")
    return redirect(url_for(".index", reference=intake))


def _one(reference: str, problems: tuple[Problem, ...] = ()) -> str:
    found = queries.invitee_for(guards.viewer(), reference)
    return render_template(
        "applications/invitees/staff_invitee.html",
        found=found,
        contact=found.contact,
        said=say(STANDINGS[found.standing]),
        takes=_takes(found.intake),
        problems=problems,
    )
