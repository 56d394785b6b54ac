"""The candidate's page of a decision: an offer with its deadline, a place on the waiting list, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.journey.queries import OpenElsewhere, doors
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import decimal
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.selection import queries
from cohortmgr.selection.actions import offers
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.proofs.sums import sum_of
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.selection.reasons.priced import points
from cohortmgr.selection.rules import appeal_until, is_open, is_refusal, lapses_at
from cohortmgr.selection.standings.queries import published, uncalled

bp = Blueprint("selection_candidate", __name__)


@bp.app_template_filter()
def in_points(thousandths: Fraction | int, places: int) -> str:
    """Write thousandths of a point as points, exact to so many places."""
    return decimal(points(Fraction(thousandths), places), places)


@bp.get("/my/offers/<reference>")
@guards.candidate
def offer(reference: str) -> ResponseReturnValue:
    """Show the decision, by the reference of the offer or of the decision."""
    return _page(reference)


def _page(reference: str, refusal: Refused | None = None) -> ResponseReturnValue:
    mine = queries.mine_for(guards.viewer(), reference)
    definition = programmes.definition_of(mine.intake)
    refused = is_refusal(mine.decision.outcome, mine.offer is not None, mine.place)
    return render_template(
        "selection/candidate_offer.html",
        mine=mine,
        definition=definition,
        seat=_seat(mine, definition),
        reference=reference,
        is_open=mine.offer is not None
        and is_open(mine.offer.state, mine.offer.deadline, mine.offer.held_at, clock.now()),
        is_late=mine.offer is not None and mine.offer.deadline <= clock.now(),
        lapses=lapses_at(mine.offer.deadline, mine.offer.held_at) if mine.offer is not None else None,
        declining="decline" in request.args,
        is_bounded=uncalled.is_called_within_bounds(mine),
        appeal_until=appeal_until(_told_on(mine)) if refused else None,
        doors=_doors(mine.application.reference) if refused else None,
        problems=refusal.problems if refusal else (),
    )


def _seat(mine: OwnDecision, definition: Definition) -> Mapping[str, str] | None:
    """The name of the offering of a seat, where seats of several were given by wishes."""
    if mine.offer is None or not mine.decision.wishes:
        return None
    offered = {each.id: each for each in programmes.offerings_of(mine.intake)}[mine.offer.offering_id]
    return definition.intake(mine.intake.key).named.get(offered.key, offered.title)


@bp.get("/my/offers/<reference>/check")
@guards.candidate
def check(reference: str) -> ResponseReturnValue:
    """Show the sum that tells one's own decision, and how to check it. NotFound where no sealed rules chose."""
    mine = queries.mine_for(guards.viewer(), reference)
    own = published.line_of(mine)
    return render_template(
        "selection/candidate_line.html",
        mine=mine,
        definition=programmes.definition_of(mine.intake),
        reference=reference,
        own=own,
        sum=sum_of(own.line),
    )


@bp.get("/my/offers/<reference>/line.json")
@guards.candidate
def line(reference: str) -> ResponseReturnValue:
    """Send one's own line of the choice with its path, as `verify.py --line` reads it."""
    own = published.line_of(queries.mine_for(guards.viewer(), reference))
    response = Response(canonical(own.line), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="line.json"'
    return response


def _told_on(mine: OwnDecision) -> date:
    """The day of the last word: of the list's closing for who waited on it, else of the decision."""
    return queries.list_closed_on(mine) or clock.local(mine.told_at).date()


def _doors(reference: str) -> list[OpenElsewhere]:
    viewer = guards.viewer()
    return doors(viewer, applications.own(viewer, reference))


@bp.post("/my/offers/<reference>/answer")
@guards.candidate
def answer(reference: str) -> ResponseReturnValue:
    """Accept or decline the offer. A second click leads to the same page."""
    queries.mine_for(guards.viewer(), reference)  # first, so that strangers learn nothing
    accept = request.form.get("answer") == "accept"
    if not accept and request.form.get("answer") != "decline":
        return redirect(url_for(".offer", reference=reference))
    try:
        with writing():
            offers.answer_offer(guards.viewer(), reference, accept)
    except Refused as refusal:
        return _page(reference, refusal)
    flash(_("Votre place est confirmée.") if accept else _("Vous avez renoncé à cette place."), "done")
    return redirect(url_for(".offer", reference=reference))
