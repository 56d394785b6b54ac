"""Staff page of the ranking of an offering, from which decisions are proposed; once they are, it shows these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import second_people
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.paging import ListPlace, Page
from cohortmgr.base.web.asked import PLACE, place_asked
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import show_problems
from cohortmgr.jobs.queries import advance_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric, Text
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.jury.rules import FilledSelection
from cohortmgr.reviews.phases.display import name_of, weights_of
from cohortmgr.reviews.phases.marks import tie_order
from cohortmgr.reviews.phases.queries import chosen_marks, open_phase
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.forms import ProposeForm, known_close
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.rules import MoveState
from cohortmgr.selection.rules import SETTLED, BatchState
from cohortmgr.selection.standings import actions as keeping
from cohortmgr.selection.standings.models import Standing
from cohortmgr.selection.standings.queries import decided
from cohortmgr.selection.standings.queries import kept as standings

bp = Blueprint("ranking_staff", __name__)


@dataclass(frozen=True)
class _ShownRanking:
    """What the page of a ranking shows: its numbers and rows; how far the next one is, while it no longer holds; or
    what has changed since a batch froze it. `rules` are what sealed rules made of it (see bounded.py)."""

    standing: Standing
    page: Page
    filled: FilledSelection | None = None
    stale: bool = False
    making: Advance | None = None
    since: decided.ChangedSince | None = None
    rules: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _AskedView:
    """Which rows of a ranking a page asks for: at a place, around the line without one; from the end if `down`; of
    those who `wished` for an offering, by its key."""

    place: ListPlace | None
    down: bool = False
    wished: str = ""

    def total(self, rules: Mapping[str, Any] | None, ranked: int) -> int | None:
        """How many rows there are of it in all, as far as it is known."""
        if not self.wished:
            return ranked
        offerings = rules["offerings"] if rules else ()
        return next((int(each["wished"]) for each in offerings if each["key"] == self.wished), None)


@bp.get("/staff/intakes/<reference>/ranking")
@guards.staff
@reading
@gives_way
def ranking(reference: str) -> ResponseReturnValue:
    """Show the ranking around the line, or a page of it. That of a large intake is the last one kept; if it no longer
    holds, another is asked for."""
    intake = queries.intake_for(guards.viewer(), reference)
    return _ranking(intake, ProposeForm(formdata=None))


def _ranking(intake: Intake, form: ProposeForm, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    viewer = guards.viewer()
    offering = queries.scope_of(intake, request.values.get("offering"))
    wished = (
        queries.offering_of(intake, asked)
        if offering is None and (asked := request.args.get("offering"))
        else None
    )
    # There is no line where seats are given by wishes: nothing to begin around.
    is_whole = offering is None or bool({"all", *PLACE} & set(request.args))
    down = request.args.get("sort") == "-rank"
    place = place_asked() if is_whole or down else None
    definition = programmes.definition_of(intake)
    batch = queries.live_batch(intake, offering)
    view = _AskedView(place, down=down, wished=wished.key if wished is not None else "")
    shown = _shown(intake, offering, batch, view)
    return render_template(
        "selection/staff_ranking.html",
        intake=intake,
        offering=offering,
        offerings=(offered := programmes.offerings_of(intake)),
        wished=wished,
        named=(named := definition.intake(intake.key).named),
        titles={each.key: named.get(each.key, each.title) for each in offered},
        standing=shown.standing,
        making=shown.making,
        filled=shown.filled,
        page=shown.page,
        since=shown.since,
        rules=shown.rules,
        is_whole=is_whole or down,
        seed=intake.reference,
        wanted=definition.rubric.readings,
        phases=weights_of(definition.rubric),
        chosen_marks=chosen_marks(intake),
        stale=shown.stale,
        open_phase=name_of(waits) if (waits := open_phase(intake)) is not None else "",
        regions=REGIONS,
        criteria={each.key: each for each in definition.rubric.criteria},
        ties=_tie_titles(definition.rubric, shown.rules),
        batch=batch,
        batches=queries.batches_of(intake),
        **_moves(intake, offering, batch, shown),
        form=form,
        problems=problems,
        open_until=intake.closes_at if clock.now() < intake.closes_at else None,
        ticked="open_until" in request.form,
        may_propose=allows(viewer, "selection.propose", intake.path),
        approvers=second_people(viewer, "selection.approve", intake.path, viewer.reference),
    )


def _moves(
    intake: Intake, offering: Offering | None, batch: Batch | None, shown: _ShownRanking
) -> Mapping[str, Any]:
    """The moves by hand of the ranking that is shown, the same by number, and whether the viewer makes others."""
    found: Sequence[moves.ToldMove] = ()
    if shown.since is not None and batch is not None:
        found = moves.told_among(batch.summary.get("moves", ()))
    elif shown.rules is not None:
        found = moves.told_in(intake, offering)
    may = [allows(guards.viewer(), f"selection.{act}", intake.path) for act in ("propose", "approve")]
    by_number = {state: {each.number: each for each in found if each.state == state} for state in MoveState}
    in_force = {**by_number[MoveState.UNDONE], **by_number[MoveState.AGREED]}
    return {
        "moves": found,
        "moved": in_force,
        "asked_moves": by_number[MoveState.ASKED],
        "may_move": any(may) and shown.rules is not None and batch is None,
    }


def _tie_titles(rubric: Rubric, rules: Mapping[str, Any] | None) -> list[Text]:
    """What tells equal marks apart, in order: as the rules that were sealed say."""
    keys = rules["ties"] if rules else [each.key for each in tie_order(rubric)]
    known = {each.key: each.title for each in rubric.every_criterion}
    return [known.get(key, {"fr": key, "ar": key, "en": key}) for key in keys]


def _shown(intake: Intake, offering: Offering | None, batch: Batch | None, view: _AskedView) -> _ShownRanking:
    if batch is not None and batch.state in SETTLED:
        return _of_batch(intake, offering, batch, view)
    if standings.is_done_at_once(intake):
        board = queries.ranking_of(intake, offering)
        standing, lines = Standing(**standings.figures_of(board)), standings.lines_of(board)
        lines = [line for line in lines if not view.wished or view.wished in line.wishes]
        page = standings.page_of_lines(lines[::-1] if view.down else lines, view.place, standing.chosen)
        filled = standings.filled_by_board(intake, board)
        rules = board.ruled.told if board.ruled is not None else None
        return _ShownRanking(standing, page, filled, bool(board.stale), rules=rules)
    standing, making = _kept(intake, offering)
    kept = standings.kept_with(intake, offering, standing)
    total = view.total(kept["rules"], standing.ranked)
    page = standings.page_of_rows(
        standing, view.place, standing.chosen, down=view.down, wished=view.wished, total=total
    )
    stale = any(each["where"] == "stale" for each in standing.refusal or ())
    return _ShownRanking(standing, page, stale=stale, making=making, **kept)


def _of_batch(intake: Intake, offering: Offering | None, batch: Batch, view: _AskedView) -> _ShownRanking:
    standing = Standing(**decided.figures_of_batch(batch))
    total = view.total(batch.summary.get("rules"), standing.ranked)
    page = decided.page_of_batch(
        batch, standing, view.place, standing.chosen, down=view.down, wished=view.wished, total=total
    )
    filled = standings.kept_with(intake, offering, standings.newest(intake, offering))["filled"]
    offered = [offering] if offering is not None else programmes.offerings_of(intake)
    seats = sum(each.seats for each in offered)
    since = decided.changed_since(batch, intake, seats, standings.sent_to(intake, offering))
    return _ShownRanking(standing, page, filled, since=since, rules=batch.summary.get("rules"))


def _kept(intake: Intake, offering: Offering | None) -> tuple[Standing, Advance | None]:
    """Return the last kept ranking, empty if there is none, and how far the next one is if the last no longer holds."""
    standing = standings.newest(intake, offering)
    if standing is not None and standing.rests_on == standings.state_of(intake, offering):
        return standing, None
    making = standings.being_made(intake, offering)
    advance = advance_of(making.job_reference) if making is not None else Advance()
    if not advance.goes_on and not advance.failed:  # one that failed waits for somebody to ask for it again
        with writing():
            asked = keeping.ask(guards.viewer(), intake, offering)
        advance = advance_of(asked.job_reference) if asked is not None else Advance()
    return standing or Standing(**standings.NOTHING), advance


@bp.post("/staff/intakes/<reference>/ranking/again")
@guards.staff
def again(reference: str) -> ResponseReturnValue:
    """Ask once more for a ranking whose computation failed; looking at it does not. Of a small intake none is kept for
    this page."""
    intake = queries.intake_for(guards.viewer(), reference)
    offering = queries.offering_of(intake, request.form.get("offering"))
    if not standings.is_done_at_once(intake):
        with writing():
            keeping.ask(guards.viewer(), intake, offering)
    return redirect(url_for(".ranking", reference=reference, offering=offering.reference))


@bp.get("/staff/intakes/<reference>/ranking/progress")
@guards.staff
def ranking_progress(reference: str) -> ResponseReturnValue:
    """Return how far the ranking is that is being computed, as JSON, for the page that waits."""
    intake = queries.intake_for(guards.viewer(), reference)
    making = standings.being_made(intake, queries.scope_of(intake, request.args.get("offering")))
    return _told(advance_of(making.job_reference if making is not None else ""))


def _told(advance: Advance) -> ResponseReturnValue:
    text = _("C’est prêt.") if not advance.goes_on and not advance.failed else ""
    return jsonify(percentage=advance.percentage, text=text, done=not advance.goes_on)


@bp.post("/staff/intakes/<reference>/ranking")
@guards.staff
@guards.survives
def propose(reference: str) -> ResponseReturnValue:
    """Freeze the ranking into a batch, for a second person to approve."""
    intake = queries.intake_for(guards.viewer(), reference)
    form = ProposeForm()
    if not form.validate_on_submit():
        return _ranking(intake, form)
    try:
        with writing():
            found = decisions.propose(
                guards.viewer(),
                reference,
                form.note.data or "",
                request.form.get("offering"),
                known_close(request.form.get("open_until")),
            )
    except Refused as refusal:
        show_problems(form, refusal)
        return _ranking(queries.intake_for(guards.viewer(), reference), form, refusal.problems)
    if found.state == BatchState.PROPOSED:
        flash(_("Les décisions sont figées. Une deuxième personne doit les approuver."), "done")
    return redirect(url_for("selection_staff.batch", reference=found.reference))
