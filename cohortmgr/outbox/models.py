"""The table of messages to persons."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row
from cohortmgr.outbox.rules import MessageState


class Message(Row, Model):
    """One message: which, to whom, in what language, with what in it (sealed under the person's key)."""

    __tablename__ = "outbox"
    __table_args__ = (
        # With the id at its end, so that the first of a hundred thousand that are due at one hour are read, not sorted.
        sa.Index("ix_outbox_state_due_id", "state", "due", "id"),
        sa.Index("ix_outbox_bundle_state", "bundle", "state"),
        # What a guardian was written, who is no person of the application: few of all messages.
        sa.Index(
            "ix_outbox_subject_apart",
            "subject",
            sqlite_where=sa.text("person_id IS NULL"),
            postgresql_where=sa.text("person_id IS NULL"),
        ),
        {"info": {"tenancy": "journal_of_persons"}},
    )

    key: Mapped[str] = mapped_column(sa.String(60))
    channel: Mapped[str] = mapped_column(sa.String(10), default="email")
    language: Mapped[str] = mapped_column(sa.String(2))
    subject: Mapped[str] = mapped_column(sa.String(26))
    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    institution_id: Mapped[int | None] = mapped_column(Id, index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    due: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(12), default=MessageState.WAITING)
    tries: Mapped[int] = mapped_column(sa.Integer, default=0)
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
    # A name that only one message may bear: whoever plans it twice has it once.
    once: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    # The reference of the bundle that it leaves with, if with others.
    bundle: Mapped[str | None] = mapped_column(sa.String(26))
    lost_starts: Mapped[int] = mapped_column(sa.Integer, default=0)
    # How often a server had taken it and did not say so.
    unanswered: Mapped[int] = mapped_column(sa.Integer, default=0)
    failure: Mapped[str | None] = mapped_column(sa.String(12))
    provider: Mapped[str | None] = mapped_column(sa.String(20))
    # Whether it waits for its person's digest.
    gathered: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    # Short messages: how many segments it took, and what they cost in thousandths of a dirham.
    segments: Mapped[int | None] = mapped_column(sa.Integer)
    cost: Mapped[int | None] = mapped_column(sa.Integer)


class Bundle(Row, Model):
    """Messages that leave together: while it is held none of them does, and once it is called off none ever will."""

    __tablename__ = "outbox_bundles"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(sa.String(12), default="open")
    # Whether some of its messages are `held`: they wait again once it is not held any more.
    parked: Mapped[bool] = mapped_column(sa.Boolean, default=False)


class MailPace(Model):
    """How far a domain's rate is used up, and until when those put off were spread. The domain is blind."""

    __tablename__ = "mail_paces"
    __table_args__ = ({"info": {"tenancy": "global"}},)

    domain: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    next_at: Mapped[datetime]
    spread_at: Mapped[datetime]
