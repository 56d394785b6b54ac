"""The board of an intake's choice: a commission tries seats, bounds and weights out, keeps scenarios, compares them.

Files bear their numbers alone until the list is adopted, whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import names_of
from cohortmgr.accounts.rules import allows
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Problem, Refused
from cohortmgr.base.web.asked import PLACE, place_asked, texts_sent
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.harmonising.queries import formulas_in
from cohortmgr.reviews.phases.display import name_of
from cohortmgr.selection import queries as selection
from cohortmgr.selection.rules import BatchState
from cohortmgr.selection.scenarios import actions, queries
from cohortmgr.selection.scenarios.comparing import balance_of, bounds_beside, gaps_between
from cohortmgr.selection.scenarios.models import Scenario
from cohortmgr.selection.scenarios.rules import MOST_COMPARED, MOST_KEPT
from cohortmgr.selection.scenarios.views import shown
from cohortmgr.selection.scenarios.views.shown import AskedScenario, ShownBoard
from cohortmgr.selection.sealing.queries import covers_all
from cohortmgr.selection.standings.queries import kept as standings

bp = Blueprint("scenarios_staff", __name__, url_prefix="/staff/intakes/<reference>/board")


@bp.get("")
@guards.staff
@reading
@gives_way
def board(reference: str) -> ResponseReturnValue:
    """Show the board of an offering: the choice of today, and beside it the scenario that the address asks for."""
    return _board(selection.intake_for(guards.viewer(), reference))


def _board(intake: Intake, problems: Sequence[Problem] = (), **sent: str) -> ResponseReturnValue:
    """The board as the address asks for it, or as a form that was `sent` and refused; its `name` is kept."""
    viewer, given = guards.viewer(), {**texts_sent(), **sent}
    if covers_all(intake):
        return _refused(intake)
    offering = shown.offering_asked(intake, given.get("offering"))
    kept = queries.scenarios_of(offering)
    opened = next((each for each in kept if each.reference == given.get("scenario")), None)
    place = place_asked() if {"all", *PLACE} & set(request.args) else None
    is_large = not standings.is_done_at_once(intake)
    if is_large:
        ground = queries.ground_of(intake, offering)
        tried = shown.asked(ground, given, opened)
        found = shown.board_as_kept(intake, offering, ground, opened, place, _("Aujourd’hui"))
    else:
        trials = queries.trials_of(intake, offering)
        tried = shown.asked(trials.ground, given, opened)
        title = opened.name if opened is not None and not given.get("tried") else _("Ce scénario")
        found = shown.board_at_once(trials, tried, place, (_("Aujourd’hui"), title))
    return _rendered(
        intake,
        offering,
        found,
        tried,
        kept=kept,
        opened=opened,
        is_large=is_large,
        is_typed=bool(given.get("tried")),
        advance=advance_of(opened.job_reference) if is_large and opened is not None else None,
        problems=(*tried.problems, *problems),
        name=sent.get("name", ""),
        may_keep=allows(viewer, "selection.propose", intake.path),
    )


def _refused(intake: Intake) -> ResponseReturnValue:
    """Say that nothing is tried where seats of several offerings are given by wishes: one seat moves people between
    offerings, and a board of one would tell of it what is not so."""
    return render_template("selection/scenarios/staff_joint.html", intake=intake)


def _rendered(
    intake: Intake, offering: Offering, found: ShownBoard, tried: AskedScenario, **more: Any
) -> ResponseReturnValue:
    ground, batch = found.ground, selection.live_batch(intake, offering)
    is_adopted = batch is not None and batch.state == BatchState.APPROVED
    formulas = found.board.formulas if found.board is not None else formulas_in(intake.id)
    rows = found.page.rows if found.page is not None else []
    numbers = None if found.board is not None else {row.number for row in rows}
    close = queries.close_calls(intake, formulas, numbers)
    status = 422 if more["problems"] else 200
    return render_template(
        "selection/scenarios/staff_board.html",
        intake=intake,
        offering=offering,
        offerings=programmes.offerings_of(intake),
        named=programmes.definition_of(intake).intake(intake.key).named,
        found=found,
        tried=tried,
        ground=ground,
        is_new=tried.changes is not None and tried.changes != ground.unchanged,
        compared=bounds_beside(found.columns),
        balance=[(each, balance_of(each, found.columns)) for each in _balanced(found)],
        phase_names={each.key: name_of(each) for each in ground.phases},
        choices=_choices(ground.attributes),
        attributes=ground.attributes,
        close=close,
        people=found.names if is_adopted else {},
        batch=batch,
        is_adopted=is_adopted,
        authors=names_of(*{each.made_by for each in more["kept"]}),
        most_kept=MOST_KEPT,
        **more,
    ), status


def _balanced(found: ShownBoard) -> list[Any]:
    return shown.balanced(found.ground.attributes, request.args.getlist("by")) if found.columns else []


def _choices(attributes: Any) -> list[tuple[str, Any, Any]]:
    """Each value of each attribute, as the form lists groups."""
    return [
        (f"{each.key}={value}", each.label, label)
        for each in attributes.values()
        for value, label in each.values.items()
    ]


@bp.post("")
@guards.staff
def keep(reference: str) -> ResponseReturnValue:
    """Keep the scenario that a form says, under a name."""
    viewer, given = guards.viewer(), {**dict(request.form.items()), "tried": "1"}
    intake, name = _held_intake(reference), request.form.get("name", "")
    offering = shown.offering_asked(intake, given.get("offering"))
    tried = shown.asked(queries.ground_of(intake, offering), given, None)
    if tried.changes is None:
        return _board(intake, tried="1", name=name)
    try:
        with writing():
            row = actions.keep(viewer, reference, offering.reference, name, tried.changes)
            kept = row.reference
    except Refused as refusal:
        db.session.rollback()
        return _board(_held_intake(reference), refusal.problems, tried="1", name=name)
    flash(_("Le scénario est gardé. Il ne change rien aux règles."), "done")
    return redirect(url_for(".board", reference=reference, offering=offering.reference, scenario=kept))


def _held_intake(reference: str) -> Intake:
    """The intake of a form that is sent, for who keeps scenarios in it."""
    viewer = guards.viewer()
    intake = selection.intake_for(viewer, reference)
    if not allows(viewer, "selection.propose", intake.path):
        raise NotFound(reference)
    return intake


def _act(reference: str, scenario: str, act: Callable[[Scenario], object]) -> ResponseReturnValue | None:
    """Do something with a scenario of this intake; what refuses it is said on the board. Returns None once it is
    done."""
    intake = _held_intake(reference)
    found = queries.get_for(guards.viewer(), scenario, "selection.propose")
    if found.intake_id != intake.id:
        raise NotFound(scenario)
    try:
        with writing():
            act(found)
    except Refused as refusal:
        db.session.rollback()
        return _board(_held_intake(reference), refusal.problems)
    return None


@bp.post("/<scenario>/rename")
@guards.staff
def rename(reference: str, scenario: str) -> ResponseReturnValue:
    """Give a kept scenario another name."""
    name, version = request.form.get("renamed", ""), posted_version() or 0
    told = _act(
        reference, scenario, lambda row: actions.rename(guards.viewer(), row.reference, name, version)
    )
    return told or _back(reference)


@bp.post("/<scenario>/delete")
@guards.staff
def delete(reference: str, scenario: str) -> ResponseReturnValue:
    """Delete a kept scenario."""
    version = posted_version() or 0
    told = _act(reference, scenario, lambda row: actions.delete(guards.viewer(), row.reference, version))
    if told is None:
        flash(_("Le scénario est supprimé."), "done")
    return told or _back(reference)


@bp.post("/<scenario>/again")
@guards.staff
def again(reference: str, scenario: str) -> ResponseReturnValue:
    """Ask the worker to compute a scenario of a large intake by today's marks."""
    told = _act(reference, scenario, lambda row: actions.compute(guards.viewer(), row.reference))
    return told or _back(reference, scenario=scenario)


@bp.post("/<scenario>/draft")
@guards.staff
def draft(reference: str, scenario: str) -> ResponseReturnValue:
    """Let a scenario be a draft of the rules, and lead to their page, where it is proposed to a second person."""
    shown_draft = posted_version() or 0
    told = _act(
        reference, scenario, lambda row: actions.draft_rules(guards.viewer(), row.reference, shown_draft)
    )
    if told is not None:
        return told
    flash(
        _("Le scénario est devenu un brouillon des règles. Deux personnes le scellent, avec un motif."),
        "done",
    )
    return redirect(url_for("sealing_staff.rules", reference=reference))


def _back(reference: str, **more: Any) -> ResponseReturnValue:
    offering = request.form.get("offering") or None
    return redirect(url_for(".board", reference=reference, offering=offering, **more))


@bp.get("/compare")
@guards.staff
@reading
@gives_way
def compare(reference: str) -> ResponseReturnValue:
    """Show kept scenarios side by side, beside the choice of today."""
    intake = selection.intake_for(guards.viewer(), reference)
    if covers_all(intake):
        return _refused(intake)
    offering = shown.offering_asked(intake, request.args.get("offering"))
    kept = shown.by_references(offering, request.args.getlist("with"), MOST_COMPARED)
    state = standings.state_of(intake, offering)
    refused: list[tuple[str, Sequence[Problem]]] = []
    if not standings.is_done_at_once(intake):
        columns = shown.columns_as_kept(kept, state, _("Aujourd’hui"))
    else:
        trials = queries.trials_of(intake, offering)
        columns, refused = shown.columns_at_once(trials, kept, state, _("Aujourd’hui"))
    known = queries.known_in(intake)
    return render_template(
        "selection/scenarios/staff_compare.html",
        intake=intake,
        offering=offering,
        columns=columns,
        refused=refused,
        compared=bounds_beside(columns),
        gaps=list(gaps_between(columns)),
        attributes=known,
        balance=[
            (each, balance_of(each, columns)) for each in shown.balanced(known, request.args.getlist("by"))
        ],
    )


@bp.get("/<scenario>/progress")
@guards.staff
def progress(reference: str, scenario: str) -> ResponseReturnValue:
    """Return how far the worker is with a scenario, as JSON, for the page that waits."""
    intake = selection.intake_for(guards.viewer(), reference)
    found = queries.get_for(guards.viewer(), scenario)
    if found.intake_id != intake.id:
        raise NotFound(found.reference)
    advance = advance_of(found.job_reference)
    text = _("C’est prêt.") if not advance.goes_on and not advance.failed else ""
    return jsonify(percentage=advance.percentage, text=text, done=not advance.goes_on)
