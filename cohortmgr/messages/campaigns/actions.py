"""Campaigns: prepare one text to many people, have a second person approve it, send, pause and cancel it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require, require_second_person
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.applications.lists.queries.allowed import require_open
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import clean, new_reference, reference_once, says_number
from cohortmgr.jobs.actions.queue import request
from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.models import Campaign, CampaignRecipient
from cohortmgr.messages.campaigns.queries import campaigns as campaign_queries
from cohortmgr.messages.campaigns.queries import recipients, sending
from cohortmgr.messages.campaigns.queries.campaigns import APPROVE, WRITE
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from cohortmgr.messages.campaigns.states import CAMPAIGN_STATES, CampaignState
from cohortmgr.outbox.actions import Letter, open_bundle, send_all, turn_bundle
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.rules import require_published

SEND, RESEND = "campaigns.send", "campaigns.resend"
TEST_KEY = "campaign_test"
FARTHEST = timedelta(days=366)
LONGEST_TITLE = 120


def create(viewer: Viewer, intake_reference: str, draft: CampaignDraft, form_key: str) -> Campaign:
    """Make a campaign to people of an intake.
    A second call with the same `form_key` and the same draft returns the first campaign. Who goes back to the form and
    writes something else has made another."""
    intake = campaign_queries.intake_for(viewer, intake_reference)
    require(viewer, WRITE, intake.path)
    said = _columns_of(viewer, intake, draft)
    form_key = reference_once(form_key, intake.reference, json.dumps(said, sort_keys=True, default=str))
    values = {
        **said,
        "reference": new_reference(),
        "version": 1,
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "state": CampaignState.DRAFT.value,
        "bundle": "",
        "form_key": form_key,
        "created_by": viewer.reference,
        "created_at": clock.now(),
        "total": 0,
        "left_out": 0,
        "reached": 0,
    }
    insert_or_leave(db.session, Campaign, [values])
    found = campaign_queries.by_form_key(viewer.reference, form_key)
    assert found is not None
    if found.reference == values["reference"]:
        record(
            viewer, "campaigns.create", about(found), after={"intake": intake.reference, "title": found.title}
        )
    return found


def _columns_of(viewer: Viewer, intake: Intake, draft: CampaignDraft) -> dict[str, Any]:
    """Return the columns that a form fills. Raises Refused with every problem in the form, and if a condition of the
    list is not open to the viewer: a campaign tells how many people meet it, and who they are."""
    require_open(viewer, intake, draft.filters)
    texts = {language: _cleaned(text) for language, text in draft.texts.items()}
    title = " ".join(clean(draft.title[: LONGEST_TITLE + 1]).split())
    cohort = campaign_queries.cohort_of(intake.id) if draft.to_cohort else None
    problems = [*_title_problems(title), *rules.text_problems(texts), *_due_problems(draft.due)]
    if draft.to_cohort and cohort is None:
        problems.append(Problem(N_("Cette campagne n’a pas encore de promotion."), {}, "to_cohort"))
    if lists.seeks_identity(draft.filters):
        what = N_(
            "Un envoi garde son filtre : cherchez par nom ou numéro de dossier, non par numéro d’identité."
        )
        problems.append(Problem(what, {}, "search"))
    if problems:
        raise Refused(*problems)
    return {
        "title": title,
        "filters": draft.filters.arguments(),
        "with_drafts": draft.with_drafts and cohort is None,
        "cohort_id": cohort.id if cohort else None,
        "texts": rules.as_json(texts),
        "due": draft.due,
        "written_by": viewer.reference,
    }


def _cleaned(text: CampaignText) -> CampaignText:
    """Clean a text, cut just beyond the limits: of a text that is too long, only its length is checked."""
    cut = {part: words[: rules.LIMITS[part] + 1] for part, words in vars(text).items()}
    return CampaignText(**{part: clean(words.replace("\r\n", "\n")) for part, words in cut.items()})


def _title_problems(title: str) -> list[Problem]:
    if not title:
        return [Problem(N_("Donnez un nom à l’envoi ; lui seul le verra dans les listes."), {}, "title")]
    if len(title) > LONGEST_TITLE:
        what = N_("Le texte est trop long : %(limit)s caractères au plus.")
        return [Problem(what, {"limit": LONGEST_TITLE}, "title")]
    return []


def _due_problems(due: datetime | None) -> list[Problem]:
    if due is not None and due <= clock.now():
        return [Problem(N_("Cette heure est passée : choisissez-en une à venir."), {}, "day")]
    if due is not None and due > clock.now() + FARTHEST:
        return [Problem(N_("Choisissez un jour dans l’année qui vient."), {}, "day")]
    return []


def change(viewer: Viewer, reference: str, draft: CampaignDraft, version: int | None = None) -> Campaign:
    """Change text, list or hour. A proposed or approved campaign becomes a
    draft again and needs a new approval."""
    campaign, intake = _held(viewer, reference, WRITE)
    _require_version(campaign, version)
    if campaign.state != CampaignState.DRAFT:
        _move(campaign, CampaignState.DRAFT)
        _unfix(campaign)
    before = {"title": campaign.title, "due": campaign.due}
    for name, value in _columns_of(viewer, intake, draft).items():
        setattr(campaign, name, value)
    record(
        viewer,
        "campaigns.change",
        about(campaign),
        before=before,
        after={"title": campaign.title, "due": campaign.due},
    )
    return campaign


def _unfix(campaign: Campaign) -> None:
    """Make the list follow its filter again; messages that were to leave at the hour never will."""
    gone = sa.delete(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id)
    db.session.execute(gone.execution_options(synchronize_session=False))
    if campaign.bundle:
        turn_bundle(campaign.bundle, "called_off")
    campaign.total, campaign.bundle = 0, ""
    campaign.proposed_by = campaign.proposed_at = campaign.approved_by = campaign.approved_at = None


def propose(viewer: Viewer, reference: str, typed_number: str, version: int | None = None) -> Campaign:
    """Fix the list for a second person; `typed_number` is how many people it holds, as the proposer typed it.

    Raises Refused while somebody on the list reads a language without a text, and if nobody on it could be
    reached. Nothing happens if the same person has already proposed it."""
    campaign, intake = _held(viewer, reference, WRITE)
    if campaign.state == CampaignState.PROPOSED and campaign.proposed_by == viewer.reference:
        return campaign
    require_published(intake.state, intake.path)
    _require_version(campaign, version)
    _require_move(campaign, CampaignState.PROPOSED)
    counts = recipients.counts(campaign)
    problems = rules.languages_missing(rules.from_json(campaign.texts), list(counts.languages))
    if problems or not counts.receiving:
        nobody = Problem(N_("Personne de cette liste ne peut recevoir de message : changez la liste."))
        raise Refused(*(problems or [nobody]))
    if campaign.due is not None and campaign.due <= clock.now():
        raise Refused(*_due_problems(campaign.due))
    campaign.total = _fix(campaign)
    _require_number(typed_number, campaign.total)
    _move(campaign, CampaignState.PROPOSED)
    campaign.proposed_by, campaign.proposed_at = viewer.reference, clock.now()
    record(
        viewer,
        "campaigns.propose",
        about(campaign),
        after={"people": campaign.total, "filters": campaign.filters},
    )
    return campaign


def _fix(campaign: Campaign) -> int:
    """Write down who is on the list; returns how many. Takes a constant number of statements."""
    on_it = recipients.to_fix(campaign).subquery()
    rows = sa.select(
        sa.literal(campaign.institution_id),
        sa.literal(campaign.id),
        on_it.c.person_id,
        on_it.c.id,
        on_it.c.language,
    ).order_by(on_it.c.id)
    columns = ["institution_id", "campaign_id", "person_id", "application_id", "language"]
    insert = sa.insert(table_of(CampaignRecipient)).from_select(columns, rows)
    db.session.execute(insert)
    counted = sa.select(sa.func.count()).where(CampaignRecipient.campaign_id == campaign.id)
    return db.session.scalar(counted) or 0


def approve(viewer: Viewer, reference: str, typed_number: str, version: int | None = None) -> Campaign:
    """Approve, as the second person:
    everything leaves at its hour, or now if there is none or it has passed."""
    campaign, intake = _held(viewer, reference, APPROVE)
    if campaign.state in (CampaignState.APPROVED, *rules.BEGUN):
        return campaign
    require_published(intake.state, intake.path)
    for first in {campaign.proposed_by, campaign.written_by} - {None}:
        require_second_person(str(first), viewer.reference)
    _require_version(campaign, version)
    _require_move(campaign, CampaignState.APPROVED)
    _require_number(typed_number, campaign.total)
    _move(campaign, CampaignState.APPROVED)
    campaign.approved_by, campaign.approved_at = viewer.reference, clock.now()
    campaign.bundle = open_bundle(campaign.institution_id)
    campaign.due = max(campaign.due or clock.now(), clock.now())
    request(viewer, SEND, {"campaign": reference}, campaign.institution_id, campaign.due)
    record(
        viewer, "campaigns.approve", about(campaign), after={"people": campaign.total, "due": campaign.due}
    )
    return campaign


def pause(viewer: Viewer, reference: str) -> Campaign:
    """Stop sending: nothing more of the campaign leaves until it is resumed."""
    campaign, _intake = _held(viewer, reference, WRITE)
    if campaign.state != CampaignState.PAUSED:
        _require_move(campaign, CampaignState.PAUSED)
        _move(campaign, CampaignState.PAUSED)
        turn_bundle(campaign.bundle, "held")
        record(viewer, "campaigns.pause", about(campaign), after={"state": campaign.state})
    return campaign


def resume(viewer: Viewer, reference: str) -> Campaign:
    """Resume after a pause; messages that have left do not leave again."""
    campaign, _intake = _held(viewer, reference, WRITE)
    if campaign.state == CampaignState.PAUSED:
        _move(campaign, CampaignState.SENDING)
        turn_bundle(campaign.bundle, "open")
        request(viewer, SEND, {"campaign": reference}, campaign.institution_id)
        record(viewer, "campaigns.resume", about(campaign), after={"state": campaign.state})
    elif campaign.state != CampaignState.SENDING:
        _require_move(campaign, CampaignState.SENDING)
    return campaign


def cancel(viewer: Viewer, reference: str, typed_number: str) -> Campaign:
    """Call a campaign off: messages that have not left never will.
    Once sending has begun, `typed_number` must be the number of people on the list."""
    campaign, _intake = _held(viewer, reference, WRITE)
    if campaign.state == CampaignState.CANCELLED:
        return campaign
    _require_move(campaign, CampaignState.CANCELLED)
    before = {"state": campaign.state}
    if campaign.state in rules.BEGUN:
        # Compare with the list's total, which is fixed: the number left to send changes while a person types.
        _require_number(typed_number, campaign.total)
    if campaign.bundle:
        turn_bundle(campaign.bundle, "called_off")
    _move(campaign, CampaignState.CANCELLED)
    record(viewer, "campaigns.cancel", about(campaign), before=before, after={"state": campaign.state})
    return campaign


def resend(viewer: Viewer, reference: str, typed_number: str) -> Campaign:
    """Try the failed messages again:
    those set aside, and those returned whose person has another address now."""
    campaign, _intake = _held(viewer, reference, WRITE)
    if sending.is_resending(campaign, RESEND):
        return campaign
    if campaign.state != CampaignState.SENDING:
        _require_move(campaign, CampaignState.SENDING)
    number = sending.count_retriable(campaign) + len(sending.readdressed(campaign))
    if not number:
        raise Refused(N_("Aucun message n’est à renvoyer."))
    _require_number(typed_number, number)
    if campaign.state != CampaignState.SENDING:
        _move(campaign, CampaignState.SENDING)
    turn_bundle(campaign.bundle, "open")
    request(viewer, RESEND, {"campaign": reference}, campaign.institution_id)
    record(viewer, "campaigns.resend", about(campaign), after={"people": number})
    return campaign


def send_test(viewer: Viewer, reference: str, form_key: str) -> int:
    """Send each written language to the viewer's own address, marked as a trial; returns how many languages.

    The same form sent twice sends one trial, unless the texts were changed meanwhile."""
    campaign, intake = _held(viewer, reference, WRITE)
    require_published(intake.state, intake.path)
    texts = rules.from_json(campaign.texts)
    known = rules.languages_of(texts)
    if not known or viewer.person_reference is None or not viewer.email:
        raise Refused(N_("Écrivez d’abord un objet et un texte."))
    example, shared = recipients.first_told(campaign), recipients.shared_by(intake)
    key, letters = reference_once(form_key, json.dumps(campaign.texts, sort_keys=True)), []
    for language in known:
        values = recipients.values_for(rules.example_of(example, language, viewer.name), shared)
        letters.append(
            Letter(
                TEST_KEY,
                viewer.person_reference,
                viewer.email,
                language,
                vars(rules.filled_in(texts[language], values)),
                campaign.institution_id,
                viewer.person_id,
                once=f"campaign-test:{reference}:{language}:{key}",
            )
        )
    send_all(letters)
    record(viewer, "campaigns.test", about(campaign), after={"languages": known})
    return len(letters)


def _held(viewer: Viewer, reference: str, permission: str) -> tuple[Campaign, Intake]:
    """Return the campaign and its intake, locked until the commit.
    Raises NotPermitted without the permission in the intake's programme."""
    campaign, intake = campaign_queries.get_for(viewer, reference, lock=True)
    require(viewer, permission, intake.path)
    return campaign, intake


def _require_version(campaign: Campaign, version: int | None) -> None:
    if version is not None and version != campaign.version:
        raise Stale(campaign.reference)


def _require_number(typed: str, number: int) -> None:
    if not says_number(typed, number):
        raise Refused(rules.number_problem(number))


def _require_move(campaign: Campaign, to: CampaignState) -> None:
    CAMPAIGN_STATES.move(campaign.state, to)


def _move(campaign: Campaign, to: CampaignState) -> None:
    _require_move(campaign, to)
    campaign.state = to.value
