"""The table of adults whom a school or an employer invited to apply."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class InvitedAdult(Row, Model):
    """Somebody who was invited to apply, by name and by an address or number; `by` is the reference of the account that
    did it, `group_name` the school or employer in whose name.

    `application_id` is the file that they began by their link and let be followed; `apart` says that they do not want
    to be, and `declined_at` that they want no more messages. What they write in the file stands nowhere here. Once it
    is taken back, the row says nothing of anybody, and the worker removes it.
    """

    __tablename__ = "invitees"
    __trail__ = "invitee"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "by", "blind"),
        sa.Index("ix_invitees_intake_by_name", "intake_id", "by", "sort_name", "id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    by: Mapped[str] = mapped_column(sa.String(26), index=True)
    group_name: Mapped[str] = mapped_column(sa.String(120))
    name: Mapped[str] = mapped_column(sa.String(160))
    sort_name: Mapped[str] = mapped_column(sa.String(160))
    blind: Mapped[str] = mapped_column(sa.String(64))
    channel: Mapped[str] = mapped_column(sa.String(10))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    language: Mapped[str] = mapped_column(sa.String(2))
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    apart: Mapped[bool] = mapped_column(default=False)
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
