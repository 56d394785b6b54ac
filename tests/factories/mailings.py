"""Makes two mailings of the year, one that waits for a second person and one that is being sent; and sends the post."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import TryLater
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.queries import recipients
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from cohortmgr.messages.campaigns.tasks import send
from cohortmgr.outbox.models import Message

TEXTS = {
    "fr": CampaignText(
        "Journée portes ouvertes",
        "Bonjour {name},\n\nVotre dossier {number} : {link}",
        "Portes ouvertes le 3",
    ),
    "ar": CampaignText("يوم مفتوح", "مرحبا {name}،\n\nملفكم {number}: {link}", "يوم مفتوح"),
    "en": CampaignText("Open day", "Hello {name},\n\nYour file {number}: {link}", "Open day on the 3rd"),
}


def mailings(manager: Viewer, administrator: Viewer, intake_reference: str, number: str) -> dict[str, str]:
    """Make the mailings. Returns their references by name.

    `campaign`, to everyone who sent a file, is proposed; `leaving_campaign`, to the file of this number, is
    being sent."""
    waiting = proposed(manager, intake_reference, CampaignDraft("Portes ouvertes", TEXTS))
    leaving = proposed(
        manager, intake_reference, CampaignDraft("Rappel", TEXTS, ApplicationFilters(search=number))
    )
    with writing():
        campaigns.approve(administrator, leaving, "1")
    with suppress(TryLater):  # its message still waits to be sent
        send({"campaign": leaving}, lambda done, total: None)
    return {"campaign": waiting, "leaving_campaign": leaving}


def proposed(manager: Viewer, intake_reference: str, draft: CampaignDraft) -> str:
    """Return the reference of a campaign that waits for a second person."""
    with writing():
        made = campaigns.create(manager, intake_reference, draft, draft.title)
    people = recipients.counts(made).total
    with writing():
        campaigns.propose(manager, made.reference, str(people))
    return made.reference


def posted(candidate: int) -> dict[str, str]:
    """Mark every message as sent, except the offer of a candidate's account, which the mail server refused each time;
    returns its reference, as `message`."""
    with writing() as session:
        session.execute(sa.update(Message).values(state="sent", sent_at=Message.due, tries=1))
        mine = sa.select(Message).join(Account, Account.person_id == Message.person_id)
        offered = mine.where(Account.id == candidate, Message.key == "offer_made")
        refused = session.scalars(offered).one()
        refused.state, refused.sent_at, refused.tries = "set_aside", None, 8
        return {"message": refused.reference}
