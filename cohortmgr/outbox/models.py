"""Tables of the outbox: messages to persons, bundles, and the pace of each mail domain."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row
from cohortmgr.outbox.rules import MessageState


class Message(Row, Model):
    """One message: its kind (`key`), the person, the language, and the
    content, sealed with the person's key."""

    __tablename__ = "outbox"
    __trail__ = "message"
    __table_args__ = (
        # The id comes last, so that the first of a hundred thousand messages due
        # at one hour are read without sorting.
        sa.Index("ix_outbox_state_due_id", "state", "due", "id"),
        sa.Index("ix_outbox_bundle_state", "bundle", "state"),
        sa.Index("ix_outbox_institution_due", "institution_id", "due", "id"),
        sa.Index("ix_outbox_institution_key_due", "institution_id", "key", "due", "id"),
        # Messages to guardians, who are no persons of the application: few of all messages.
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
    # A name that only one message may have: a message that is planned twice is written once.
    once: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    # The reference of the bundle that it leaves with, if it has one.
    bundle: Mapped[str | None] = mapped_column(sa.String(26))
    lost_starts: Mapped[int] = mapped_column(sa.Integer, default=0)
    # How often a server had the whole message and did not answer.
    unanswered: Mapped[int] = mapped_column(sa.Integer, default=0)
    failure: Mapped[str | None] = mapped_column(sa.String(12))
    provider: Mapped[str | None] = mapped_column(sa.String(20))
    # Whether it waits for its person's digest.
    gathered: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    # Short messages: how many segments it took, and what they cost in thousandths of a dirham.
    segments: Mapped[int | None] = mapped_column(sa.Integer)
    cost: Mapped[int | None] = mapped_column(sa.Integer)


class Bundle(Row, Model):
    """Messages that leave together:
    none leaves while the bundle is held, and none ever once it is called off."""

    __tablename__ = "outbox_bundles"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(sa.String(12), default="open")
    # Whether some of its messages are in state `held`: they wait again once the bundle is no longer held.
    parked: Mapped[bool] = mapped_column(sa.Boolean, default=False)


class MailPace(Model):
    """How far a domain's rate is used up, and until when put-off messages are spread.
    The domain is stored as a blind index."""

    __tablename__ = "mail_paces"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    domain: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    next_at: Mapped[datetime]
    spread_at: Mapped[datetime]
