"""Pages where people change how they enter their account, and sign out their devices."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import access, people
from cohortmgr.accounts.forms import ContactForm, NewPasswordForm
from cohortmgr.accounts.views import code_requests
from cohortmgr.accounts.views.code_requests import CodePage
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.web.asked import number_sent
from cohortmgr.base.web.responses import local_target, show_problems

bp = Blueprint("access", __name__, url_prefix="/my/sessions")
JOIN = "join"


@bp.get("")
@guards.signed_in
def mine() -> ResponseReturnValue:
    """Show how the account is entered, and where it is signed in."""
    return _page(NewPasswordForm(), ContactForm())


def _page(password: NewPasswordForm, contact: ContactForm) -> ResponseReturnValue:
    viewer = guards.viewer()
    failed = next((form for form in (password, contact) if form.errors), None)
    return render_template(
        "accounts/candidate_sessions.html",
        ways=access.sign_in_means_of(viewer),
        sessions=access.open_sessions(viewer),
        password_form=password,
        contact_form=contact,
        form=failed,
        onward=_began_on(),
    )


@bp.post("/end")
@guards.signed_in
def end() -> ResponseReturnValue:
    """Sign out one other browser, or all the others."""
    viewer, chosen = guards.viewer(), number_sent("session", 10**18)
    with writing():
        one = chosen is not None
        number = int(access.end_session(viewer, chosen or 0)) if one else access.end_others(viewer)
    said = ngettext("%(num)s appareil déconnecté.", "%(num)s appareils déconnectés.", number)
    flash(said if number else _("Aucun autre appareil n’était connecté."), "done")
    return redirect(url_for(".mine"))


@bp.post("/password")
@guards.signed_in
def password() -> ResponseReturnValue:
    """Choose a password, or change it."""
    viewer, form = guards.viewer(), NewPasswordForm()
    if form.validate_on_submit():
        try:
            access.require_fresh(viewer)
            hashed = people.prepare_password(form.password.data, viewer.email)
            with writing():
                access.choose_password(viewer, hashed)
            flash(_("Le mot de passe est enregistré ; les autres appareils sont déconnectés."), "done")
            return redirect(url_for(".mine"))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return _page(form, ContactForm(formdata=None))


@bp.post("/contact")
@guards.signed_in
def contact() -> ResponseReturnValue:
    """Send a code to an address or a number that is to enter the account too."""
    form = ContactForm()
    if form.validate_on_submit():
        try:
            access.require_fresh(guards.viewer())
            code_requests.ask(JOIN, form.contact)
            return redirect(url_for(".code", next=_began_on()))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return _page(NewPasswordForm(formdata=None), form)


@bp.route("/code", methods=["GET", "POST"])
@guards.signed_in
def code() -> ResponseReturnValue:
    """Type the code that proves the new address or number."""
    viewer, onward = guards.viewer(), _began_on()
    action, other = url_for(".code", next=onward), url_for(".again", next=onward)
    place = CodePage(JOIN, action, other, onward or url_for(".mine"))
    return code_requests.typed(place, lambda proof: access.join(viewer, proof.contact), _joined)


def _joined(_done: None) -> ResponseReturnValue:
    flash(_("C’est fait : vous pouvez entrer avec un code envoyé là."), "done")
    return redirect(_began_on() or url_for(".mine"))


@bp.post("/code/again")
@guards.signed_in
def again() -> ResponseReturnValue:
    """Send another code to the same address or number."""
    code_requests.ask_again(JOIN)
    return redirect(url_for(".code", next=_began_on()))


def _began_on() -> str | None:
    """The page of ours on which the person asked for the code, as a receipt is, and to which it leads back."""
    return local_target(request.args.get("next"))
