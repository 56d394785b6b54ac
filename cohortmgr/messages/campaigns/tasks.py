"""What the worker does for a campaign: write its messages in chunks, and note when all have left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import ProgressCallback, TryLater, handler, request
from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.actions import RESEND, SEND
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import recipients, sending
from cohortmgr.messages.campaigns.rules import CampaignText
from cohortmgr.messages.campaigns.states import CAMPAIGN_STATES, CampaignState
from cohortmgr.messages.preferences.actions.unsubscribe_links import token_for
from cohortmgr.outbox.actions import Letter, send_all, take_up_all
from cohortmgr.programmes.models import Intake

KEY = "campaign"
CHUNK = 500
"""How many messages are written in one transaction."""
LOOK_AGAIN = timedelta(minutes=2)


@handler(SEND)
def send(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Write the messages of `payload["campaign"]` once its hour has come;
    a second run continues where the first stopped.

    While messages wait to leave, the job waits too, so that the campaign still shows as being sent."""
    reference = str(payload["campaign"])
    with writing():
        _begin(reference)
    while True:
        with writing():
            done = _write_some(reference)
        if done is None:
            break
        progress(*done)
    with writing():
        left = _settle(reference)
    if left:
        raise TryLater(f"{left} messages are on their way", LOOK_AGAIN)
    return {"campaign": reference}


@handler(RESEND)
def resend(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Let the failed messages of `payload["campaign"]` wait again; a second run finds nothing left to do.

    Another job notes when they have left:
    this one, begun again later, would also retry what has failed since."""
    reference = str(payload["campaign"])
    with writing():
        number = _take_up_failed(reference)
    return {"campaign": reference, "taken_up": number}


def _held(reference: str, *states: CampaignState) -> Campaign | None:
    """Return the campaign, locked until the commit, if it is in one of the states.
    Whoever pauses or cancels it does so before or after."""
    wanted = sa.select(Campaign).where(Campaign.reference == reference, Campaign.state.in_(states))
    held = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(held)


def _move(campaign: Campaign, to: CampaignState) -> None:
    CAMPAIGN_STATES.move(campaign.state, to)
    campaign.state = to.value


def _begin(reference: str) -> None:
    """Begin sending if the hour has come.
    If the hour was put off, it has a job of its own, and this one is too early."""
    campaign = _held(reference, CampaignState.APPROVED)
    if campaign is not None and campaign.due is not None and campaign.due <= clock.now():
        _move(campaign, CampaignState.SENDING)


def _write_some(reference: str) -> tuple[int, int] | None:
    """Write the messages to the next people of the list.

    Returns (how many are done, of how many); None at the end, or if the campaign was paused or
    cancelled. The progress is written in the same transaction, and each message has a unique name, so
    that nobody is written to twice."""
    campaign = _held(reference, CampaignState.SENDING)
    rows = recipients.next_recipients(campaign, CHUNK) if campaign is not None else ()
    if campaign is None or not rows:
        return None
    texts, shared = _said_by(campaign)
    meant = recipients.still_meant(campaign, rows)
    ready = [row for row in rows if not recipients.problems_of(row, texts)]
    reached = [row for row in ready if row.application_id in meant]
    send_all([_letter(campaign, row, texts, shared) for row in reached])
    campaign.reached = rows[-1].place
    campaign.left_out += len(rows) - len(reached)
    return recipients.count_dealt_with(campaign), campaign.total


def _said_by(campaign: Campaign) -> tuple[Mapping[str, CampaignText], Mapping[str, Mapping[str, str]]]:
    """Return the campaign's texts, and what they say of the intake."""
    intake = db.session.get_one(Intake, campaign.intake_id)
    return rules.from_json(campaign.texts), recipients.shared_by(intake)


def _letter(
    campaign: Campaign,
    row: Any,
    texts: Mapping[str, CampaignText],
    shared: Mapping[str, Mapping[str, str]],
    address: str | None = None,
) -> Letter:
    """Make one person's message. A message to `address`, which replaces a
    failed one, gets another unique name."""
    again = f":{hashlib.sha256(address.encode()).hexdigest()[:16]}" if address else ""
    return Letter(
        KEY,
        row.person_reference,
        address or row.address or "",
        row.language,
        {
            **vars(rules.filled_in(texts[row.language], recipients.values_for(row, shared))),
            "unsubscribe": token_for(row.person_reference),
        },
        campaign.institution_id,
        row.person_id,
        once=f"campaign:{campaign.reference}:{row.person_reference}{again}",
        bundle=campaign.bundle,
    )


def _take_up_failed(reference: str) -> int:
    """Let the failed messages wait again, and write to the new addresses of people whose message was
    returned. Returns how many messages there are."""
    campaign = _held(reference, CampaignState.SENDING)
    if campaign is None:
        return 0
    texts, shared = _said_by(campaign)
    moved = sending.readdressed(campaign)
    letters = [_letter(campaign, row, texts, shared, address) for row, address in moved]
    number = take_up_all(sending.retriable(campaign)) + send_all(letters)
    request(SYSTEM, SEND, {"campaign": reference}, campaign.institution_id)
    return number


def _settle(reference: str) -> int:
    """Note that a campaign is done once none of its messages waits; returns how many still wait."""
    campaign = _held(reference, CampaignState.SENDING)
    if campaign is None:
        return 0
    left = sending.unfinished(campaign)
    if not left:
        _move(campaign, CampaignState.DONE)
    return left
