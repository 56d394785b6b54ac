"""Staff pages of selection: the ranking board, and batches proposed by one person and approved by another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.file.queries import staff_intake
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.board import tie_order, unmet
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.forms import ProposeForm
from cohortmgr.selection.models import Batch
from cohortmgr.selection.rules import Outcome, from_json

bp = Blueprint("selection_staff", __name__)
BELOW = 20  # rows shown below the waiting list, until all are asked for

bp.add_app_template_filter(from_json, "reason")


@bp.get("/staff/intakes/<reference>/ranking")
@guards.staff
@gives_way
def ranking(reference: str) -> ResponseReturnValue:
    """Show who is in, who waits and who is refused, and which files are near the line."""
    intake = staff_intake(guards.viewer(), reference, "selection.read")
    return _ranking(intake, ProposeForm(formdata=None))


def _ranking(intake: Intake, form: ProposeForm) -> ResponseReturnValue:
    viewer = guards.viewer()
    offering = queries.offering_of(intake, request.values.get("offering"))
    board = queries.ranking_of(intake, offering)
    rows = board.ranking.rows
    if "all" not in request.args:
        rows = rows[: board.seats + board.waiting + BELOW]
    definition = programmes.definition_of(intake)
    return render_template(
        "selection/staff_ranking.html",
        intake=intake,
        offering=offering,
        offerings=programmes.offerings_of(intake),
        board=board,
        rows=rows,
        near=board.near,
        least=min((min(row.totals) for row in rows), default=0),
        most=max((max(row.totals) for row in rows), default=1),
        regions=REGIONS,
        ties=[criterion.title for criterion in tie_order(definition.rubric)],
        refusals={file.number: unmet(file.reasons, definition.eligibility) for file in board.ineligible},
        batch=queries.live_batch(offering),
        batches=queries.batches_of(intake),
        form=form,
        may_propose=allows(viewer, "selection.propose", intake.path),
    )


@bp.post("/staff/intakes/<reference>/ranking")
@guards.staff
def propose(reference: str) -> ResponseReturnValue:
    """Freeze the ranking into a batch, for a second person to approve."""
    intake = staff_intake(guards.viewer(), reference, "selection.read")
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
            )
    except Refused as refusal:
        show_problems(form, refusal)
        return _ranking(staff_intake(guards.viewer(), reference, "selection.read"), form)
    flash(_("Les décisions sont figées. Une deuxième personne doit les approuver."), "done")
    return redirect(url_for(".batch", reference=found.reference))


@bp.get("/staff/batches/<reference>")
@guards.staff
@gives_way
def batch(reference: str) -> ResponseReturnValue:
    """Show what approval will do or did, to how many; each decision; the certificate and its verification."""
    return _batch(queries.get_for(guards.viewer(), reference))


def _batch(found: Batch, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    viewer = guards.viewer()
    intake, offering = queries.offered_in(found)
    rows = queries.decisions_of(found)
    counts = Counter(row.outcome for row in rows)
    ineligible = sum(1 for row in rows if row.outcome == Outcome.REFUSED and row.rank is None)
    terms = programmes.definition_of(intake).offers
    return render_template(
        "selection/staff_batch.html",
        batch=found,
        intake=intake,
        offering=offering,
        rows=rows,
        counts=counts,
        ineligible=ineligible,
        languages=[
            (LANGUAGE_NAMES[key], each) for key, each in Counter(row.language for row in rows).most_common()
        ],
        offers=Counter(row.offer_state for row in rows if row.offer_state),
        days=terms.days_to_answer,
        checks=verify(found.certificate),
        certificate=found.certificate,
        proposer=queries.account_name(found.proposed_by),
        approver=queries.account_name(found.approved_by),
        is_proposer=found.proposed_by == viewer.reference,
        may_approve=allows(viewer, "selection.approve", intake.path),
        may_cancel=allows(viewer, "selection.propose", intake.path)
        or allows(viewer, "selection.approve", intake.path),
        problems=problems,
        error=next((problem for problem in problems if problem.where == "confirmation"), None),
    )


@bp.post("/staff/batches/<reference>/approve")
@guards.staff
def approve(reference: str) -> ResponseReturnValue:
    """Approve a batch, as the second person."""
    viewer = guards.viewer()
    try:
        with writing():
            decisions.approve(viewer, reference, request.form.get("confirmation", ""), posted_version())
    except Refused as refusal:
        return _batch(queries.get_for(viewer, reference), refusal.problems)
    flash(_("Les décisions sont approuvées. Les offres et les réponses partent."), "done")
    return redirect(url_for(".batch", reference=reference))


@bp.post("/staff/batches/<reference>/cancel")
@guards.staff
def cancel(reference: str) -> ResponseReturnValue:
    """Cancel a proposal."""
    with writing():
        decisions.cancel(guards.viewer(), reference, posted_version())
    flash(_("Le lot est annulé. Personne n’en a été informé."), "done")
    return redirect(url_for(".batch", reference=reference))


@bp.get("/staff/batches/<reference>/certificate.json")
@guards.staff
def certificate(reference: str) -> ResponseReturnValue:
    """Download the certificate as canonical JSON, so that anybody can recompute the ranking and the digest."""
    found = queries.get_for(guards.viewer(), reference)
    text = canonical(json.loads(json.dumps(found.certificate)))
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.reference}.json"'
    return response
