"""Staff's page of a move by hand: what the jury decides of a file whatever its mark, and what that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import second_people
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection import queries
from cohortmgr.selection.actions import moving
from cohortmgr.selection.forms import MoveForm
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.effects import MoveEffect
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.moves.rules import MOVE_STATES, MoveDirection
from cohortmgr.selection.sealing.queries import intake_for, rules_in_force
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries.tried import TriedMoves, tried

bp = Blueprint("moves_staff", __name__, url_prefix="/staff/intakes/<reference>/moves/<application>")


@bp.get("")
@guards.staff
@reading
def move(reference: str, application: str) -> ResponseReturnValue:
    """Show what the jury decided of a file by hand, what waits for a second person, and what it would change."""
    return _page(reference, application)


def _page(
    reference: str, application: str, form: MoveForm | None = None, problems: Sequence[Problem] = ()
) -> ResponseReturnValue:
    viewer, form = guards.viewer(), form or MoveForm(formdata=None)
    intake = queries.intake_for(viewer, reference)
    file = moves.moved_file(intake, application)
    row, agreed = moves.open_of(file), moves.agreed_of(file)
    scope, rules = queries.scope_of(intake, moves.offering_of_file(file).reference), rules_in_force(intake)
    offering = scope or _named(intake, file, row)
    is_sealed, batch = rules is not None, queries.live_batch(intake, scope)
    in_force = agreed.direction if agreed is not None else MoveDirection.MARK.value
    others = scope is None and agreed is not None and agreed.offering_id != offering.id
    ways = [each for each in MoveDirection if each != in_force or (others and each is MoveDirection.IN)]
    if file.state == "superseded":
        # Another file of this person counts: what was decided of this one can be lifted.
        ways = [each for each in ways if each is MoveDirection.MARK]
    may_change = file.state == "submitted" or (file.state == "superseded" and bool(ways))
    is_open = is_sealed and batch is None and may_change
    gets_none = is_open and not file.eligible
    if gets_none:
        ways = [each for each in ways if each is not MoveDirection.IN]
    at_once = standings.is_done_at_once(intake)
    found = _tried(intake, offering, scope, file, row, ways) if is_open else TriedMoves(None, {})
    may = {act: allows(viewer, f"selection.{act}", intake.path) for act in ("propose", "approve")}
    values: dict[str, Any] = {
        "intake": intake,
        "offering": offering,
        "choices": _choices(intake, rules.content.seats) if scope is None and rules is not None else [],
        "named": programmes.definition_of(intake).intake(intake.key).named,
        "file": file,
        "row": row,
        "line": found.line,
        "effects": found.effects,
        "ways": ways,
        "history": moves.told_of(file.id),
        "meanings": MOVE_STATES.meanings,
        "is_sealed": is_sealed,
        "batch": batch,
        "is_open": is_open,
        "gets_none": gets_none,
        "at_once": at_once,
        "has_failed": row is not None and not at_once and advance_of(row.job_reference).failed,
        "is_asker": row is not None and row.asked_by == viewer.reference,
        "may_ask": may["propose"] and is_open and row is None,
        "may_agree": may["approve"] and is_open,
        "may_take_back": any(may.values()),
        "agreeing": second_people(
            viewer, "selection.approve", intake.path, row.asked_by if row is not None else viewer.reference
        ),
        "form": form,
        "problems": problems,
    }
    return render_template("selection/staff_move.html", **values), 422 if form.errors or problems else 200


def _named(intake: Intake, file: Application, row: MoveByHand | None) -> Offering:
    """The offering in which a seat is given: that of the request that waits, else that which the page asks for."""
    if row is not None:
        return moves.offering_of_move(row)
    asked = request.values.get("offering")
    return queries.offering_of(intake, asked) if asked else moves.offering_of_file(file)


def _choices(intake: Intake, seats: Mapping[str, int]) -> list[Offering]:
    """The offerings that have sealed seats to give."""
    return [each for each in programmes.offerings_of(intake) if each.key in seats]


def _tried(
    intake: Intake,
    offering: Offering,
    scope: Offering | None,
    file: Application,
    row: MoveByHand | None,
    ways: list[MoveDirection],
) -> TriedMoves:
    """What the moves that the page offers would change; of a large intake, what the worker found of the one that waits,
    which is asked for again if it no longer holds. A job that failed is not: a press asks for it."""
    if standings.is_done_at_once(intake):
        return tried(intake, offering, file.number, ways if row is None else [MoveDirection(row.direction)])
    if row is None:
        return TriedMoves(None, {})
    if row.effect and row.rests_on == standings.state_of(intake, scope):
        return TriedMoves(None, {MoveDirection(row.direction): MoveEffect.of_json(row.effect)})
    advance = advance_of(row.job_reference)
    if request.method == "GET" and not advance.goes_on and not advance.failed:
        with writing():
            moving.foresee(guards.viewer(), intake, row)
    return TriedMoves(None, {})


@bp.post("/again")
@guards.staff
def again(reference: str, application: str) -> ResponseReturnValue:
    """Let the worker find once more what a move would change, after it failed; looking at it does not."""
    intake = queries.intake_for(guards.viewer(), reference)
    row = moves.open_of(moves.moved_file(intake, application))
    if row is not None and not standings.is_done_at_once(intake):
        with writing():
            moving.foresee(guards.viewer(), intake, row)
    return redirect(url_for(".move", reference=reference, application=application))


@bp.post("")
@guards.staff
@guards.survives
def ask(reference: str, application: str) -> ResponseReturnValue:
    """Ask for a move by hand, for a second person to agree to."""
    intake_for(guards.viewer(), reference, "selection.propose")
    form = MoveForm()
    if not form.validate_on_submit():
        return _page(reference, application, form)
    way, reason = request.form.get("direction", ""), form.reason.data or ""
    try:
        with writing():
            named = request.form.get("offering") or None
            moving.ask(guards.viewer(), reference, application, way, reason, named)
    except Refused as refusal:
        db.session.rollback()
        show_problems(form, refusal)
        return _page(reference, application, form, [each for each in refusal.problems if not each.where])
    flash(_("C’est demandé. Rien ne change avant l’accord d’une deuxième personne."), "done")
    return redirect(url_for(".move", reference=reference, application=application))


@bp.post("/agree")
@guards.staff
def agree(reference: str, application: str) -> ResponseReturnValue:
    """Agree to a move by hand as the second person."""
    version = posted_version() or 0
    done = _("C’est décidé : le classement en tient compte.")
    return _act(
        reference, application, lambda: moving.agree(guards.viewer(), reference, application, version), done
    )


@bp.post("/back")
@guards.staff
def take_back(reference: str, application: str) -> ResponseReturnValue:
    """Take back a move that waits for a second person."""
    done = _("La demande est reprise : rien ne change.")
    return _act(
        reference, application, lambda: moving.take_back(guards.viewer(), reference, application), done
    )


def _act(reference: str, application: str, act: Callable[[], object], done: str) -> ResponseReturnValue:
    """Do one of the acts of two people, and say so; what refuses it is said on the page."""
    queries.intake_for(guards.viewer(), reference)
    try:
        with writing():
            act()
    except Refused as refusal:
        db.session.rollback()
        return _page(reference, application, problems=refusal.problems)
    flash(done, "done")
    return redirect(url_for(".move", reference=reference, application=application))
