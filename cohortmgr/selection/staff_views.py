"""Staff pages of selection: batches that two people decide, their offers and waiting list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries.viewers import second_people
from cohortmgr.accounts.rules import allows, require
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused, from_json
from cohortmgr.base.i18n import LANGUAGE_NAMES
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.jobs.queries import advance_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews.phases.queries import chosen_marks
from cohortmgr.selection import queries
from cohortmgr.selection.actions import changes, decisions, telling
from cohortmgr.selection.certificate import canonical
from cohortmgr.selection.forms import CloseListForm, ExtendOfferForm, WithdrawOfferForm, known_close
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.people.queries import StaffOffer, offer_for
from cohortmgr.selection.rules import BATCH_STATES, SEAT_HOLDING, BatchState, Outcome, is_open, lapses_at
from cohortmgr.selection.standings.queries import uncalled
from cohortmgr.selection.standings.queries.lapsing import late_in
from cohortmgr.selection.standings.queries.published import published_at

bp = Blueprint("selection_staff", __name__)

bp.add_app_template_filter(from_json, "reason")


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
    asked = {name: request.args.get(name, "") for name in ("sort", "outcome", "answer")}
    known = {*Outcome, queries.INELIGIBLE}
    outcome = asked["outcome"] = asked["outcome"] if asked["outcome"] in known else ""
    answer = asked["answer"] = asked["answer"] if not outcome else ""
    languages = found.summary.get("languages", {})
    definition = programmes.definition_of(intake)
    terms = definition.offers
    is_settled = found.state == BatchState.APPROVED
    return render_template(
        "selection/staff_batch.html",
        batch=found,
        intake=intake,
        offering=offering,
        offerings=(offered := programmes.offerings_of(intake) if offering is None else [offering]),
        named=(named := definition.intake(intake.key).named),
        titles={each.key: named.get(each.key, each.title) for each in offered},
        keys={each.id: each.key for each in offered},
        page=queries.decisions_page(found, place_asked(), asked) if found.state != BatchState.DRAFT else None,
        outcome=outcome,
        answer=answer,
        counts=found.summary,
        chosen_marks=chosen_marks(intake, found.summary.get("marks", ())),
        ineligible=found.summary.get("ineligible", 0),
        languages=[(LANGUAGE_NAMES[key], languages[key]) for key in languages],
        offers=queries.offers_by_state(found) if is_settled else {},
        late=late_in(found) if is_settled else None,
        may_hold=any(allows(viewer, f"selection.{act}", intake.path) for act in ("propose", "approve")),
        advance=advance_of(found.job_reference),
        telling=telling.has_told(viewer, found),
        meanings=BATCH_STATES.meanings,
        days=terms.days_to_answer,
        moves=moves.told_among(found.summary.get("moves", ())),
        proposer=queries.account_name(found.proposed_by),
        approver=queries.account_name(found.approved_by),
        approvers=second_people(viewer, "selection.approve", intake.path, found.proposed_by)
        if found.state == BatchState.PROPOSED
        else None,
        is_proposer=found.proposed_by == viewer.reference,
        may_approve=allows(viewer, "selection.approve", intake.path),
        may_read_files=allows(viewer, "applications.read", intake.path),
        sheet_at=published_at(found),
        open_until=intake.closes_at if clock.now() < intake.closes_at else None,
        ticked="open_until" in request.form,
        last_day=programmes.definition_of(intake).last_offer_day(intake.key),
        over=queries.offers_are_over(intake),
        waits=queries.waiting_in(found) if is_settled else 0,
        uncalled=uncalled.uncalled_seats(found, intake, offering),
        closing=closing or CloseListForm(formdata=None),
        may_cancel=any(allows(viewer, f"selection.{act}", intake.path) for act in ("propose", "approve")),
        problems=problems,
        error=next((problem for problem in problems if problem.where == "confirmation"), None),
    )


@bp.get("/staff/batches/<reference>/progress")
@guards.staff
def progress(reference: str) -> ResponseReturnValue:
    """Return how far the worker is with a batch, as JSON, for the page that waits."""
    return _told(advance_of(queries.get_for(guards.viewer(), reference).job_reference))


def _told(advance: Advance) -> ResponseReturnValue:
    text = _("C’est prêt.") if not advance.goes_on and not advance.failed else ""
    return jsonify(percentage=advance.percentage, text=text, done=not advance.goes_on)


@bp.post("/staff/batches/<reference>/resume")
@guards.staff
def resume(reference: str) -> ResponseReturnValue:
    """Let the worker go on with a batch whose job failed."""
    with writing():
        decisions.resume(guards.viewer(), reference)
    return redirect(url_for(".batch", reference=reference))


@bp.post("/staff/batches/<reference>/check")
@guards.staff
def check(reference: str) -> ResponseReturnValue:
    """Recompute the certificate."""
    with writing():
        decisions.check(guards.viewer(), reference)
    return redirect(url_for(".batch", reference=reference))


@bp.post("/staff/batches/<reference>/approve")
@guards.staff
def approve(reference: str) -> ResponseReturnValue:
    """Approve a batch, as the second person."""
    viewer = guards.viewer()
    try:
        with writing():
            typed = request.form.get("confirmation", "")
            found = decisions.approve(
                viewer, reference, typed, posted_version(), known_close(request.form.get("open_until"))
            )
    except Refused as refusal:
        return _batch(queries.get_for(viewer, reference), refusal.problems)
    if found.state == BatchState.APPROVED:
        flash(_("Les décisions sont approuvées. Les offres et les réponses partent."), "done")
    return redirect(url_for(".batch", reference=reference))


@bp.post("/staff/batches/<reference>/cancel")
@guards.staff
def cancel(reference: str) -> ResponseReturnValue:
    """Cancel a proposal."""
    with writing():
        found = decisions.cancel(guards.viewer(), reference, posted_version())
    cancelled = _("Le lot est annulé. Personne n’en a été informé.")
    again = _(
        "L’accord est repris. Personne n’a été informé ; le lot attend de nouveau une deuxième personne."
    )
    flash(cancelled if found.state == BatchState.CANCELLED else again, "done")
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
@guards.survives
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
        said = ngettext("La liste est close : %(num)s personne l’apprend.",
                        "La liste est close : %(num)s personnes l’apprennent.", count)  # fmt: skip
        flash(said, "done")
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
    found = offer_for(viewer, reference)
    may_approve = allows(viewer, "selection.approve", found.intake.path)
    return render_template(
        "selection/staff_offer.html",
        offer=found.offer,
        application=found.application,
        intake=found.intake,
        batch=found.batch,
        seat=_seat(found) if found.batch.offering_id is None else None,
        waiting=is_open(found.offer.state, found.offer.deadline, found.offer.held_at, clock.now()),
        lapses=lapses_at(found.offer.deadline, found.offer.held_at),
        is_late=found.offer.deadline <= clock.now(),
        may_change=may_approve or allows(viewer, "selection.propose", found.intake.path),
        may_withdraw=may_approve and found.offer.state in SEAT_HOLDING,
        extending=extending or ExtendOfferForm(formdata=None),
        withdrawing=withdrawing or WithdrawOfferForm(formdata=None),
    )


def _seat(found: StaffOffer) -> Mapping[str, str]:
    """The name of the offering of a seat."""
    offered = {each.id: each for each in programmes.offerings_of(found.intake)}[found.offer.offering_id]
    named = programmes.definition_of(found.intake).intake(found.intake.key).named
    return named.get(offered.key, offered.title)


@bp.post("/staff/offers/<reference>/extend")
@guards.staff
def extend(reference: str) -> ResponseReturnValue:
    """Give more days to answer."""
    viewer, form = guards.viewer(), ExtendOfferForm()
    found = offer_for(viewer, reference).intake
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


@bp.post("/staff/offers/<reference>/hold")
@guards.staff
def hold(reference: str) -> ResponseReturnValue:
    """Hold an offer: it does not lapse."""
    with writing():
        changes.hold_back(guards.viewer(), reference, posted_version())
    flash(_("La place est retenue : elle ne passe à personne d’autre."), "done")
    return redirect(url_for(".offer", reference=reference))


@bp.post("/staff/offers/<reference>/let-go")
@guards.staff
def let_go(reference: str) -> ResponseReturnValue:
    """Hold an offer no more."""
    with writing():
        changes.let_go(guards.viewer(), reference, posted_version())
    flash(_("La place n’est plus retenue."), "done")
    return redirect(url_for(".offer", reference=reference))


@bp.post("/staff/batches/<reference>/hold")
@guards.staff
def hold_late(reference: str) -> ResponseReturnValue:
    """Hold every offer of a batch that is in its day of grace."""
    with writing():
        number = changes.hold_all_back(guards.viewer(), reference)
    said = ngettext("%(num)s place est retenue.", "%(num)s places sont retenues.", number)
    flash(said, "done" if number else "info")
    return redirect(url_for(".batch", reference=reference))


@bp.post("/staff/offers/<reference>/withdraw")
@guards.staff
@guards.survives
def withdraw(reference: str) -> ResponseReturnValue:
    """Withdraw the offer, with the reason."""
    viewer, form = guards.viewer(), WithdrawOfferForm()
    require(viewer, "selection.approve", offer_for(viewer, reference).intake.path)
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
