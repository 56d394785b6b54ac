"""The receipt of a sent file, as a page for paper: its browser prints it, or keeps it as a PDF."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.applications.journey.display import code_of, steps_of
from cohortmgr.applications.journey.hooks import steps_above

bp = Blueprint("receipts_candidate", __name__)


@bp.get("/my/applications/<reference>/receipt")
@guards.candidate
def receipt(reference: str) -> ResponseReturnValue:
    """Show what was sent, when, and what comes, on one sheet. A file that was not sent leads to its own page."""
    viewer = guards.viewer()
    file = file_queries.own(viewer, reference)
    if file.application.state != ApplicationState.SUBMITTED:
        return redirect(url_for("applications_candidate.show", reference=reference))
    above = [step for steps in steps_above for step in steps(viewer, file.application)]
    return render_template(
        "applications/journey/candidate_receipt.html",
        application=file.application,
        intake=file.intake,
        definition=file.definition,
        documents=file.documents.values(),
        steps=steps_of(file, above, False),
        code=code_of(reference),
    )
