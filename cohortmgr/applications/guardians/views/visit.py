"""Keep a guardian's visit in the browser's session, and ask for it on every page that needs one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from flask import g, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.models import Person
from cohortmgr.applications.guardians import queries as guardian_queries
from cohortmgr.applications.guardians.actions.consents import LINK
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import has_chosen

VISIT = timedelta(minutes=30)

KEPT = "guardian_visit"


def is_visiting(token: str) -> bool:
    """Whether this browser proved lately, for this link, that it reads what is sent to the guardian."""
    visit = session.get(KEPT) or {}
    if visit.get("link") != links.hashed(token):
        return False
    return datetime.fromisoformat(visit["until"]) > clock.now()


def guardian_of(token: str) -> Person:
    """The guardian whose link it is; Refused if it is closed.

    The page is then in their language, also for a closed link, unless their browser chose one."""
    found = links.find(token, LINK)
    person = guardian_queries.guardian(found.subject)
    if not has_chosen():
        g.language = person.language
    links.require_open(found)
    return person


def closed(refusal: Refused) -> ResponseReturnValue:
    """The page of a link that opens nothing any longer."""
    db.session.rollback()
    return render_template("applications/guardians/guardian_closed.html", problems=refusal.problems), 410


def in_visit(view: Callable[[str, Person], ResponseReturnValue]) -> Callable[[str], ResponseReturnValue]:
    """Make a page of the visit from a view of the token and its guardian.

    A browser that has not proved to be the guardian's, or not lately, is first sent to the link's page."""

    @wraps(view)
    def page(token: str) -> ResponseReturnValue:
        try:
            person = guardian_of(token)
        except Refused as refusal:
            return closed(refusal)
        return view(token, person) if is_visiting(token) else redirect(url_for("guardians.link", token=token))

    return page
