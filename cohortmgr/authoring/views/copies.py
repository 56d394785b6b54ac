"""Staff's page on which a programme is made like another, to be changed in pages and published by a second person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.authoring.forms import CopyForm
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.web.responses import show_problems
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
    if request.method == "POST":
        try:
            made = _copied(form, known)
            flash(
                _("Le programme est en préparation : son équipe seule le voit. Relisez chaque partie."),
                "done",
            )
            return redirect(url_for("beginnings_staff.steps", key=made))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
    elif request.args.get("of") in known:
        form.source.data = request.args["of"]
    return render_template("authoring/staff_programme_new.html", form=form), (422 if form.errors else 200)


def _copied(form: CopyForm, known: dict[str, str]) -> str:
    key, name, intake = form.programme()
    source = form.source.data or ""
    if source not in known:
        raise Refused(Problem(N_("Choisissez le programme à reprendre."), {}, "source"))
    with writing():
        revisions.begin_copy(guards.viewer(), source, key, name, intake)
    return key
