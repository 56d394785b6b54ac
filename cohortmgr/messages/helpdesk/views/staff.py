"""The help desk's pages for staff: the list, one question with its acts, and one answer to many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.actions import doors
from cohortmgr.accounts.rules import Viewer, allows, require_anywhere
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.guardians.queries import has_guardian
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import LANGUAGE_NAMES, LANGUAGES, say
from cohortmgr.base.text import fold, new_reference
from cohortmgr.base.web.asked import number_sent, place_asked
from cohortmgr.base.web.ordering import page_in_order
from cohortmgr.base.web.reading import reading
from cohortmgr.messages.helpdesk.actions import answer_many, attachments, door_closed, handling
from cohortmgr.messages.helpdesk.models import HelpRequest
from cohortmgr.messages.helpdesk.names import PARTS, TAGS, TOPICS
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.queries import saved_answers
from cohortmgr.messages.helpdesk.queries.questions import HelpRequestFilters
from cohortmgr.messages.helpdesk.rules import (
    QUESTION_STATES,
    TYPED_ABOVE,
    HelpRequestState,
    is_overdue,
)
from cohortmgr.messages.helpdesk.views.joined_files import download

bp = Blueprint("desk_staff", __name__, url_prefix="/staff")
SHOWN = 50
UNPROCESSABLE = 422
_STATES = [*HelpRequestState]
ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "topic": lambda row: fold(say(TOPICS[row[0].topic])),
    "from": lambda row: fold(row[1].name if row[1] else row[0].asker_name),
    "owner": lambda row: fold(f"{row.owner_given or ''} {row.owner_family or ''}"),
    "state": lambda row: _STATES.index(HelpRequestState(row[0].state)),
    "until": lambda row: row[0].answer_by,
}
"""By what the list is ordered, by the column's name in the address."""
_NAMES: dict[str, Any] = {
    "topics": TOPICS,
    "states": QUESTION_STATES.names,
    "tags": TAGS,
    "meanings": QUESTION_STATES.meanings,
    "languages": LANGUAGE_NAMES,
}


@bp.get("/questions")
@guards.staff
@reading
def index() -> ResponseReturnValue:
    """List what waits at the viewer's desk, filtered by the URL;
    fifty rows take as many statements as one."""
    viewer = guards.viewer()
    require_anywhere(viewer, desk_queries.DESK)
    filters = HelpRequestFilters.of(request.args)
    listed, sort = desk_queries.listed(viewer, filters), request.args.get("sort", "")
    page = page_in_order(listed, ORDERS, sort, place_asked(), SHOWN)
    persons = {row[0].person_id for row in page.rows if row[0].person_id is not None}
    return render_template(
        "messages/helpdesk/staff_questions.html",
        page=page,
        filters=filters,
        arguments=filters.arguments(),
        sort=sort if sort.removeprefix("-") in ORDERS else "",
        counts=desk_queries.counts(viewer),
        groups=desk_queries.groups(viewer),
        excerpts=desk_queries.excerpts([row[0] for row in page.rows]),
        files=file_queries.latest_of(viewer, persons),
        today=clock.today(),
        writes=bool(viewer.paths(desk_queries.WRITE)),
        late=is_overdue,
        State=HelpRequestState,
        **_NAMES,
    )


@bp.get("/questions/<reference>")
@guards.staff
def question(reference: str) -> ResponseReturnValue:
    """Show one question, its thread, and what may be done."""
    return _page(reference)


@bp.get("/questions/<reference>/files/<entry>")
@guards.staff
def file(reference: str, entry: str) -> ResponseReturnValue:
    """Download the file that somebody joined to a question; the reading is noted.

    It is named for its person, and by the question's number alone for whoever reads files without names."""
    viewer = guards.viewer()
    with writing():
        found = attachments.read_by_staff(viewer, reference, entry)
    row = desk_queries.get_for(viewer, reference)
    ending = found.name.rpartition(".")[2]
    if viewer.paths("reviews.score"):
        return download(found, f"{row[0].number}.{ending}")
    return download(found, f"{row[1].name if row[1] else row[0].asker_name} - {found.name}")


def _page(reference: str, problems: Sequence[Problem] = (), typed: str = "") -> ResponseReturnValue:
    viewer = guards.viewer()
    row = desk_queries.get_for(viewer, reference)
    found = row[0]
    chosen = request.args.get("saved", "")
    saved = saved_answers.saved(viewer)
    body = next((each.body for each in saved if each.reference == chosen), {})
    line = desk_queries.line_of(found)
    page = render_template(
        "messages/helpdesk/staff_question.html",
        row=row,
        question=found,
        line=line if line and allows(viewer, "stipends.read", found.path) else None,
        sees_file=allows(viewer, "applications.read", found.path),
        parts=desk_queries.thread(found, whole=True),
        phone=desk_queries.phone_of(found),
        **_door(viewer, found),
        guarded=has_guardian(found.person_id, found.asker_email),
        colleagues=desk_queries.colleagues(found),
        saved=saved,
        chosen=chosen,
        typed=typed or body.get(found.language, ""),
        problems=problems,
        mine=found.owner_id == viewer.account_id,
        late=is_overdue(HelpRequestState(found.state), found.answer_by, clock.today()),
        once=new_reference(),
        parts_names=PARTS,
        State=HelpRequestState,
        **_NAMES,
    )
    return page, UNPROCESSABLE if problems else 200


def _door(viewer: Viewer, question: HelpRequest) -> dict[str, object]:
    """Whether the task tells of a question that is still closed, and whether the viewer may open it again."""
    contact = desk_queries.door_of(question)
    shut = doors.shut(contact) if contact is not None else ()
    return {"shut": shut, "may_reopen_door": bool(shut) and allows(viewer, "people.manage", question.path)}


def _done(act: Callable[[], object], reference: str, said: str) -> ResponseReturnValue:
    """Do one act on a question, say so, and show it again; a refusal is shown on the question's page."""
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, refusal.problems, request.form.get("text", ""))
    flash(said, "done")
    return redirect(url_for(".question", reference=reference))


def _once() -> str:
    return request.form.get("once", "")[:26] or new_reference()


@bp.post("/questions/<reference>/take")
@guards.staff
def take(reference: str) -> ResponseReturnValue:
    """Become the question's owner."""
    viewer = guards.viewer()
    return _done(lambda: handling.take(viewer, reference), reference, _("Vous suivez cette question."))


@bp.post("/questions/<reference>/give")
@guards.staff
def give(reference: str) -> ResponseReturnValue:
    """Give the question to a colleague, or to nobody."""
    viewer, to = guards.viewer(), request.form.get("owner", "")
    return _done(lambda: handling.give(viewer, reference, to), reference, _("C’est noté."))


@bp.post("/questions/<reference>/answer")
@guards.staff
@guards.survives
def answer(reference: str) -> ResponseReturnValue:
    """Answer the person."""
    viewer, text, waits = guards.viewer(), request.form.get("text", ""), bool(request.form.get("waits"))
    act = lambda: handling.answer(viewer, reference, text, _once(), waits)  # noqa: E731
    return _done(act, reference, _("La réponse part dans la minute."))


@bp.post("/questions/<reference>/call")
@guards.staff
@guards.survives
def call(reference: str) -> ResponseReturnValue:
    """Note a telephone call."""
    viewer, text, spoken = guards.viewer(), request.form.get("text", ""), request.form.get("with", "")
    act = lambda: handling.note_call(viewer, reference, text, spoken, _once())  # noqa: E731
    return _done(act, reference, _("L’appel est noté."))


@bp.post("/questions/<reference>/note")
@guards.staff
@guards.survives
def note(reference: str) -> ResponseReturnValue:
    """Add a note that the person does not see."""
    viewer, text = guards.viewer(), request.form.get("text", "")
    return _done(lambda: handling.note(viewer, reference, text, _once()), reference, _("La note est gardée."))


@bp.post("/questions/<reference>/close")
@guards.staff
def close(reference: str) -> ResponseReturnValue:
    """Close the question, because nothing is left to do."""
    viewer = guards.viewer()
    return _done(lambda: handling.close(viewer, reference), reference, _("La question est close."))


@bp.post("/questions/<reference>/reopen")
@guards.staff
def reopen(reference: str) -> ResponseReturnValue:
    """Reopen the question: it is the desk's turn again."""
    viewer = guards.viewer()
    return _done(lambda: handling.reopen(viewer, reference), reference, _("La question est rouverte."))


@bp.post("/questions/<reference>/reopen-door")
@guards.staff
def reopen_door(reference: str) -> ResponseReturnValue:
    """Ask an address or number again whose file is meant, after wrong answers closed that question."""
    viewer = guards.viewer()
    said = _("La voie est rouverte, et la personne en est prévenue.")
    return _done(lambda: door_closed.reopen(viewer, reference), reference, said)


@bp.route("/questions/answers", methods=["GET", "POST"])
@guards.staff
def many(problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    """Answer all chosen questions at once: show how many people read each language, then send."""
    viewer = guards.viewer()
    require_anywhere(viewer, desk_queries.DESK)
    given = request.values
    filters, references = (
        HelpRequestFilters.of(given),
        [each[:26] for each in given.getlist("q")][: answer_many.CHUNK],
    )
    texts = {language: request.form.get(language, "") for language in LANGUAGES}
    if request.method == "POST":
        number = number_sent("count") or 0
        typed = request.form.get("confirmation", "")
        try:
            with writing():
                done = answer_many.answer_many(viewer, filters, references, texts, number, typed)
            flash(_answered(done), "done" if done else "info")
            return redirect(url_for(".index"))
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
    saved = saved_answers.saved(viewer)
    chosen = next((each.body for each in saved if each.reference == request.args.get("saved")), None)
    spoken = answer_many.languages_of(viewer, filters, references)
    page = render_template(
        "messages/helpdesk/staff_answer_many.html",
        filters=filters,
        arguments=filters.arguments(),
        references=references,
        spoken=spoken,
        total=sum(spoken.values()),
        typed_above=TYPED_ABOVE,
        texts=texts if request.method == "POST" or chosen is None else chosen,
        saved=saved,
        problems=problems,
        **_NAMES,
    )
    return page, UNPROCESSABLE if problems else 200


def _answered(number: int) -> str:
    if not number:
        return _("Ces questions ont déjà leur réponse.")
    return ngettext(
        "La réponse part à %(num)s personne, dans sa langue.",
        "La réponse part à %(num)s personnes, chacune dans sa langue.",
        number,
    )
