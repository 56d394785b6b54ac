"""The page of an invitation's link: what it offers on GET, the act on POST."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import people
from cohortmgr.accounts.roles.actions import invitations
from cohortmgr.accounts.roles.forms import AcceptForm
from cohortmgr.accounts.roles.rules import period
from cohortmgr.accounts.rules import ROLE_NAMES
from cohortmgr.accounts.views.entrance import enter
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import language
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("invitations", __name__)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@guards.public
def answer(token: str) -> ResponseReturnValue:
    """Show the role, the place and who invites; accepting proves the address, and opens a session."""
    try:
        opened = invitations.look(token)
    except Refused as refusal:
        return render_template("base/link_refused.html", problems=refusal.problems), 410
    invited = opened.invited
    form = AcceptForm(given_name=invited.given_name, family_name=invited.family_name)
    if form.validate_on_submit():
        try:
            given, family = form.given_name.data.strip(), form.family_name.data.strip()
            with writing():
                account_id = invitations.accept(guards.viewer(), token, given, family, language())
                session_token = people.open_session(account_id)
            return enter(session_token)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template(
        "accounts/roles/public_invitation.html",
        form=form,
        opened=opened,
        names=ROLE_NAMES,
        period=period(opened.row.begins_on, opened.row.ends_on),
    )
