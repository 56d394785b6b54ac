"""The staff page of the matching (its board): what was received, the run, its approval, and placements by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms import SelectChoice

from cohortmgr.accounts.guards import staff, survives, viewer
from cohortmgr.accounts.queries.viewers import names_of, second_people
from cohortmgr.accounts.rules import allows, require
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import localized
from cohortmgr.base.text import fold
from cohortmgr.base.web.asked import kept_arguments
from cohortmgr.base.web.ordering import in_order
from cohortmgr.base.web.responses import show_problems
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.organisations.letterheads.queries import OF_HOST
from cohortmgr.placements.actions import by_hand, positions, runs
from cohortmgr.placements.forms import BreakOffForm, HandPlacementForm
from cohortmgr.placements.queries import board, placements, standing
from cohortmgr.placements.rules import PLACEMENT_STATES, PRESENT, PlacementState

bp = Blueprint("placements_staff", __name__)
ORDERS: Mapping[str, Callable[[board.Member], Any]] = {
    "name": lambda member: fold(member.name),
    "company": lambda member: fold(localized(member.company)) if member.company else "",
    "rank": lambda member: member.rank,
    "score": lambda member: member.score,
}
# Whom a figure above the list counts.
CHOSEN: Mapping[str, Callable[[board.Member], bool]] = {
    "stated": lambda member: bool(member.wishes),
    "placed": lambda member: member.company is not None,
    "unplaced": lambda member: member.company is None,
}


@bp.get("/staff/cohorts/<reference>/placements", endpoint="board")
@staff
def board_of(reference: str) -> ResponseReturnValue:
    """Show positions with the wishes and scores received; after the run, who goes where and why."""
    return _board(reference, None)


def _board(reference: str, refusal: Refused | None, form: HandPlacementForm | None = None) -> str:
    cohort = cohorts.get_for(viewer(), reference, "placements.read")
    shown, chosen = board.of(cohort), request.args.get("who", "")
    may_approve = allows(viewer(), "placements.manage", cohort.path)
    return render_template(
        "placements/staff_board.html",
        cohort=cohort,
        board=shown,
        members=in_order(_among(shown, chosen), ORDERS, request.args.get("sort", "")),
        chosen=chosen if chosen in CHOSEN else "",
        may_run=allows(viewer(), "cohorts.manage", cohort.path),
        may_approve=may_approve,
        approvers=second_people(viewer(), "placements.manage", cohort.path, shown.run.run_by)
        if shown.run is not None and not shown.approved
        else None,
        approvers_of_mine=second_people(viewer(), "placements.manage", cohort.path, viewer().reference),
        mine=shown.run is not None and shown.run.run_by == viewer().reference,
        runner=_name_of(shown.run.run_by) if shown.run is not None and not shown.approved else "",
        problems=refusal.problems if refusal else None,
        form=_by_hand(shown, form),
        me=viewer().reference,
        reads_companies=bool(viewer().paths(OF_HOST)),
    )


def _name_of(account: str | None) -> str:
    return names_of(account).get(account or "", "")


def _among(shown: board.PlacementBoard, chosen: str) -> list[board.Member]:
    """The members whom a figure counts; all of them where none is asked for."""
    counts = CHOSEN.get(chosen)
    return [each for each in shown.members if counts is None or counts(each)]


def _by_hand(shown: board.PlacementBoard, form: HandPlacementForm | None = None) -> HandPlacementForm:
    """The form that places by hand, with those who have no company and the companies with a free seat."""
    form = form or HandPlacementForm(formdata=None, starts_on=clock.today())
    people = [SelectChoice(each.reference, f"{each.name} · {each.number}") for each in shown.placeable]
    companies = [SelectChoice(each.reference, f"{localized(each.name)} ({each.free})") for each in shown.free]
    form.enrolment.choices, form.position.choices = people, companies
    return form


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
    flash(_("L’affectation est calculée. Une deuxième personne doit l’approuver."), "done")
    return redirect(url_for(".board", reference=reference))


@bp.get("/staff/matchings/<reference>")
@staff
def matching(reference: str) -> ResponseReturnValue:
    """Lead from a matching to the board of its cohort, ordered and narrowed as the address says."""
    _run, cohort = placements.run_for(viewer(), reference)
    kept: dict[str, Any] = {**kept_arguments("placements_staff.board")}
    return redirect(url_for(".board", reference=cohort.reference, **kept))


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
    flash(_("L’affectation est approuvée : apprentis et entreprises reçoivent un message."), "done")
    return redirect(url_for(".board", reference=cohort.reference))


@bp.post("/staff/cohorts/<reference>/placements/by-hand")
@staff
@survives
def place_by_hand(reference: str) -> ResponseReturnValue:
    """Propose a company for somebody who has none."""
    cohort = cohorts.get_for(viewer(), reference, "placements.read")
    require(viewer(), "cohorts.manage", cohort.path)
    form = HandPlacementForm()
    _by_hand(board.of(cohort), form)
    if form.validate_on_submit():
        given = (form.enrolment.data, form.position.data, form.starts_on.data, form.reason.data or "")
        try:
            with writing():
                by_hand.propose(viewer(), *given)
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("L’affectation est proposée. Une deuxième personne doit l’approuver."), "done")
            return redirect(url_for(".board", reference=reference))
    return _board(reference, None, form), 422


@bp.route("/staff/placements/<reference>", methods=["GET", "POST"])
@staff
@survives
def placement(reference: str) -> ResponseReturnValue:
    """Show one placement, with its approval if it waits for one; a form breaks it off."""
    found, cohort = standing.placement_for(viewer(), reference)
    if request.method == "POST":
        require(viewer(), "cohorts.manage", cohort.path)
    form = BreakOffForm(last_day=clock.today())
    if form.validate_on_submit():
        try:
            with writing():
                by_hand.break_off(viewer(), reference, form.last_day.data, form.reason.data or "")
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("L’interruption est notée : la personne peut être placée ailleurs."), "done")
            return redirect(url_for(".board", reference=cohort.reference))
    found, cohort = standing.placement_for(viewer(), reference)
    page = render_template(
        "placements/staff_placement.html",
        placement=found,
        card=placements.card_of(found),
        file=cohorts.file_behind(found.enrolment_id),
        cohort=cohort,
        form=form,
        names=PLACEMENT_STATES.names,
        meanings=PLACEMENT_STATES.meanings,
        proposed=found.state == PlacementState.PROPOSED,
        breakable=found.state in PRESENT - {PlacementState.ENDED}
        and allows(viewer(), "cohorts.manage", cohort.path),
        may_manage=allows(viewer(), "cohorts.manage", cohort.path),
        may_approve=allows(viewer(), "placements.manage", cohort.path),
        mine=found.proposed_by == viewer().reference,
        proposer=_name_of(found.proposed_by) if found.state == PlacementState.PROPOSED else "",
        approvers=second_people(viewer(), "placements.manage", cohort.path, found.proposed_by)
        if found.state == PlacementState.PROPOSED
        else None,
    )
    return page, 422 if form.errors or form.form_errors else 200


@bp.post("/staff/placements/<reference>/approve")
@staff
def approve_placement(reference: str) -> ResponseReturnValue:
    """Approve a placement by hand, as the second person."""
    with writing():
        by_hand.approve(viewer(), reference)
    flash(_("L’affectation est approuvée : l’apprenti et l’entreprise reçoivent un message."), "done")
    return redirect(url_for(".placement", reference=reference))


@bp.post("/staff/placements/<reference>/call-off")
@staff
def call_off_placement(reference: str) -> ResponseReturnValue:
    """Call off a proposal."""
    with writing():
        by_hand.call_off(viewer(), reference)
    flash(_("La proposition est abandonnée ; la place est de nouveau libre."), "info")
    return redirect(url_for(".placement", reference=reference))
