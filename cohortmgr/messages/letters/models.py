"""The table of message texts that staff wrote in place of the house's own."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class MessageText(Row, Model):
    """One version of a text that staff wrote in place of the house's own.
    The version with the newest number is sent.

    A version without a body means that the house's own text is used again.
    `written_by` is the reference of an account."""

    __tablename__ = "message_texts"
    __trail__ = "message_text"
    __table_args__ = (
        sa.UniqueConstraint("institution_id", "key", "channel", "language", "number"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id)
    key: Mapped[str] = mapped_column(sa.String(60))
    channel: Mapped[str] = mapped_column(sa.String(10))
    language: Mapped[str] = mapped_column(sa.String(2))
    number: Mapped[int] = mapped_column(sa.Integer)
    subject: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str | None] = mapped_column(sa.Text)
    written_by: Mapped[str] = mapped_column(sa.String(26))
    written_at: Mapped[datetime]
