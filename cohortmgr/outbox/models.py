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
        sa.Index("ix_outbox_state_due", "state", "due"),
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
