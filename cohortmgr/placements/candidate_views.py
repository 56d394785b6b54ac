"""The candidate's page of wishes, which also shows where they are placed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts.guards import candidate, viewer
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.placements.actions import positions as actions
from cohortmgr.placements.queries import placements
from cohortmgr.placements.rules import PositionState, moved

bp = Blueprint("placements_candidate", __name__)


@bp.get("/my/wishes/<reference>")
@candidate
def wishes(reference: str) -> ResponseReturnValue:
    """Show the companies in the person's order, which they may change while the positions are open."""
    return _page(reference, None)


@bp.post("/my/wishes/<reference>")
@candidate
def state_wishes(reference: str) -> ResponseReturnValue:
    """Save the order. Without scripts, a button moves one line and shows the list again."""
    ranked = request.form.getlist("wish")
    if "move" in request.form:
        return _page(reference, moved(ranked, request.form["move"]))
    try:
        with writing():
            actions.state_wishes(viewer(), reference, ranked)
    except Refused as refusal:
        return _page(reference, ranked, refusal), 422
    flash(_("Vos vœux sont enregistrés. Vous pouvez les changer tant que les postes sont ouverts."), "done")
    return redirect(url_for(".wishes", reference=reference))


def _page(reference: str, ranked: list[str] | None, refusal: Refused | None = None) -> str:
    row = placements.own_enrolment(viewer(), reference)
    positions = {each.Position.reference: each for each in placements.positions_of(row.Cohort.id)}
    by_id = {each.Position.id: each.Position.reference for each in positions.values()}
    kept = [by_id[number] for number in placements.wishes_of(row.Enrolment.id) if number in by_id]
    order = [each for each in (kept if ranked is None else ranked) if each in positions]
    order += [each for each in positions if each not in order]
    placement = placements.placement_of(row.Enrolment.id)
    return render_template(
        "placements/candidate_wishes.html",
        enrolment=row.Enrolment,
        cohort=row.Cohort,
        intake=row.Intake,
        positions=[positions[each] for each in order],
        kept=[positions[each] for each in kept],
        changed=ranked is not None and order != kept,
        open=bool(positions)
        and all(each.Position.state == PositionState.OPEN for each in positions.values()),
        placement=placement,
        placed=positions[by_id[placement.position_id]] if placement else None,
        problems=refusal.problems if refusal else None,
    )
