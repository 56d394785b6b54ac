"""Tables of campaigns: texts that go to many people, and who is on their lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.messages.campaigns.states import CampaignState


class Campaign(Row, Versioned, Model):
    """One text to many people of an intake.

    The recipients are found by `filters`, those of the list of applications; if `cohort_id` is set, they are
    the cohort's members. `created_by` and the like are references of accounts. `total` counts the recipients
    since the list was fixed, `reached` is the id of the last recipient whose message was written, and
    `left_out` counts those who could not be written to, or were no longer meant.
    """

    __tablename__ = "campaigns"
    __trail__ = "campaign"
    __table_args__ = (
        sa.UniqueConstraint("created_by", "form_key"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohorts.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    filters: Mapped[dict[str, Any]]
    with_drafts: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    texts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(sa.String(12), default=CampaignState.DRAFT.value)
    due: Mapped[datetime | None]
    bundle: Mapped[str] = mapped_column(sa.String(26), default="")
    # A key from the form that asked for it, so that a second click asks for the same campaign.
    form_key: Mapped[str] = mapped_column(sa.String(26))
    created_by: Mapped[str] = mapped_column(sa.String(26))
    created_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(sa.String(26))
    proposed_by: Mapped[str | None] = mapped_column(sa.String(26))
    proposed_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(26))
    approved_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(sa.Integer, default=0)
    left_out: Mapped[int] = mapped_column(sa.Integer, default=0)
    reached: Mapped[int] = mapped_column(Id, default=0)


class CampaignRecipient(Model):
    """One person on a campaign's fixed list, with the file for which they are on it."""

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "person_id"),
        # The order in which their messages are written.
        sa.Index("ix_campaign_recipients_campaign_id_id", "campaign_id", "id"),
        {"info": {"tenancy": "institution"}},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    campaign_id: Mapped[int] = mapped_column(sa.ForeignKey("campaigns.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(2))
