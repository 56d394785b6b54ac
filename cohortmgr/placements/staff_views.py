"""The staff page of the matching (its board): what was received, the run, its approval."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts.guards import staff, viewer
from cohortmgr.accounts.rules import allows
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.placements.actions import positions, runs
from cohortmgr.placements.queries import board, placements

bp = Blueprint("placements_staff", __name__)


@bp.get("/staff/cohorts/<reference>/placements", endpoint="board")
@staff
def board_of(reference: str) -> ResponseReturnValue:
    """Show positions with the wishes and scores received; after the run, who goes where and why."""
    return _board(reference, None)


def _board(reference: str, refusal: Refused | None) -> str:
    cohort = cohorts.get_for(viewer(), reference, "placements.read")
    shown = board.of(cohort)
    may_approve = allows(viewer(), "placements.manage", cohort.path)
    return render_template(
        "placements/staff_board.html",
        cohort=cohort,
        board=shown,
        may_run=allows(viewer(), "cohorts.manage", cohort.path),
        may_approve=may_approve,
        mine=shown.run is not None and shown.run.run_by == viewer().reference,
        problems=refusal.problems if refusal else None,
    )


@bp.post("/staff/cohorts/<reference>/placements/open")
@staff
def open_positions(reference: str) -> ResponseReturnValue:
    """Open a position for each partner company."""
    try:
        with writing():
            count = positions.open_positions(viewer(), reference)
    except Refused as refusal:
        return _board(reference, refusal), 422
    if count:
        flash(ngettext("%(num)s poste ouvert.", "%(num)s postes ouverts.", count), "done")
    return redirect(url_for(".board", reference=reference))


@bp.post("/staff/cohorts/<reference>/placements/run")
@staff
def run_matching(reference: str) -> ResponseReturnValue:
    """Run the matching, which closes wishes and scores."""
    try:
        with writing():
            runs.run_matching(viewer(), reference)
    except Refused as refusal:
        return _board(reference, refusal), 422
    flash(_("L’affectation est calculée. Une deuxième personne doit la valider."), "done")
    return redirect(url_for(".board", reference=reference))


@bp.post("/staff/matchings/<reference>/cancel")
@staff
def cancel_matching(reference: str) -> ResponseReturnValue:
    """Cancel a waiting matching, which opens wishes and scores again."""
    with writing():
        run, cohort = placements.run_for(viewer(), reference)
        runs.cancel_matching(viewer(), run.reference)
    flash(_("L’affectation est annulée ; les vœux et les notes sont de nouveau ouverts."), "info")
    return redirect(url_for(".board", reference=cohort.reference))


@bp.post("/staff/matchings/<reference>/approve")
@staff
def approve_matching(reference: str) -> ResponseReturnValue:
    """Approve the matching: make the placements and tell everyone."""
    _run, cohort = placements.run_for(viewer(), reference)
    try:
        with writing():
            runs.approve_matching(viewer(), reference, request.form.get("confirmation", ""))
    except Refused as refusal:
        return _board(cohort.reference, refusal), 422
    flash(_("L’affectation est validée : apprentis et entreprises reçoivent un message."), "done")
    return redirect(url_for(".board", reference=cohort.reference))
