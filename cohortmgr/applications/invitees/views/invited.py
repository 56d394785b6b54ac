"""The page that an invited person opens by the link of their message, and the end of what they allowed there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.invitees import actions, queries
from cohortmgr.applications.invitees.actions import AdultsInvitation
from cohortmgr.applications.journey.hooks import Sharing
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import has_chosen
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("invited", __name__)
my_bp = Blueprint("following", __name__)


@bp.route("/invited/<token>/apply", methods=["GET", "POST"])
@guards.public
def apply(token: str) -> ResponseReturnValue:
    """Say who invites and what they will see. A POST keeps whether the person wants that, and begins their file; who
    began it is led to it."""
    viewer = guards.viewer()
    try:
        invitation = actions.opened(viewer, token)
        if viewer is ANONYMOUS and not has_chosen():
            g.language = invitation.row.language
        if invitation.theirs is None and invitation.intake.closes_at <= clock.now():
            return _over(invitation, token)
        if request.method == "POST":
            return _answered(token)
    except Refused as refusal:
        return _closed(refusal.problems)
    if invitation.theirs is not None:
        return redirect(url_for("applications_candidate.show", reference=invitation.theirs))
    return render_template(
        "applications/invitees/public_invited.html",
        token=token,
        row=invitation.row,
        intake=invitation.intake,
        taken=invitation.taken,
        definition=definition_of(invitation.intake),
        known=viewer.person_id is not None,
    )


def _answered(token: str) -> ResponseReturnValue:
    viewer = guards.viewer()
    if viewer.person_id is None:
        return redirect(url_for("accounts.sign_in", next=url_for(".apply", token=token)))
    with writing():
        reference, _file = actions.answer(viewer, token, "apart" not in request.form)
    return redirect(url_for("applications_candidate.start", reference=reference))


def _closed(problems: Sequence[Problem]) -> ResponseReturnValue:
    db.session.rollback()
    return render_template("applications/invitees/public_invited_closed.html", problems=problems), 410


def _over(invitation: AdultsInvitation, token: str) -> ResponseReturnValue:
    """Say that the intake closed: there is nothing left to begin, or to be reminded of."""
    drawn = render_template(
        "applications/invitees/public_invited_over.html",
        token=token,
        intake=invitation.intake,
        definition=definition_of(invitation.intake),
        known=guards.viewer().person_id is not None,
    )
    return drawn, 410


@bp.post("/invited/<token>/stop")
@guards.public
def stop(token: str) -> ResponseReturnValue:
    """Keep that no more messages are wanted, or are again. Whoever reads them may say so, without an account."""
    act = actions.accept_again if "undo" in request.form else actions.decline
    try:
        with writing():
            act(guards.viewer(), token)
    except Refused as refusal:
        return _closed(refusal.problems)
    return redirect(url_for(".apply", token=token))


@my_bp.post("/my/applications/<reference>/unfollow")
@guards.candidate
def unfollow(reference: str) -> ResponseReturnValue:
    """End that whoever invited the person sees how far their file is."""
    with writing():
        actions.end_following(guards.viewer(), reference, request.form.get("invitee", ""))
    return redirect(url_for("applications_candidate.show", reference=reference))


def sharings(application: Application) -> Iterator[Sharing]:
    """Yield who sees how far a file is because its person allowed it by their invitation."""
    with acting_in(application.institution_id):
        rows = queries.followed_by(application)
    for row in rows:
        yield Sharing(
            _("« %(group)s » voit où en est ce dossier.", group=row.group_name),
            _("Ne plus le leur montrer"),
            url_for("following.unfollow", reference=application.reference),
            {"invitee": row.reference},
        )
