"""The candidate's page of a decision: an offer with its deadline, a place on the waiting list, or a refusal."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.applications.file import queries as applications
from cohortmgr.applications.journey.queries import OpenElsewhere, doors
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import queries as programmes
from cohortmgr.selection import queries
from cohortmgr.selection.actions import offers
from cohortmgr.selection.queries import OwnDecision
from cohortmgr.selection.rules import appeal_until, is_refusal

bp = Blueprint("selection_candidate", __name__)


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
        reference=reference,
        is_open=mine.offer is not None and mine.offer.state == "sent" and mine.offer.deadline > clock.now(),
        declining="decline" in request.args,
        appeal_until=appeal_until(_told_on(mine)) if refused else None,
        doors=_doors(mine.application.reference) if refused else None,
        problems=refusal.problems if refusal else (),
    )


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
