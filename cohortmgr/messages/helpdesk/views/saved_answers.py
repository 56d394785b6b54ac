"""Pages for saved answers, which are written once in three languages and found by topic."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, require_anywhere
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.i18n import LANGUAGE_NAMES, LANGUAGES
from cohortmgr.base.text import new_reference
from cohortmgr.base.web.responses import posted_version
from cohortmgr.messages.helpdesk.actions import handling
from cohortmgr.messages.helpdesk.models import SavedAnswer
from cohortmgr.messages.helpdesk.names import TOPICS
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.queries import saved_answers
from cohortmgr.messages.helpdesk.rules import Topic
from cohortmgr.programmes.models import Programme

bp = Blueprint("saved_answers", __name__, url_prefix="/staff/answers")
UNPROCESSABLE = 422
_WHICH = N_("Dites pour quel programme est cette réponse.")


@bp.get("")
@guards.staff
def index() -> ResponseReturnValue:
    """List all saved answers, by topic."""
    viewer = guards.viewer()
    require_anywhere(viewer, desk_queries.WRITE)
    rows = saved_answers.saved(viewer, desk_queries.WRITE)
    return render_template("messages/helpdesk/staff_saved.html", rows=rows, topics=TOPICS)


@bp.route("/new", methods=["GET", "POST"])
@guards.staff
def new() -> ResponseReturnValue:
    """Write a new saved answer."""
    require_anywhere(guards.viewer(), desk_queries.WRITE)
    return _form(None)


@bp.route("/<reference>", methods=["GET", "POST"])
@guards.staff
def edit(reference: str) -> ResponseReturnValue:
    """Change a saved answer."""
    return _form(saved_answers.saved_answer(guards.viewer(), reference, desk_queries.WRITE))


@bp.post("/<reference>/remove")
@guards.staff
def remove(reference: str) -> ResponseReturnValue:
    """Remove a saved answer."""
    with writing():
        handling.remove_answer(guards.viewer(), reference)
    flash(_("La réponse type est retirée."), "done")
    return redirect(url_for(".index"))


def _form(row: SavedAnswer | None) -> ResponseReturnValue:
    viewer, problems = guards.viewer(), tuple[Problem, ...]()
    mine = saved_answers.programmes_of(viewer, desk_queries.WRITE)
    if request.method == "POST":
        try:
            with writing():
                _save(viewer, row, mine)
            flash(_("La réponse type est gardée."), "done")
            return redirect(url_for(".index"))
        except Refused as refusal:
            db.session.rollback()
            problems = refusal.problems
    page = render_template(
        "messages/helpdesk/staff_saved_form.html",
        row=row,
        programmes=mine,
        topics=TOPICS,
        languages=LANGUAGE_NAMES,
        typed=request.form,
        problems=problems,
        once=request.form.get("once") or new_reference(),
    )
    return page, UNPROCESSABLE if problems else 200


def _save(viewer: Viewer, row: SavedAnswer | None, mine: Sequence[Programme]) -> None:
    alone = mine[0].path if len(mine) == 1 else ""
    path = row.path if row else request.form.get("programme", alone)
    if mine and not path:
        raise Refused(Problem(_WHICH, {}, "programme"))
    programme = next((each for each in mine if each.path == path or each.reference == path), None)
    if programme is None:
        raise NotFound(path)
    topic = request.form.get("topic", "")
    handling.save_answer(
        viewer,
        programme,
        topic if topic in set(Topic) else Topic.OTHER,
        request.form.get("title", ""),
        {language: request.form.get(language, "") for language in LANGUAGES},
        row.reference if row else None,
        posted_version(),
        request.form.get("once", ""),
    )
