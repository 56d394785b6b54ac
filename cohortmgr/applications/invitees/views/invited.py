"""The page that an invited person opens by the link of their message."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import ANONYMOUS
from cohortmgr.applications.invitees import actions
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import has_chosen
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("invited", __name__)


@bp.route("/invited/<token>/apply", methods=["GET", "POST"])
@guards.public
def apply(token: str) -> ResponseReturnValue:
    """Say who invites and what they will see. A POST keeps whether the person wants that, and begins their file; who
    began it is led to it."""
    viewer = guards.viewer()
    try:
        if request.method == "POST":
            if viewer.person_id is None:
                return redirect(url_for("accounts.sign_in", next=url_for(".apply", token=token)))
            with writing():
                reference, _file = actions.answer(viewer, token, "apart" not in request.form)
            return redirect(url_for("applications_candidate.start", reference=reference))
        invitation = actions.opened(viewer, token)
    except Refused as refusal:
        db.session.rollback()
        return render_template(
            "applications/invitees/public_invited_closed.html", problems=refusal.problems
        ), 410
    if invitation.theirs is not None:
        return redirect(url_for("applications_candidate.show", reference=invitation.theirs))
    if viewer is ANONYMOUS and not has_chosen():
        g.language = invitation.row.language
    return render_template(
        "applications/invitees/public_invited.html",
        token=token,
        row=invitation.row,
        intake=invitation.intake,
        taken=invitation.taken,
        definition=definition_of(invitation.intake),
        known=viewer.person_id is not None,
    )
