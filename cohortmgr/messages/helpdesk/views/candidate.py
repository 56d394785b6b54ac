"""Pages for asking for help, with or without an account, and for one's own questions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.rules import MOST_SENT
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.i18n import language, localized
from cohortmgr.base.text import new_reference
from cohortmgr.base.web.responses import show_problems
from cohortmgr.messages.helpdesk.actions import questions as helpdesk_questions
from cohortmgr.messages.helpdesk.actions.attachments import stored
from cohortmgr.messages.helpdesk.actions.questions import NewHelpRequest
from cohortmgr.messages.helpdesk.forms import (
    FileRequestForm,
    HelpRequestForm,
    JoiningForm,
    PublicHelpRequestForm,
    WordsForm,
)
from cohortmgr.messages.helpdesk.names import OWN_STATES, OWN_TAGS, PARTS, TOPICS
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.rules import (
    QUESTION_STATES,
    RIGHTS,
    HelpRequestState,
    Topic,
    answer_by,
    days_for,
)
from cohortmgr.messages.helpdesk.views.joined_files import came_with, download
from cohortmgr.programmes import queries as programmes
from cohortmgr.stipends.queries import runs as stipends

bp = Blueprint("help", __name__)
UNPROCESSABLE = 422
_NUMBER = re.compile(r"Q-[0-9A-Z]{8}")


@bp.url_value_preprocessor
def _room_for_a_file(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Allow a question to bring a file that is too large to be taken, so that this is said and the text stays."""
    if endpoint in ("help.on_file", "help.question") and request.method == "POST":
        request.max_content_length = max(current_app.config["MAX_CONTENT_LENGTH"], MOST_SENT)


@bp.get("/help")
@guards.public
def index() -> ResponseReturnValue:
    """List the programmes that people can ask about. A `topic` goes along: whoever wants their data erased says it
    once."""
    known = {row.programme_key: row for row in reversed(programmes.public_intakes())}
    return render_template(
        "messages/helpdesk/public_help.html", programmes=list(known.values()), topic=_topic() or None
    )


def _topic() -> str:
    """The topic that the address names; empty if it names none of ours."""
    found = request.args.get("topic", "")
    return found if found in set(Topic) else ""


@bp.route("/help/<key>", methods=["GET", "POST"])
@guards.public
def ask(key: str) -> ResponseReturnValue:
    """Ask a question about a programme.
    Only a machine fills the hidden field `website`: it is thanked, and what it sent is dropped."""
    viewer = guards.viewer()
    row = programmes.public_intakes_of(key)[0]
    programme = programmes.programme_by_key(key)
    if programme is None:
        raise NotFound(key)
    begun = {"topic": _topic()} if _topic() else None
    form = HelpRequestForm(data=begun) if viewer.person_id else PublicHelpRequestForm(data=begun)
    if request.method == "POST" and request.form.get("website"):
        return redirect(url_for(".received"))
    status = 200
    if form.validate_on_submit():
        intake = programmes.get_intake(row.reference)
        try:
            with writing():
                question = helpdesk_questions.ask(
                    viewer, programme, intake, _asked(form), request.remote_addr or ""
                )
                reference, number = question.reference, question.number
            if viewer.person_id:
                return _asked_by_person(reference)
            right = form.topic.data if form.topic.data in RIGHTS else None
            return redirect(url_for(".received", number=number, topic=right))
        except Refused as refusal:
            show_problems(form, refusal)
            status = UNPROCESSABLE
    return render_template(
        "messages/helpdesk/public_question.html",
        form=form,
        title=row.programme_title,
        subject=None,
        is_right=_topic() in RIGHTS,
        programme=programme,
        back=url_for(".index", topic=_topic() or None),
    ), status


def _asked(form: HelpRequestForm) -> NewHelpRequest:
    told = {}
    if isinstance(form, PublicHelpRequestForm):
        told = {"name": form.name.data, "email": form.email.data or None, "phone": form.phone.data or None}
    return NewHelpRequest(
        form.topic.data, form.text.data, language(), form.once.data or new_reference(), **told
    )


def _asked_by_person(reference: str) -> ResponseReturnValue:
    flash(_("Votre question est arrivée."), "done")
    return redirect(url_for(".question", reference=reference))


@bp.get("/help/received")
@guards.public
def received() -> ResponseReturnValue:
    """Thank the person, and show the question's number and the day by which an answer comes."""
    number = request.args.get("number", "")
    return render_template(
        "messages/helpdesk/public_received.html",
        number=number if _NUMBER.fullmatch(number) else "",
        by=answer_by(clock.today(), days_for(_topic())),
    )


@bp.route("/help/questions/<token>", methods=["GET", "POST"])
@guards.public
def linked(token: str) -> ResponseReturnValue:
    """Show the thread to somebody without an account, who may add to it."""
    form, status = WordsForm(), 200
    try:
        question, parts = helpdesk_questions.read_by_link(guards.viewer(), token)
        if form.validate_on_submit():
            with writing():
                helpdesk_questions.add_by_link(
                    guards.viewer(), token, form.text.data, form.once.data or new_reference()
                )
            flash(_("Votre message est ajouté."), "done")
            return redirect(url_for(".linked", token=token))
    except Refused as refusal:
        db.session.rollback()
        return render_template("base/link_refused.html", problems=refusal.problems), 410
    return render_template("messages/helpdesk/public_thread.html", **_thread(question, parts, form)), status


def _thread(question: object, parts: object, form: WordsForm) -> dict[str, object]:
    return {
        "question": question,
        "parts": parts,
        "form": form,
        "names": PARTS,
        "topics": TOPICS,
        "states": OWN_STATES,
        "tags": OWN_TAGS,
        "meanings": QUESTION_STATES.meanings,
        "State": HelpRequestState,
    }


@bp.get("/my/questions")
@guards.candidate
def mine() -> ResponseReturnValue:
    """List the viewer's own questions, the last changed first."""
    questions = desk_queries.mine(guards.viewer())
    return render_template(
        "messages/helpdesk/candidate_questions.html",
        questions=questions,
        excerpts=desk_queries.excerpts(questions),
        topics=TOPICS,
        states=OWN_STATES,
        tags=OWN_TAGS,
    )


@bp.route("/my/questions/<reference>", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def question(reference: str) -> ResponseReturnValue:
    """Show one's own thread; adding to it makes it the programme's turn."""
    viewer = guards.viewer()
    found = desk_queries.own(viewer, reference)
    form, status, held, right = JoiningForm(), 200, None, False
    if request.method == "POST":
        valid = form.validate_on_submit()
        held, right = came_with(form, reference)
        status, right = (200, True) if valid and right else (UNPROCESSABLE, False)
    if right:
        try:
            once, file = form.once.data or new_reference(), stored(guards.viewer(), held) if held else None
            with writing():
                helpdesk_questions.add(viewer, reference, form.text.data, once, file)
            if held:
                uploads.end(held)
            flash(_("Votre message est ajouté."), "done")
            return redirect(url_for(".question", reference=reference))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
            status = UNPROCESSABLE
    parts = desk_queries.thread(found, whole=False)
    page = _thread(found, parts, form)
    return render_template("messages/helpdesk/candidate_question.html", held=held, **page), status


@bp.get("/my/questions/<reference>/files/<entry>")
@guards.candidate
def file(reference: str, entry: str) -> ResponseReturnValue:
    """Download a file that one joined to one's own question."""
    found = desk_queries.file_of(desk_queries.own(guards.viewer(), reference), entry)
    return download(found, found.name)


@bp.route("/my/applications/<reference>/question", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def on_file(reference: str) -> ResponseReturnValue:
    """Ask a question about one's own file. `about` names a condition that its answers do not meet, and the text begins
    with it; or is "decision"."""
    file = applications.own(guards.viewer(), reference)
    form, status, held, right = FileRequestForm(data=_begun(file)), 200, None, False
    if request.method == "POST":
        valid = form.validate_on_submit()
        held, right = came_with(form, reference)
        status, right = (200, True) if valid and right else (UNPROCESSABLE, False)
    if right:
        try:
            given = replace(_asked(form), attachment=stored(guards.viewer(), held) if held else None)
            with writing():
                asked = helpdesk_questions.ask_on_file(guards.viewer(), reference, given).reference
            if held:
                uploads.end(held)
            return _asked_by_person(asked)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
            status = UNPROCESSABLE
    return render_template(
        "messages/helpdesk/public_question.html",
        form=form,
        held=held,
        title=file.intake.title,
        subject=file.application.number,
        back=url_for("applications_candidate.show", reference=reference),
    ), status


def _begun(file: File) -> dict[str, str]:
    """What stands in the form of somebody who comes from a condition that their answers do not meet, or from the
    decision that they were told."""
    about = request.args.get("about", "")
    if about == Topic.DECISION:
        return {"topic": Topic.DECISION.value}
    rule = next((each for each in file.definition.eligibility if each.key == about), None)
    if rule is None:
        return {}
    text = _("Mon dossier ne remplit pas cette condition : « %(reason)s »", reason=localized(rule.reason))
    return {"topic": Topic.CONDITIONS.value, "text": f"{text}\n\n"}


@bp.route("/my/stipends/<reference>/question", methods=["GET", "POST"])
@guards.candidate
@guards.survives
def on_line(reference: str) -> ResponseReturnValue:
    """Ask a question about one's own payment line;
    only people who pay or answer for the programme read it."""
    row = stipends.own_line(guards.viewer(), reference)
    form = HelpRequestForm()
    form.topic.choices = []
    del form.topic
    if form.validate_on_submit():
        try:
            with writing():
                given = NewHelpRequest("", form.text.data, language(), form.once.data or new_reference())
                asked = helpdesk_questions.ask_on_line(guards.viewer(), reference, given).reference
            return _asked_by_person(asked)
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    return render_template(
        "messages/helpdesk/public_question.html",
        form=form,
        title=row.cohort,
        month=row.StipendLine.month,
        subject=None,
        back=url_for("stipends_candidate.line", reference=reference),
    )
