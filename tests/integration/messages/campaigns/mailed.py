"""A campaign at each step of its life, and what became of its messages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import cohortmgr.messages.campaigns.tasks  # noqa: F401  # registers its handlers, as the worker does
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import TryLater, handlers
from cohortmgr.messages.campaigns import actions as campaigns
from cohortmgr.messages.campaigns.models import Campaign
from cohortmgr.messages.campaigns.rules import CampaignDraft, CampaignText
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from tests.factories.choices import sent, someone

TEXTS = {
    "fr": CampaignText(
        "Portes ouvertes, {name}", "Bonjour {name},\n\nVotre dossier {number} : {link}", "Portes ouvertes"
    ),
    "ar": CampaignText("أبواب مفتوحة", "{name}\n{programme}\n{intake}"),
    "en": CampaignText("Open day", "Hello {name}, of {intake}."),
}
KEY = "A" * 26


def draft(**values: Any) -> CampaignDraft:
    return CampaignDraft(**{"title": "Portes ouvertes", "texts": TEXTS, **values})


def begun(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    """A draft of a selection manager, and an administrator who may approve it."""
    intake = sent(files)
    manager, administrator = (
        someone(intake, Role.SELECTION_MANAGER),
        someone(intake, Role.PROGRAMME_ADMINISTRATOR),
    )
    with writing():
        found = campaigns.create(manager, intake.reference, draft(**values), KEY)
    return intake, manager, administrator, found.reference


def proposed(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    intake, manager, administrator, reference = begun(files, **values)
    with writing():
        campaigns.propose(manager, reference, str(files))
    return intake, manager, administrator, reference


def approved(files: int = 6, **values: Any) -> tuple[Intake, Viewer, Viewer, str]:
    intake, manager, administrator, reference = proposed(files, **values)
    with writing():
        campaigns.approve(administrator, reference, str(files))
    return intake, manager, administrator, reference


def run(reference: str, kind: str = campaigns.SEND) -> bool:
    """Do the work as the worker does; True if it is to look again later."""
    try:
        handlers[kind]({"campaign": reference}, lambda done, total: None)
    except TryLater:
        return True
    return False


def state(reference: str) -> str:
    db.session.rollback()
    return str(db.session.scalar(sa.select(Campaign.state).where(Campaign.reference == reference)))


def written() -> list[Message]:
    db.session.rollback()
    db.session.expire_all()
    chosen = sa.select(Message).where(Message.key == "campaign").order_by(Message.id)
    return list(db.session.scalars(chosen))


def became(number: int, **values: Any) -> None:
    """What the outbox noted of the `number`-th message."""
    message = written()[number]
    with writing():
        db.session.execute(sa.update(Message).where(Message.id == message.id).values(**values))


def all_left() -> None:
    with writing():
        gone = sa.update(Message).where(Message.key == "campaign", Message.state == "waiting")
        db.session.execute(gone.values(state="sent", sent_at=clock.now()))
