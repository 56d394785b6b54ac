"""What adults wrote about a child, where the guardian alone reads it: in a visit that a code opened."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.guardian_queries import acting_for, guardianships
from cohortmgr.applications.guardian_views import closed, guardian_of, is_visiting
from cohortmgr.base.errors import Refused
from cohortmgr.base.paging import page_of
from cohortmgr.messages import queries

bp = Blueprint("guardian_letters", __name__, url_prefix="/guardian")
SHOWN = 20


@bp.get("/<token>/messages")
@guards.public
def letters(token: str) -> ResponseReturnValue:
    """Answers, requests and announcements about the guardian's children, newest first, each as it was written."""
    try:
        person = guardian_of(token)
    except Refused as refusal:
        return closed(refusal)
    if not is_visiting(token):
        return redirect(url_for("guardians.link", token=token))
    with acting_for(guardianships(person)):
        page = page_of(queries.of_guardian(person), request.args.get("page", 1, type=int), SHOWN)
        found = queries.read([row[0] for row in page.rows], whole=True)
    return render_template("messages/guardian_letters.html", token=token, page=page, letters=found)
