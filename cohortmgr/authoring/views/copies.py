"""Staff's page on which a programme is made like another, to be changed in pages and published by a second person."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.authoring.forms import CopyForm
from cohortmgr.authoring.views.draft_requests import prepared
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts.queries import copyable

bp = Blueprint("copies_staff", __name__, url_prefix="/staff/programmes")


@bp.route("/new", methods=["GET", "POST"])
@guards.staff
def begin() -> ResponseReturnValue:
    """Make a programme in preparation like another, with its own key, titles and first day."""
    form, known = CopyForm(), {row.key: localized(row.title) for row in copyable(guards.viewer())}
    if not known:
        raise NotFound("copy")
    form.source.choices = list(known.items())
    if request.method == "GET" and request.args.get("of") in known:
        form.source.data = request.args["of"]
    return prepared(form, lambda: _copied(form, known), "authoring/staff_programme_new.html")


def _copied(form: CopyForm, known: dict[str, str]) -> str:
    key, name, intake = form.programme()
    source = form.source.data or ""
    if source not in known:
        raise Refused(Problem(N_("Choisissez le programme à reprendre."), {}, "source"))
    with writing():
        revisions.begin_copy(guards.viewer(), source, key, name, intake)
    return key
