"""The candidate's page of one month's stipend, with every step of the sum."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from cohortmgr.accounts.guards import candidate, viewer
from cohortmgr.base.errors import Problem
from cohortmgr.stipends.queries import runs as queries

bp = Blueprint("stipends_candidate", __name__)


@bp.get("/my/stipends/<reference>")
@candidate
def line(reference: str) -> ResponseReturnValue:
    """Show what is paid for the month, when, and to which account."""
    row = queries.own_line(viewer(), reference)
    steps = [(Problem(item["what"], item["values"]), item["cents"]) for item in row.StipendLine.items]
    others = [each for each in queries.mine(viewer()) if each.id != row.StipendLine.id]
    return render_template(
        "stipends/candidate_line.html", line=row.StipendLine, cohort=row.cohort, steps=steps, others=others
    )
