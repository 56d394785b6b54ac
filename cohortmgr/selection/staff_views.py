"""Staff pages of selection: the ranking board, batches that two people decide, their offers and waiting list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import second_people
from cohortmgr.accounts.rules import allows, require
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.file.queries import staff_intake
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused, from_json
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake
from cohortmgr.selection import queries
from cohortmgr.selection.actions import changes, decisions
from cohortmgr.selection.board import tie_order, unmet
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.forms import CloseListForm, ExtendOfferForm, ProposeForm, WithdrawOfferForm
from cohortmgr.selection.models import Batch
from cohortmgr.selection.rules import SEAT_HOLDING, BatchState, OfferState, Outcome, WaitingState

bp = Blueprint("selection_staff", __name__)
BELOW = 20  # rows shown below the waiting list, until all are asked for

bp.add_app_template_filter(from_json, "reason")


@bp.get("/staff/intakes/<reference>/ranking")
@guards.staff
@reading
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
        open_until=intake.closes_at if clock.now() < intake.closes_at else None,
        ticked="open_until" in request.form,
        may_propose=allows(viewer, "selection.propose", intake.path),
        approvers=second_people(viewer, "selection.approve", intake.path, viewer.reference),
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
                _open_until(),
            )
    except Refused as refusal:
        show_problems(form, refusal)
        return _ranking(staff_intake(guards.viewer(), reference, "selection.read"), form)
    flash(_("Les décisions sont figées. Une deuxième personne doit les approuver."), "done")
    return redirect(url_for(".batch", reference=found.reference))


def _open_until() -> datetime | None:
    """Return the close of the intake that the person ticked as known, or None."""
    try:
        found = datetime.fromisoformat(request.form.get("open_until", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


@bp.get("/staff/batches/<reference>")
@guards.staff
@gives_way
def batch(reference: str) -> ResponseReturnValue:
    """Show what approval will do or did, to how many; each decision; the certificate and its verification."""
    return _batch(queries.get_for(guards.viewer(), reference))


def _batch(
    found: Batch, problems: Sequence[Problem] = (), closing: CloseListForm | None = None
) -> ResponseReturnValue:
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
        approvers=second_people(viewer, "selection.approve", intake.path, found.proposed_by)
        if found.state == BatchState.PROPOSED
        else None,
        is_proposer=found.proposed_by == viewer.reference,
        may_approve=allows(viewer, "selection.approve", intake.path),
        open_until=intake.closes_at if clock.now() < intake.closes_at else None,
        ticked="open_until" in request.form,
        last_day=programmes.definition_of(intake).last_offer_day(intake.key),
        over=queries.offers_are_over(intake),
        waits=sum(row.waiting_state == WaitingState.WAITING for row in rows),
        closing=closing or CloseListForm(formdata=None),
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
            typed = request.form.get("confirmation", "")
            decisions.approve(viewer, reference, typed, posted_version(), _open_until())
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


@bp.post("/staff/batches/<reference>/close-list")
@guards.staff
def close_list(reference: str) -> ResponseReturnValue:
    """Close the waiting list of a batch, with the reason."""
    viewer, form = guards.viewer(), CloseListForm()
    found = queries.get_for(viewer, reference)
    require(viewer, "selection.approve", queries.offered_in(found)[0].path)
    if not form.validate_on_submit():
        return _batch(found, closing=form)
    try:
        with writing():
            count = changes.close_list(viewer, reference, form.reason.data or "")
    except Refused as refusal:
        show_problems(form, refusal)
        return _batch(queries.get_for(viewer, reference), closing=form)
    if count:
        told = ngettext(
            "La liste est close : %(num)s personne l’apprend.",
            "La liste est close : %(num)s personnes l’apprennent.",
            count,
        )
        flash(told, "done")
    else:
        flash(_("Personne n’attendait plus sur cette liste : rien n’a changé."), "info")
    return redirect(url_for(".batch", reference=reference))


@bp.get("/staff/offers/<reference>")
@guards.staff
def offer(reference: str) -> ResponseReturnValue:
    """Show an offer, with what may be done with it: remind, extend, withdraw."""
    return _offer(reference)


def _offer(
    reference: str, extending: ExtendOfferForm | None = None, withdrawing: WithdrawOfferForm | None = None
) -> ResponseReturnValue:
    viewer = guards.viewer()
    found = queries.offer_for(viewer, reference)
    may_approve = allows(viewer, "selection.approve", found.intake.path)
    return render_template(
        "selection/staff_offer.html",
        offer=found.offer,
        application=found.application,
        intake=found.intake,
        batch=found.batch,
        waiting=found.offer.state == OfferState.SENT and found.offer.deadline > clock.now(),
        may_change=may_approve or allows(viewer, "selection.propose", found.intake.path),
        may_withdraw=may_approve and found.offer.state in SEAT_HOLDING,
        extending=extending or ExtendOfferForm(formdata=None),
        withdrawing=withdrawing or WithdrawOfferForm(formdata=None),
    )


@bp.post("/staff/offers/<reference>/extend")
@guards.staff
def extend(reference: str) -> ResponseReturnValue:
    """Give more days to answer."""
    viewer, form = guards.viewer(), ExtendOfferForm()
    found = queries.offer_for(viewer, reference).intake
    if not allows(viewer, "selection.propose", found.path):
        require(viewer, "selection.approve", found.path)
    if form.validate_on_submit():
        try:
            with writing():
                changes.extend(viewer, reference, form.until.data, posted_version())
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("Le délai est prolongé, et la personne en est informée."), "done")
            return redirect(url_for(".offer", reference=reference))
    return _offer(reference, extending=form)


@bp.post("/staff/offers/<reference>/remind")
@guards.staff
def remind(reference: str) -> ResponseReturnValue:
    """Write once more to the person."""
    with writing():
        changes.remind(guards.viewer(), reference, posted_version())
    flash(_("Un rappel part aussitôt."), "done")
    return redirect(url_for(".offer", reference=reference))


@bp.post("/staff/offers/<reference>/withdraw")
@guards.staff
def withdraw(reference: str) -> ResponseReturnValue:
    """Withdraw the offer, with the reason."""
    viewer, form = guards.viewer(), WithdrawOfferForm()
    require(viewer, "selection.approve", queries.offer_for(viewer, reference).intake.path)
    if form.validate_on_submit():
        try:
            with writing():
                changes.withdraw(viewer, reference, form.reason.data or "", posted_version())
        except Refused as refusal:
            show_problems(form, refusal)
        else:
            flash(_("L’offre est retirée, et la personne en est informée."), "done")
            return redirect(url_for(".offer", reference=reference))
    return _offer(reference, withdrawing=form)
