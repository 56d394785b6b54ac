"""Pages that show what became of each message, for staff who manage the files."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import require_anywhere
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.base.db import writing
from cohortmgr.base.paging import page_of
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.reading import reading
from cohortmgr.messages.letters import actions
from cohortmgr.messages.letters.names import CHANNELS, LANGUAGE_NAMES, TAGS
from cohortmgr.messages.letters.queries import log as queries
from cohortmgr.outbox.notices import bearing_keys, declared
from cohortmgr.outbox.rules import MESSAGE_STATES

bp = Blueprint("messages_staff", __name__, url_prefix="/staff")
SHOWN = 50


@bp.get("/messages")
@guards.staff
@reading
def log() -> ResponseReturnValue:
    """List the messages to the people whose files the viewer manages, to guardians and to those without an account,
    newest first, filtered by the URL."""
    viewer = guards.viewer()
    require_anywhere(viewer, queries.PERMISSION)
    state, search = request.args.get("state", ""), request.args.get("search", "").strip()[:100]
    found = queries.listed(viewer, state, search, oldest_first=request.args.get("sort") == "due")
    page = page_of(found, place_asked(), SHOWN, up_to=queries.COUNTED)
    files = file_queries.latest_of(viewer, {row[0].person_id for row in page.rows if row[0].person_id})
    return render_template(
        "messages/letters/staff_log.html",
        page=page,
        rows=[(row[0], queries.named(row), row.may_open, files.get(row[0].person_id)) for row in page.rows],
        state=state,
        search=search,
        notices=declared,
        states=MESSAGE_STATES.names,
        tags=TAGS,
        meanings=MESSAGE_STATES.meanings,
        languages=LANGUAGE_NAMES,
        channels=CHANNELS,
        closed=bearing_keys(),
    )


@bp.get("/messages/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """Show what one message said, as it was sent."""
    with writing():
        message, letter = actions.read_message(guards.viewer(), reference)
    return render_template(
        "messages/letters/staff_message.html",
        message=message,
        letter=letter,
        states=MESSAGE_STATES.names,
        tags=TAGS,
        meanings=MESSAGE_STATES.meanings,
        channels=CHANNELS,
        languages=LANGUAGE_NAMES,
    )


@bp.post("/messages/<reference>/again")
@guards.staff
def again(reference: str) -> ResponseReturnValue:
    """Try a message that was set aside again; a second click leads to the same page."""
    with writing():
        actions.send_again(guards.viewer(), reference)
    flash(_("Le message est remis en file ; il part dans la minute."), "done")
    return redirect(url_for(".log", state=request.form.get("state") or None))
