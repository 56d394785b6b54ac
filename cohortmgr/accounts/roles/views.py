"""The page of an invitation's link: what it offers on GET, the act on POST."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.known_people import contacts_of
from cohortmgr.accounts.roles.actions import invitations
from cohortmgr.accounts.roles.forms import AcceptForm
from cohortmgr.accounts.roles.rules import period
from cohortmgr.accounts.rules import ANONYMOUS, ROLE_NAMES, Viewer
from cohortmgr.accounts.views.entrance import enter, open_session, way_on
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.i18n import language
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("invitations", __name__)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guards.public
def answer(token: str) -> ResponseReturnValue:
    """Show the role, the place and who invites; accepting proves the address, and opens a session."""
    known = guards.viewer()
    if invitations.was_accepted_by(known, token):  # the form was sent twice, or the link is opened once more
        return redirect(way_on(known))
    try:
        opened = invitations.look(token)
    except Refused as refusal:
        return render_template("base/link_refused.html", problems=refusal.problems), 410
    form = AcceptForm(given_name=opened.invited.given_name, family_name=opened.invited.family_name)
    is_other = known is not ANONYMOUS and opened.invited.contact not in contacts_of(known)
    if form.validate_on_submit():
        try:
            return enter(_accepted(token, form, known, is_other))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template(
        "accounts/roles/public_invitation.html",
        form=form,
        opened=opened,
        names=ROLE_NAMES,
        period=period(opened.row.begins_on, opened.row.ends_on),
        is_other=is_other,
    )


def _accepted(token: str, form: AcceptForm, known: Viewer, is_other: bool) -> str:
    """The token of the session of whoever accepts. Raises Refused if somebody else's account is open here, and
    nothing says with which of the two: a second person made by mistake is found by nobody."""
    chosen = request.form.get("as")
    if is_other and chosen not in (form.MINE, form.ANOTHER):
        raise Refused(Problem(N_("Dites avec quel compte vous acceptez.")))
    viewer = ANONYMOUS if is_other and chosen == form.ANOTHER else known
    given, family = form.given_name.data.strip(), form.family_name.data.strip()
    with writing():
        account_id = invitations.accept(
            viewer, token, given, family, language(), attach=is_other and chosen == form.MINE
        )
        return open_session(account_id, shared=form.shared.data)
