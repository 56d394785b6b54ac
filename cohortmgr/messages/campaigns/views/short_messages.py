"""Measures the short messages of a mailing, as they leave: the preview shows them, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping

from cohortmgr.messages.campaigns import rules
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.queries import recipients
from cohortmgr.messages.campaigns.rules import CampaignText
from cohortmgr.outbox.texts.display.rendering import short_as_sent
from cohortmgr.outbox.texts.segments import Measure, measured

# Of how many people the short messages are filled in to be measured.
MEASURED = 1_000


def size_of(campaign: Campaign, spoken: str, said: CampaignText) -> Measure:
    """Return the size of a short message as it leaves, with who signs it."""
    return measured(short_as_sent(said.short, campaign.institution_id, spoken))


def measured_in_all(
    campaign: Campaign, texts: Mapping[str, CampaignText], shared: Mapping[str, Mapping[str, str]]
) -> tuple[int, int, bool]:
    """Return how many short messages there are, and their segments. Of more than MEASURED people these are an
    estimate, by as many of them: each name makes its message longer or shorter."""
    rows = recipients.by_telephone(campaign, MEASURED + 1)
    is_estimate = len(rows) > MEASURED
    sizes = [
        size_of(
            campaign,
            row.language,
            rules.filled_in(texts[row.language], recipients.values_for(row, shared)),
        ).segments
        for row in rows[:MEASURED]
        if texts[row.language].is_whole
    ]
    if not is_estimate:
        return len(sizes), sum(sizes), False
    every = recipients.counts(campaign).by_telephone
    return round(every * len(sizes) / MEASURED), round(every * sum(sizes) / MEASURED), True
