"""Pages for writing to many people: list, text, preview of every message, second person, sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import allows, require_anywhere
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries.allowed import require_open
from cohortmgr.applications.lists.views.requests import ticked
from cohortmgr.base import clock
from cohortmgr.base.clock import CASABLANCA, local
from cohortmgr.base.db import writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import LANGUAGE_NAMES, localized
from cohortmgr.base.text import fold, new_reference
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.ordering import page_in_order
from cohortmgr.base.web.reading import reading
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.forms import CampaignForm, values_of_filters, values_of_new
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import campaigns as campaign_queries
from cohortmgr.messages.campaigns.queries import recipients, sending
from cohortmgr.messages.campaigns.states import CAMPAIGN_STATES, CampaignState
from cohortmgr.messages.campaigns.views.short_messages import measured_in_all, size_of
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intakes_below

bp = Blueprint("campaigns_staff", __name__, url_prefix="/staff")
SHOWN = 50
_STATES = [*CampaignState]
ORDERS: Mapping[str, Callable[[Any], Any]] = {
    "title": lambda row: fold(row[0].title),
    "intake": lambda row: fold(localized(row[1].title)),
    "state": lambda row: _STATES.index(CampaignState(row[0].state)),
    "people": lambda row: row[0].total or None,
    "due": lambda row: row[0].due,
    "created": lambda row: row[0].created_at,
}
"""By what the list is ordered, by the column's name in the address."""


@bp.get("/campaigns")
@guards.staff
@reading
def every() -> ResponseReturnValue:
    """List the campaigns of every intake to whose people the viewer may write."""
    viewer = guards.viewer()
    require_anywhere(viewer, campaign_queries.WRITE)
    return _list(None, intakes_below(viewer.scopes(campaign_queries.WRITE)))


@bp.get("/intakes/<reference>/campaigns")
@guards.staff
def index(reference: str) -> ResponseReturnValue:
    """List the campaigns to the people of an intake, newest first."""
    intake = campaign_queries.intake_for(guards.viewer(), reference)
    return _list(intake, [intake])


def _list(intake: Intake | None, intakes: Sequence[Intake]) -> ResponseReturnValue:
    listed = campaign_queries.listed(guards.viewer(), intake.id if intake else None)
    page = page_in_order(listed, ORDERS, request.args.get("sort", ""), place_asked(), SHOWN)
    return render_template(
        "messages/campaigns/staff_campaigns.html",
        intake=intake,
        intakes=intakes,
        page=page,
        rows=[row for row in page.rows if campaign_queries.is_told(guards.viewer(), row[0])],
        names=CAMPAIGN_STATES.names,
        tags=rules.STATE_TAGS,
    )


@bp.get("/intakes/<reference>/campaigns/new")
@guards.staff
def new(reference: str) -> ResponseReturnValue:
    """Show a new form, filled with the filters in the URL."""
    intake = campaign_queries.intake_for(guards.viewer(), reference)
    values = values_of_new(require_open(guards.viewer(), intake, ApplicationFilters.of(request.args)))
    return _form(intake, CampaignForm(formdata=None, data=values, with_cohort=_has_cohort(intake)))


@bp.post("/intakes/<reference>/campaigns/ticked")
@guards.staff
@guards.survives
def begin(reference: str) -> ResponseReturnValue:
    """Show the same form, for the files that were ticked in the list; nothing is stored yet."""
    intake = campaign_queries.intake_for(guards.viewer(), reference)
    asked = require_open(guards.viewer(), intake, ApplicationFilters.of(request.args))
    values = values_of_new(ticked(asked))
    return _form(intake, CampaignForm(formdata=None, data=values, with_cohort=_has_cohort(intake)))


@bp.post("/intakes/<reference>/campaigns/new")
@guards.staff
@guards.survives
def create(reference: str) -> ResponseReturnValue:
    """Store a draft; a second click leads to the same draft."""
    viewer = guards.viewer()
    intake = campaign_queries.intake_for(viewer, reference)
    form = CampaignForm(with_cohort=_has_cohort(intake))
    if not form.validate_on_submit():
        return _form(intake, form)
    try:
        with writing():
            key = form.form_key.data or new_reference()
            found = campaigns.create(viewer, reference, form.draft(), key)
    except Refused as refusal:
        show_problems(form, refusal)
        return _form(campaign_queries.intake_for(viewer, reference), form)
    return redirect(url_for(".show", reference=found.reference))


@bp.get("/campaigns/<reference>/edit")
@guards.staff
def edit(reference: str) -> ResponseReturnValue:
    """Show the form, filled with the campaign as it stands."""
    campaign, intake = campaign_queries.get_for(guards.viewer(), reference)
    values = _values_of(campaign, campaign_queries.filters_of(campaign))
    form = CampaignForm(formdata=None, data=values, with_cohort=_has_cohort(intake))
    return _form(intake, form, campaign)


@bp.post("/campaigns/<reference>/edit")
@guards.staff
@guards.survives
def change(reference: str) -> ResponseReturnValue:
    """Store the changes; an approved campaign then needs a new approval."""
    viewer = guards.viewer()
    campaign, intake = campaign_queries.get_for(viewer, reference)
    form = CampaignForm(with_cohort=_has_cohort(intake))
    if not form.validate_on_submit():
        return _form(intake, form, campaign)
    try:
        with writing():
            campaigns.change(viewer, reference, form.draft(), posted_version())
    except Refused as refusal:
        show_problems(form, refusal)
        campaign, intake = campaign_queries.get_for(viewer, reference)
        return _form(intake, form, campaign)
    flash(_("L’envoi est enregistré comme brouillon."), "done")
    return redirect(url_for(".show", reference=reference))


def _has_cohort(intake: Intake) -> bool:
    return campaign_queries.cohort_of(intake.id) is not None


def _form(intake: Intake, form: CampaignForm, campaign: Campaign | None = None) -> ResponseReturnValue:
    return render_template(
        "messages/campaigns/staff_campaign_form.html",
        intake=intake,
        campaign=campaign,
        form=form,
        variables=rules.VARIABLES,
        limits=rules.LIMITS,
        names=CAMPAIGN_STATES.names,
    )


@bp.get("/campaigns/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """Show where the campaign stands, how many people each step concerns, and how far the sending is."""
    return _page(reference)


def _page(reference: str, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    viewer = guards.viewer()
    campaign, intake = campaign_queries.get_for(viewer, reference)
    texts = rules.from_json(campaign.texts)
    begun = campaign.state in rules.BEGUN or bool(campaign.bundle)
    again = _again(campaign) if campaign.state in (CampaignState.SENDING, CampaignState.DONE) else 0
    return render_template(
        "messages/campaigns/staff_campaign.html",
        campaign=campaign,
        intake=intake,
        live=campaign_queries.is_live(campaign),
        ahead=campaign.due is not None and campaign.due > clock.now(),
        filters=campaign_queries.filters_of(campaign),
        counts=recipients.counts(campaign),
        tally=sending.tally(campaign) if begun else None,
        again=again,
        texts=texts,
        written=rules.languages_of(texts),
        languages=LANGUAGE_NAMES,
        names=CAMPAIGN_STATES.names,
        tags=rules.STATE_TAGS,
        meanings=CAMPAIGN_STATES.meanings,
        people=accounts.names_of(campaign.created_by, campaign.proposed_by, campaign.approved_by),
        may_approve=allows(viewer, campaign_queries.APPROVE, intake.path),
        approvers=accounts.second_people(
            viewer,
            campaign_queries.APPROVE,
            intake.path,
            campaign.written_by,
            viewer.reference if campaign.state == CampaignState.DRAFT else campaign.proposed_by,
        )
        if campaign.state in (CampaignState.DRAFT, CampaignState.PROPOSED)
        else None,
        is_own=viewer.reference in (campaign.proposed_by, campaign.written_by),
        ask_above=rules.ASK_ABOVE,
        form_key=new_reference(),
        problems=problems,
        error=next((problem for problem in problems if problem.where == "confirmation"), None),
    )


def _again(campaign: Campaign) -> int:
    return sending.count_retriable(campaign) + len(sending.readdressed(campaign))


@bp.get("/campaigns/<reference>/progress")
@guards.staff
def progress(reference: str) -> ResponseReturnValue:
    """Return how far the sending is, as JSON, for the page that waits."""
    campaign, _intake = campaign_queries.get_for(guards.viewer(), reference)
    tally = sending.tally(campaign)
    text = ngettext("%(num)s message attend encore.", "%(num)s messages attendent encore.", tally.waiting)
    return jsonify(percentage=tally.percentage, text=text, done=campaign.state not in ("approved", "sending"))


@bp.get("/campaigns/<reference>/people")
@guards.staff
@reading
def people(reference: str) -> ResponseReturnValue:
    """Show every message as its person will read it, people with a problem first."""
    campaign, intake = campaign_queries.get_for(guards.viewer(), reference)
    texts = rules.from_json(campaign.texts)
    shared = recipients.shared_by(intake)
    page = recipients.told(campaign, place_asked(), SHOWN, texts)
    rows = []
    for row in page.rows:
        said = rules.filled_in(texts[row.language], recipients.values_for(row, shared))
        problems = recipients.problems_of(row, texts) + ([rules.UNSUBSCRIBED] if row.refuses else [])
        size = size_of(campaign, row.language, said) if row.by_telephone else None
        rows.append((row, said, size, problems))
    short_messages, segments, is_estimate = measured_in_all(campaign, texts, shared)
    price = current_app.extensions["cohortmgr-settings"].sms_cost
    return render_template(
        "messages/campaigns/staff_campaign_people.html",
        campaign=campaign,
        intake=intake,
        page=page,
        rows=rows,
        languages=LANGUAGE_NAMES,
        short_messages=short_messages,
        segments=segments,
        is_estimate=is_estimate,
        cents=round(segments * price / 10),
    )


@bp.post("/campaigns/<reference>/test")
@guards.staff
def test(reference: str) -> ResponseReturnValue:
    """Send each language to the viewer, as a trial."""
    try:
        with writing():
            key = request.form.get("form_key", "") or new_reference()
            number = campaigns.send_test(guards.viewer(), reference, key)
    except Refused as refusal:
        return _page(reference, refusal.problems)
    said = ngettext("%(num)s essai part à votre adresse.", "%(num)s essais partent à votre adresse.", number)
    flash(said, "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/propose")
@guards.staff
def propose(reference: str) -> ResponseReturnValue:
    """Fix the list for a second person."""
    try:
        with writing():
            campaigns.propose(guards.viewer(), reference, _typed(), posted_version())
    except Refused as refusal:
        return _page(reference, refusal.problems)
    flash(_("La liste est figée. Une deuxième personne doit approuver l’envoi."), "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/approve")
@guards.staff
def approve(reference: str) -> ResponseReturnValue:
    """Approve the campaign, as the second person."""
    try:
        with writing():
            campaigns.approve(guards.viewer(), reference, _typed(), posted_version())
    except Refused as refusal:
        return _page(reference, refusal.problems)
    flash(_("L’envoi est approuvé."), "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/pause")
@guards.staff
def pause(reference: str) -> ResponseReturnValue:
    """Hold the messages that have not left."""
    with writing():
        campaigns.pause(guards.viewer(), reference)
    flash(_("L’envoi est suspendu : plus rien ne part."), "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/resume")
@guards.staff
def resume(reference: str) -> ResponseReturnValue:
    """Resume the sending after a pause."""
    with writing():
        campaigns.resume(guards.viewer(), reference)
    flash(_("L’envoi reprend."), "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/cancel")
@guards.staff
def cancel(reference: str) -> ResponseReturnValue:
    """Call the campaign off."""
    try:
        with writing():
            campaigns.cancel(guards.viewer(), reference, _typed())
    except Refused as refusal:
        return _page(reference, refusal.problems)
    flash(_("L’envoi est annulé : ce qui n’était pas parti ne partira pas."), "done")
    return redirect(url_for(".show", reference=reference))


@bp.post("/campaigns/<reference>/resend")
@guards.staff
def resend(reference: str) -> ResponseReturnValue:
    """Try the failed messages again."""
    try:
        with writing():
            campaigns.resend(guards.viewer(), reference, _typed())
    except Refused as refusal:
        return _page(reference, refusal.problems)
    flash(_("Les messages en échec repartent dans la minute."), "done")
    return redirect(url_for(".show", reference=reference))


def _typed() -> str:
    return request.form.get("confirmation", "")[:20]


def _values_of(campaign: Campaign, filters: ApplicationFilters) -> dict[str, Any]:
    """Return the form's values for an existing campaign."""
    texts = rules.from_json(campaign.texts)
    due = local(campaign.due) if campaign.due else None
    words = {
        f"{part}_{code}": getattr(texts[code], part) for code in rules.LANGUAGES for part in rules.LIMITS
    }
    return {
        **values_of_filters(filters),
        **words,
        "title": campaign.title,
        "version": str(campaign.version),
        "audience": "cohort" if campaign.cohort_id else "list",
        "with_drafts": campaign.with_drafts,
        "day": due.astimezone(CASABLANCA).date() if due else None,
        "hour": due.time().replace(second=0, microsecond=0) if due else None,
    }
