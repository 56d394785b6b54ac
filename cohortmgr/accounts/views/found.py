"""The pages of who was found at a door: one thing more is asked, or a file beside an account is looked for."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import codes, doors
from cohortmgr.accounts.actions.codes import CodeRequest
from cohortmgr.accounts.actions.doors import WrongAnswer
from cohortmgr.accounts.forms import BesideForm, DoubtAgainForm
from cohortmgr.accounts.queries import known_people
from cohortmgr.accounts.rules import ANONYMOUS, Viewer
from cohortmgr.accounts.views import code_requests
from cohortmgr.accounts.views.callers import remember
from cohortmgr.accounts.views.entrance import DOUBT, GUARDED, enter, open_session, way_on
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.web.responses import local_target, show_problems

bp = Blueprint("accounts_found", __name__)


@bp.route("/code/which", methods=["GET", "POST"])
@guards.public
def which() -> ResponseReturnValue:
    """Say the number of one's file or one's day of birth, or go on without a file."""
    token, onward = session.get(DOUBT), request.args.get("next")
    proof = codes.proof_of(token, DOUBT) or codes.proof_of(token, GUARDED)
    if proof is None:
        known = guards.viewer()
        return redirect(url_for("accounts.sign_in", next=onward) if known is ANONYMOUS else way_on(known))
    form, beside, failed = DoubtAgainForm(), BesideForm(), _goes_on(proof)
    try:
        if request.method == "POST" and (_goes_on(proof) or form.validate()):
            return enter(_opened(proof, form, beside))
    except Refused as refusal:
        db.session.rollback()
        show_problems(beside if failed else form, refusal)
        if any(each.what == doors.SEVERAL for each in refusal.problems):
            form.before.data, form.answer.data = form.answer.data, ""
    drawn = render_template(
        "accounts/public_which.html",
        form=beside if failed else form,
        answer_form=form,
        beside=beside,
        contact=proof.contact,
        next=onward,
        guarded=proof.purpose == GUARDED,
        shut=doors.shut(proof.contact),
        begins_beside=doors.begins_beside(proof.contact),
    )
    return drawn, 200, {"Cache-Control": "no-store"}


def _goes_on(proof: CodeRequest) -> bool:
    return "without" in request.form and proof.purpose != GUARDED


def _opened(proof: CodeRequest, form: DoubtAgainForm, beside: BesideForm) -> str:
    """The token of the session that an answer opens. Raises Refused for a wrong one, once it is counted."""
    with writing():
        if _goes_on(proof):
            done: int | WrongAnswer = doors.go_on(proof.contact, proof.language, beside.born.data or "")
        else:
            done = doors.answer(proof.contact, form.answer.data, form.before.data or "")
        if not isinstance(done, WrongAnswer):
            codes.use_proof(session.get(DOUBT), proof.purpose)
            remember(proof.contact)
            return open_session(done, shared=bool(session.get("shared")))
    raise doors.problem_of(done)


@bp.route("/my/found", methods=["GET", "POST"])
@guards.candidate
def found() -> ResponseReturnValue:
    """Send a code to the viewer's address or number, because somebody who is known bears it too, or because it
    was never proved."""
    viewer, onward = guards.viewer(), local_target(request.args.get("next"))
    unproved = known_people.unproved(viewer)
    contact = unproved or known_people.found_elsewhere(viewer)
    if contact is None:
        return _written_apart(viewer)
    problems: tuple[object, ...] = ()
    if request.method == "POST":
        try:
            code_requests.ask(code_requests.ENTER, contact, {code_requests.SEARCHING: True})
            session["shared"] = viewer.shared
            return redirect(url_for("accounts_codes.code", next=onward))
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
    return render_template(
        "accounts/candidate_found.html",
        contact=contact,
        next=onward,
        problems=problems,
        unproved=unproved is not None,
    )


def _written_apart(viewer: Viewer) -> ResponseReturnValue:
    contact = known_people.written_apart(viewer)
    if contact is None:
        raise NotFound("nobody else bears the viewer's address")
    return render_template("accounts/candidate_apart.html", contact=contact)


@bp.route("/my/another", methods=["GET", "POST"])
@guards.candidate
def another() -> ResponseReturnValue:
    """Send a code to the viewer's address or number for somebody else who reads it, and who begins an account of
    their own or returns to it."""
    viewer, onward = guards.viewer(), local_target(request.args.get("next"))
    contact = next(iter(known_people.contacts_of(viewer)), None)
    if contact is None:
        return redirect(url_for("access.mine"))
    problems: tuple[object, ...] = ()
    if request.method == "POST":
        try:
            code_requests.ask(code_requests.ENTER, contact, {code_requests.ANOTHER: True})
            session["shared"] = viewer.shared
            return redirect(url_for("accounts_codes.code", next=onward))
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
    return render_template("accounts/candidate_another.html", contact=contact, next=onward, problems=problems)
