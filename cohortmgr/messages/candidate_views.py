"""A person's messages, each in the language in which it was sent."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.base.paging import page_of
from cohortmgr.messages import queries

bp = Blueprint("messages_candidate", __name__)
SHOWN = 20


@bp.get("/my/messages")
@guards.candidate
def inbox() -> ResponseReturnValue:
    """The viewer's own, newest first; as many statements for twenty as for one."""
    page = page_of(queries.mine(guards.viewer()), request.args.get("page", 1, type=int), SHOWN)
    letters = queries.read([row[0] for row in page.rows])
    return render_template("messages/candidate_inbox.html", page=page, letters=letters)
