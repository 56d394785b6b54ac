"""Pages for signing up, signing in and out, forgotten passwords, and claim links from messages."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import claims, counting, doors, people
from cohortmgr.accounts.actions.doors import WrongAnswer
from cohortmgr.accounts.contacts import EMAIL, Contact
from cohortmgr.accounts.forms import (
    ClaimForm,
    DeviceForm,
    DoubtForm,
    EntryForm,
    LinkForm,
    SignInForm,
    SignUpForm,
)
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.accounts.rules import ANONYMOUS, Viewer
from cohortmgr.accounts.views import code_requests
from cohortmgr.accounts.views.callers import caller_of, remember
from cohortmgr.accounts.views.code_requests import CHOSEN
from cohortmgr.accounts.views.entrance import enter, open_session, way_on
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.web.responses import show_problems

bp = Blueprint("accounts", __name__)


@bp.route("/sign-up", methods=["GET", "POST"])
@guards.public
def sign_up() -> ResponseReturnValue:
    """Send a code that makes an account, with the password that was chosen, if any.

    An address that has an account is answered alike, and takes as long: only its owner reads the code."""
    form = SignUpForm()
    if form.validate_on_submit():
        try:
            chosen = form.password.data
            kept = {CHOSEN: people.prepare_password(chosen, form.contact.address)} if chosen else None
            return _code_asked(form, kept=kept)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    page = "accounts/public_sign_up.html"
    drawn = render_template(page, form=form, next=request.args.get("next"), onward=_onward())
    # The password that was chosen stands in the page while the address is asked about.
    return drawn, 200, {"Cache-Control": "no-store"} if form.email.aside else {}


@bp.route("/sign-in", methods=["GET", "POST"])
@guards.public
def sign_in() -> ResponseReturnValue:
    """Sign in by a code, or by a password if one is given."""
    form = SignInForm()
    if form.validate_on_submit():
        try:
            return _signed_in(form) if form.password.data else _code_asked(form)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    page = "accounts/public_sign_in.html"
    return render_template(page, form=form, next=request.args.get("next"), onward=_onward())


def _onward() -> str | None:
    """Where whoever is signed in already goes on to; None for nobody."""
    return way_on(guards.viewer()) if guards.viewer().account_id is not None else None


def _signed_in(form: SignInForm) -> ResponseReturnValue:
    caller = caller_of(form.contact)
    with writing():
        attempt = people.begin_sign_in(form.contact, caller)
    account_id = people.prepare_sign_in(form.contact, form.password.data)
    if account_id is None:
        raise people.wrong_password()
    with writing():
        counting.give_back(attempt)
        if attempt.earlier:
            counting.forgive(form.contact, caller)
        token = open_session(account_id, shared=form.shared.data)
    if not form.shared.data:
        session.pop("shared", None)
        remember(form.contact)
    return enter(token)


def _code_asked(
    form: EntryForm, onward: str | None = None, kept: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    code_requests.ask(code_requests.ENTER, form.contact, kept)
    session["shared"] = form.shared.data
    return redirect(url_for("accounts_codes.code", next=onward or request.args.get("next")))


@bp.post("/sign-out")
@guards.public
def sign_out() -> ResponseReturnValue:
    """Close the session, and have the browser delete what it kept of this site."""
    known = guards.viewer()
    if known.session_id is not None:
        with writing():
            people.close_session(known)
    guards.sign_out()
    response = redirect(url_for("programmes.home", out=1))
    # On a device that is not shared, the chosen language stays.
    response.headers["Clear-Site-Data"] = (
        '"cache", "cookies", "storage"' if known.shared else '"cache", "storage"'
    )
    return response


@bp.route("/password", methods=["GET", "POST"])
@guards.public
def forgotten() -> ResponseReturnValue:
    """Send a code that signs in and leads to where a password is chosen.
    Nothing here looks whether there is an account."""
    form = EntryForm()
    if form.validate_on_submit():
        try:
            return _code_asked(form, url_for("access.mine"))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("accounts/public_forgotten.html", form=form)


@bp.route("/links/<token>", methods=["GET", "POST"])
@guards.public
def link(token: str) -> ResponseReturnValue:
    """Show a page on GET, because mail scanners open links. On POST make the account, or attach the file to the
    account in which the link was opened, or prove by a code that its address's account is one's own."""
    known = guards.viewer()
    if claims.is_own(known, token):  # the form was sent twice, or the mail's link is opened once more
        return redirect(url_for("portals.my_home"))
    try:
        contact = claims.contact_of_link(token)
    except Refused as refusal:
        return _ended(token, refusal)
    if known is not ANONYMOUS:
        return _attached(token, known, contact)
    if viewers.account_by_contact(contact) is not None:
        return _proved_first(token, contact)
    form = LinkForm() if contact.channel == EMAIL else ClaimForm()
    if form.validate_on_submit():
        try:
            session_token = _taken_up(token, form, contact)
            if not form.shared.data:
                remember(contact)
            return enter(session_token)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("accounts/public_link.html", form=form, contact=contact)


def _ended(token: str, refusal: Refused) -> ResponseReturnValue:
    drawn = render_template("accounts/public_link_ended.html", problems=refusal.problems, token=token)
    return drawn, 410


def _taken_up(token: str, form: LinkForm | ClaimForm, contact: Contact) -> str:
    """The token of the session that a link opens. Raises Refused for a wrong answer, once it is counted."""
    chosen = form.password.data
    hashed = people.prepare_password(chosen, contact.address) if chosen else None
    with writing():
        if isinstance(form, ClaimForm):
            done = claims.take_up_by_phone(token, hashed, form.answer.data)
        else:
            done = claims.take_up_link(token, hashed)
        if not isinstance(done, WrongAnswer):
            return open_session(done, shared=form.shared.data)
    raise doors.problem_of(done)


def _attached(token: str, known: Viewer, contact: Contact) -> ResponseReturnValue:
    """Offer to attach the link's file to the viewer's account; on POST do it."""
    form = HouseForm() if contact.channel == EMAIL else DoubtForm()
    apart = known.person_id is not None and known_people.is_known(known.person_id)
    if form.validate_on_submit():
        try:
            session_token = _attaching(token, known, form)
            answer = enter(session_token)  # which empties what the browser held: the word comes after it
            flash(_attached_word(known) if apart else _("Le dossier est rattaché : le voici."), "done")
            return answer
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("accounts/public_link_attach.html", form=form, contact=contact, apart=apart)


def _attached_word(known: Viewer) -> str:
    name = known.name or known.email
    return _("Le dossier a son propre compte : vous y êtes, et celui de %(name)s est fermé ici.", name=name)


def _attaching(token: str, known: Viewer, form: HouseForm) -> str:
    with writing():
        done = claims.attach(known, token, form.answer.data if isinstance(form, DoubtForm) else "")
        if not isinstance(done, WrongAnswer):
            return open_session(done)
    raise doors.problem_of(done)


def _proved_first(token: str, contact: Contact) -> ResponseReturnValue:
    """Say that the address has an account already; on POST send it a code, which leads back to the link."""
    form, onward = DeviceForm(), url_for(".link", token=token)
    if form.validate_on_submit():
        try:
            code_requests.ask(code_requests.ENTER, contact)
            session["shared"] = form.shared.data
            return redirect(url_for("accounts_codes.code", next=onward))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("accounts/public_link_known.html", form=form, contact=contact)


@bp.post("/links/<token>/again")
@guards.public
def renew(token: str) -> ResponseReturnValue:
    """Send another link in place of one that ended. The answer is the same whether one left or not."""
    with writing():
        claims.renew(token)
    said = _("Si ce dossier attend encore sa personne, un nouveau lien part là où nous lui écrivons.")
    flash(said, "done")
    return redirect(url_for(".sign_in"))
