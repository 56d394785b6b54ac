"""The page where only the guardian reads what adults wrote about a child, in a visit that a code opened."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardians.queries import acting_for, guardianships
from cohortmgr.applications.guardians.views.visit import in_visit
from cohortmgr.base.paging import page_of
from cohortmgr.base.web.asked import place_asked
from cohortmgr.messages.letters.queries import letters as letters_letters

bp = Blueprint("guardian_letters", __name__, url_prefix="/guardian")
SHOWN = 20


@bp.get("/<token>/messages")
@guards.public
@in_visit
def letters(token: str, person: Person) -> ResponseReturnValue:
    """List answers, requests and announcements about the guardian's children, newest first, each as it was
    written."""
    with acting_for(guardianships(person)):
        page = page_of(letters_letters.of_guardian(person), place_asked(), SHOWN)
        found = letters_letters.read([row[0] for row in page.rows], whole=True)
    return render_template("messages/letters/guardian_letters.html", token=token, page=page, letters=found)
