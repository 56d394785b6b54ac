"""The page where staff invite the people whose files were imported to claim them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.applications.importing.actions import invitations
from cohortmgr.applications.importing.queries import invited
from cohortmgr.applications.importing.queries.runs import intake_for
from cohortmgr.applications.importing.queries.sharing import shared_contacts
from cohortmgr.base.db import writing
from cohortmgr.jobs.queries import advance_to, is_due, kept_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes.models import Intake

bp = Blueprint("imports_invitations", __name__, url_prefix="/staff")

# The most shared addresses and numbers that the page lists.
LISTED = 500
# Among so many people to invite those who share a contact are looked for at each request; the kept pairs name all.
MOST_COMPARED = 1_000


@bp.get("/intakes/<reference>/invitations")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """Show how many people would get a link to claim their file; of a large intake as the worker last counted."""
    intake = intake_for(guards.viewer(), reference)
    if invited.imported(intake) > invited.MOST_AT_ONCE:
        return render_template("applications/importing/staff_invitations.html", **_kept(intake))
    fresh, everybody = invited.invitable_counts(intake)
    few = invited.invitable(intake, again=True) if everybody <= MOST_COMPARED else []
    shared = shared_contacts(guards.viewer(), intake, few)
    return render_template(
        "applications/importing/staff_invitations.html",
        intake=intake,
        fresh=fresh,
        again=everybody,
        compared=everybody <= MOST_COMPARED,
        shared=shared[:LISTED],
        beyond=max(0, len(shared) - LISTED),
        counting=Advance(),
        inviting=None,
        counted_at=None,
    )


def _kept(intake: Intake) -> dict[str, Any]:
    """Return what the page of a large intake shows; the numbers are counted anew if they are old."""
    kept = kept_of(invited.COUNTING, intake.reference)
    if is_due(kept):
        with writing():
            invitations.ask_counts(guards.viewer(), intake)
        kept = kept_of(invited.COUNTING, intake.reference)
    figures = kept.figures if kept else {}
    return {
        "intake": intake,
        "fresh": figures.get("fresh", 0),
        "again": figures.get("everybody", 0),
        "compared": False,
        "shared": (),
        "beyond": 0,
        "counting": advance_to(kept),
        "inviting": invited.inviting_of(intake),
        "counted_at": kept.made_at if kept else None,
    }


@bp.post("/intakes/<reference>/invitations")
@guards.staff
def invite(reference: str) -> ResponseReturnValue:
    """Send the links; in a large intake the worker does, and the page shows how far it is."""
    viewer, again = guards.viewer(), request.form.get("again") == "1"
    intake = intake_for(viewer, reference)
    if invited.imported(intake) > invited.MOST_AT_ONCE:
        with writing():
            invitations.ask_invitations(viewer, reference, again=again)
        return redirect(url_for(".index", reference=reference))
    with writing():
        count = invitations.invite(viewer, reference, again=again)
    flash(ngettext("%(num)s lien est parti.", "%(num)s liens sont partis.", count))
    return redirect(url_for(".index", reference=reference))


@bp.get("/intakes/<reference>/invitations/progress")
@guards.staff
def progress(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with counting, or with inviting, as JSON, for the page that waits."""
    intake = intake_for(guards.viewer(), reference)
    kept = kept_of(invited.COUNTING, intake.reference)
    advance = invited.inviting_of(intake).advance
    if not advance.goes_on:
        advance = advance_to(kept)
    return jsonify(percentage=advance.percentage, text="", done=not advance.goes_on)
