"""Signing up, in and out; links from messages."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import actions, guards, queries
from cohortmgr.accounts.forms import EmailForm, NewPasswordForm, SignInForm, SignUpForm
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import language
from cohortmgr.base.web import local_target, show_problems

bp = Blueprint("accounts", __name__)


@bp.route("/sign-up", methods=["GET", "POST"])
@guards.public
def sign_up() -> ResponseReturnValue:
    form = SignUpForm()
    if form.validate_on_submit():
        try:
            hashed = actions.prepare_password(form.password.data, form.email.data)
            with writing():
                known = actions.sign_up(form.email.data, hashed, language())
                token = actions.open_session(known.account_id or 0)
            guards.sign_in(token, known)
            return redirect(_after_sign_in(known))
        except Refused as refusal:
            show_problems(form, refusal)
    return render_template("accounts/public_sign_up.html", form=form, next=request.args.get("next"))


@bp.route("/sign-in", methods=["GET", "POST"])
@guards.public
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if form.validate_on_submit():
        try:
            return _signed_in(form.email.data, form.password.data)
        except Refused as refusal:
            show_problems(form, refusal)
    return render_template("accounts/public_sign_in.html", form=form, next=request.args.get("next"))


def _signed_in(email: str, password: str) -> ResponseReturnValue:
    account_id = actions.prepare_sign_in(email, password)
    if account_id is None:
        with writing():
            actions.note_failure(email)
        raise actions.wrong_password()
    with writing():
        token = actions.open_session(account_id)
    return _enter(token)


def _enter(token: str) -> ResponseReturnValue:
    known = queries.viewer_of_token(token)
    if known is None:
        return redirect(url_for("accounts.sign_in"))
    guards.sign_in(token, known)
    return redirect(_after_sign_in(known))


def _after_sign_in(known: Viewer) -> str:
    target = local_target(request.args.get("next"))
    return target or url_for(
        {"staff": "portals.staff_home", "company": "portals.company_home"}.get(
            known.audience, "portals.my_home"
        )
    )


@bp.post("/sign-out")
@guards.public
def sign_out() -> ResponseReturnValue:
    known = guards.viewer()
    if known.session_id is not None:
        with writing():
            actions.close_session(known)
    guards.sign_out()
    return redirect(url_for("programmes.home"))


@bp.route("/password", methods=["GET", "POST"])
@guards.public
def forgotten() -> ResponseReturnValue:
    form = EmailForm()
    if form.validate_on_submit():
        with writing():
            actions.ask_password_link(form.email.data)
        flash(
            _("Si cette adresse a un compte, un lien vient de lui être envoyé. Il est valable deux heures.")
        )
        return redirect(url_for("accounts.sign_in"))
    return render_template("accounts/public_forgotten.html", form=form)


@bp.route("/links/<token>", methods=["GET", "POST"])
@guards.public
def link(token: str) -> ResponseReturnValue:
    """A page on GET, since mail scanners open links; the act on POST."""
    form = NewPasswordForm()
    try:
        email = actions.email_of_link(token)
    except Refused as refusal:
        return render_template("accounts/public_link_refused.html", problems=refusal.problems), 410
    if form.validate_on_submit():
        try:
            hashed = actions.prepare_password(form.password.data, email)
            with writing():
                session_token = actions.open_session(actions.take_up_link(token, hashed))
            return _enter(session_token)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template("accounts/public_link.html", form=form, email=email)
