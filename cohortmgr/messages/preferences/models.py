"""Tables of how each person wishes to be written to, and of when they last opened their messages."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, SeenIn
from cohortmgr.messages.helpdesk.models import _CHOSEN


class Preference(Model):
    """What a person chose; a person who chose nothing has no row. Hours are Casablanca's; None means no quiet
    hours."""

    __tablename__ = "message_preferences"
    __table_args__ = (_CHOSEN,)

    person_id: Mapped[int] = mapped_column(
        Id, sa.ForeignKey("persons.id"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(sa.String(10))
    campaigns: Mapped[bool] = mapped_column(sa.Boolean)
    digest: Mapped[bool] = mapped_column(sa.Boolean)
    quiet_from: Mapped[int | None] = mapped_column(sa.Integer)
    quiet_until: Mapped[int | None] = mapped_column(sa.Integer)
    updated_at: Mapped[datetime]
    seen_in: Mapped[list[int] | None] = mapped_column(SeenIn, deferred=True)


class InboxMark(Model):
    """When a person last opened their messages: messages sent since are new to them."""

    __tablename__ = "inbox_marks"
    __table_args__ = (_CHOSEN,)

    person_id: Mapped[int] = mapped_column(
        Id, sa.ForeignKey("persons.id"), primary_key=True, autoincrement=False
    )
    seen_at: Mapped[datetime]
