"""Pages of an act on many files: what it would do to how many files, what was done, and how to undo it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.corrections import forms as corrections
from cohortmgr.applications.deadlines import forms as deadlines
from cohortmgr.applications.desk import forms
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.desk.actions import bulk
from cohortmgr.applications.desk.actions.bulk import Act, Wanted
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.views import requests
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.forms import HouseForm
from cohortmgr.base.text import new_reference
from cohortmgr.base.web.asked import number_sent
from cohortmgr.base.web.responses import show_problems
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("applications_lots", __name__, url_prefix="/staff")
_FORMS: dict[Act, type[HouseForm]] = {
    Act.CORRECT: corrections.CorrectionForm,
    Act.NOTE: forms.NoteForm,
    Act.EXTEND: deadlines.UntilForm,
}
_TEXTS = {Act.CORRECT: "message", Act.NOTE: "text", Act.EXTEND: "reason"}


def _act(name: str) -> Act:
    try:
        return Act(name)
    except ValueError:
        raise NotFound(name) from None


@bp.route("/intakes/<reference>/lots/<act>", methods=["GET", "POST"])
@guards.staff
def prepare(reference: str, act: str) -> ResponseReturnValue:
    """Show to how many files of the list the act applies, and why not to the others; a POST with their number
    does it.

    A POST without a number brings files that were ticked in the list, since an address cannot hold six
    hundred."""
    listed = ApplicationFilters.of(request.args)
    wanted, filters, form = _act(act), requests.ticked(listed), _FORMS[_act(act)]()
    error = None
    if "count" in request.form:
        try:
            with writing():
                lot = bulk.carry_out(guards.viewer(), reference, wanted, filters, _wanted(form, wanted))
            return redirect(url_for("applications_lots.done", reference=lot.reference))
        except Refused as refusal:
            db.session.rollback()
            show_problems(form, refusal)
            error = next((p for p in refusal.problems if p.where == "confirmation"), None)
    intake = file.staff_intake(guards.viewer(), reference, file.MANAGE)
    found = bulk.preview(guards.viewer(), intake, wanted, filters)
    return render_template(
        "applications/desk/staff_lot_prepare.html",
        intake=intake,
        act=wanted.value,
        found=found,
        total=found.count + sum(found.passed.values()),
        many=bulk.MANY,
        form=form,
        error=error,
        items=corrections.items_of(),
        kinds=corrections.kinds(),
        sections=corrections.sections_asked(definition_of(intake).form) if wanted is Act.CORRECT else [],
        files=filters.files,
        arguments=listed.arguments(),
        once=request.form.get("once") or new_reference(),
    )


def _wanted(form: HouseForm, act: Act) -> Wanted:
    return Wanted(
        text=request.form.get(_TEXTS[act], ""),
        # Text that is no day is read as the present moment, which the act refuses as past.
        until=deadlines.until_of(request.form.get("until", "")) or clock.now(),
        items=corrections.items_of(),
        confirmation=request.form.get("confirmation", ""),
        count=number_sent("count"),
        token=request.form.get("once", ""),
    )


@bp.get("/lots/<reference>")
@guards.staff
def done(reference: str) -> ResponseReturnValue:
    """Show what was done to how many files, and until when it can be undone."""
    lot, intake = desk.lot_for(guards.viewer(), reference)
    return render_template(
        "applications/desk/staff_lot_done.html",
        lot=lot,
        intake=intake,
        undo_until=lot.at + bulk.UNDONE_WITHIN,
        undoable=lot.undone_at is None and clock.now() <= lot.at + bulk.UNDONE_WITHIN,
    )


@bp.post("/lots/<reference>/undo")
@guards.staff
def undo(reference: str) -> ResponseReturnValue:
    """Undo what is still as the lot left it."""
    with writing():
        bulk.undo(guards.viewer(), reference)
    flash(_("C’est annulé, sauf ce à quoi des personnes ont déjà répondu."), "done")
    return redirect(url_for("applications_lots.done", reference=reference))
