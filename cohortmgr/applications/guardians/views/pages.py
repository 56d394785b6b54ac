"""The pages of a guardian's visit: a link or a contact, a code, answers for each child, a receipt.

The code is bound to the browser. The visit that it opens lasts half an hour, for the one link that it was
asked for.
"""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import codes, links
from cohortmgr.accounts.actions.codes import WrongCode
from cohortmgr.accounts.contacts import contact_of as contact_typed
from cohortmgr.accounts.limits import Caller
from cohortmgr.accounts.models import Person
from cohortmgr.accounts.slips import is_new, question_on, settled
from cohortmgr.accounts.typed_codes import code_typed
from cohortmgr.accounts.views.callers import caller_of, remember
from cohortmgr.applications.file.queries import own
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.guardians import hooks
from cohortmgr.applications.guardians import queries as guardian_queries
from cohortmgr.applications.guardians.actions import consents
from cohortmgr.applications.guardians.actions.consents import LINK, GuardianAnswer
from cohortmgr.applications.guardians.queries import Child
from cohortmgr.applications.guardians.views.visit import KEPT, VISIT, closed, guardian_of, in_visit
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import has_chosen, language

bp = Blueprint("guardians", __name__, url_prefix="/guardian")
my_bp = Blueprint("guardians_candidate", __name__)
_CODE = "guardian_code"


@my_bp.route("/my/applications/<reference>/guardian", methods=["GET", "POST"])
@guards.candidate
def asked(reference: str) -> ResponseReturnValue:
    """Say who was asked; POST makes the file a draft again, to name another guardian or number."""
    viewer = guards.viewer()
    file = own(viewer, reference)
    if request.method == "POST":
        with writing():
            consents.take_back(viewer, reference)
        return redirect(url_for("applications_candidate.form", reference=reference))
    if file.application.state != ApplicationState.HELD:
        return redirect(url_for("applications_candidate.show", reference=reference))
    found = guardian_queries.asked_of(file.application)
    return render_template(
        "applications/guardians/candidate_guardian.html",
        application=file.application,
        definition=file.definition,
        found=found,
        leaves_at=guardian_queries.letter_leaves_at(file.application, found[0]) if found else None,
        contact=guardian_queries.masked(guardian_queries.contact_of(found[0])) if found else "",
    )


@bp.route("", methods=["GET", "POST"])
@guards.public
def begin() -> ResponseReturnValue:
    """For a guardian without a link: POST sends a code to the contact that was given for them."""
    problems: tuple[Problem, ...] = ()
    sent, aside = settled(request.form), None
    if request.method == "POST":
        try:
            aside = question_on(sent, "contact")
            contact = contact_typed(sent.get("contact", ""))
            if aside is None:
                return _sent_code(contact.address, None)
        except Refused as refusal:
            db.session.rollback()
            problems = () if aside and is_new(sent, "contact") else refusal.problems
    return render_template(
        "applications/guardians/guardian_begin.html",
        problems=problems,
        typed=sent.get("contact", ""),
        aside=aside,
    ), 422 if problems else 200


def _sent_code(address: str, token: str | None) -> ResponseReturnValue:
    contact = contact_typed(address)
    caller = caller_of(contact)
    if token is not None:  # the link went to this very address or number
        caller = Caller(caller.origin, links.hashed(token), owns=True)
    with writing():
        before = session.get(_CODE)
        session[_CODE] = codes.ask(LINK, contact, language(), caller, {"token": token}, before)
    return redirect(url_for("guardians.code"))


@bp.route("/code", methods=["GET", "POST"])
@guards.public
def code() -> ResponseReturnValue:
    """Ask for the six digits of the code."""
    asked = codes.look(session.get(_CODE), LINK)
    if asked is None:
        return redirect(url_for("guardians.begin"))
    if not has_chosen():
        g.language = asked.language
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            return _proved()
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
    page = render_template(
        "applications/guardians/guardian_code.html",
        contact=guardian_queries.masked(asked.contact),
        by_sms=asked.contact.channel == "sms",
        token=asked.kept.get("token"),
        can_try=codes.can_try(session.get(_CODE), LINK),
        problems=problems,
    )
    return page, 422 if problems else 200


def _proved() -> ResponseReturnValue:
    digits = code_typed(request.form.get("code", ""))
    with writing():
        told = codes.check(session.get(_CODE), digits, LINK)
        if not isinstance(told, WrongCode):
            token = told.kept.get("token") or consents.link_for(guards.viewer(), told.contact)
    if isinstance(told, WrongCode):
        raise codes.problem_of(told)
    session.pop(_CODE, None)
    remember(told.contact)
    if token is None:
        return render_template("applications/guardians/guardian_nothing.html")
    until = clock.now() + VISIT
    session[KEPT] = {"link": links.hashed(token), "until": until.isoformat()}
    return redirect(url_for("guardians.answers", token=token))


@bp.route("/<token>", methods=["GET", "POST"])
@guards.public
def link(token: str) -> ResponseReturnValue:
    """Say what the link is for; POST sends the code."""
    try:
        person = guardian_of(token)
    except Refused as refusal:
        return closed(refusal)
    contact, name = guardian_queries.contact_of(person), person.given_name
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            return _sent_code(contact.address, token)
        except Refused as refusal:
            db.session.rollback()
            problems, person = refusal.problems, guardian_of(token)
    held = guardian_queries.guardianships(person)
    with guardian_queries.acting_for(held):
        children = guardian_queries.children(held)
    return render_template(
        "applications/guardians/guardian_link.html",
        name=name,
        children=children,
        organisers=guardian_queries.organisers(children),
        contact=guardian_queries.masked(contact),
        by_sms=contact.channel == "sms",
        problems=problems,
    )


@bp.route("/<token>/answers", methods=["GET", "POST"])
@guards.public
@in_visit
def answers(token: str, person: Person) -> ResponseReturnValue:
    """Ask about every child of this guardian, a yes or no for each purpose; nothing is ticked beforehand."""
    reference, held = person.reference, guardian_queries.guardianships(person)
    with guardian_queries.acting_for(held):
        children = guardian_queries.children(held)
    if request.method == "POST":
        # Read before writing() ends what was loaded: outside its institution no child can be loaded again.
        said, signed = _said(children), request.form.get("signed", "")
        try:
            with writing():
                receipt = consents.answer(guards.viewer(), token, reference, said, signed, language())
        except Refused as refusal:
            db.session.rollback()
            return _answers_page(token, person, refusal.problems), 422
        session[KEPT] = {"link": links.hashed(receipt), "until": session[KEPT]["until"]}
        flash(_("Vos réponses sont enregistrées."), "done")
        return redirect(url_for("guardians.receipt", token=receipt))
    return _answers_page(token, person, ())


def _said(children: list[Child]) -> dict[str, GuardianAnswer]:
    """What was sent, by the file's reference; purposes without an answer are left out."""
    found = {}
    for child in children:
        reference = child.application.reference
        typed = {
            purpose.key: request.form.get(f"{reference}-{purpose.key}") for purpose in child.terms.purposes
        }
        given = {key: value == "yes" for key, value in typed.items() if value in ("yes", "no")}
        found[reference] = GuardianAnswer(request.form.get(f"{reference}-capacity", ""), given)
    return found


def _answers_page(token: str, person: Person, problems: tuple[Problem, ...]) -> str:
    held = guardian_queries.guardianships(person)
    with guardian_queries.acting_for(held):
        children = guardian_queries.children(held)
    return render_template(
        "applications/guardians/guardian_answers.html",
        token=token,
        name=person.given_name,
        children=children,
        typed=request.form,
        wrong={problem.where: problem for problem in problems if problem.where},
        problems=problems,
        ways=_pages_above(token, person),
    )


def _pages_above(token: str, person: Person) -> list[tuple[str, str]]:
    """The pages of higher rooms on which the guardian has something to do."""
    return [way for ways in hooks.ways_above for way in ways(token, person)]


@bp.get("/<token>/receipt")
@guards.public
@in_visit
def receipt(token: str, person: Person) -> ResponseReturnValue:
    """Show what was answered, and the link by which it may be changed."""
    held = guardian_queries.guardianships(person)
    with guardian_queries.acting_for(held):
        children = guardian_queries.children(held)
    return render_template(
        "applications/guardians/guardian_receipt.html",
        token=token,
        children=children,
        ways=_pages_above(token, person),
    )
