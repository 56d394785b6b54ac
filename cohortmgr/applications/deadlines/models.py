"""Who may begin after the close. Part of the room's models."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class LateStart(Row, Model):
    """More time for whoever proves an address or a number and has begun nothing yet: until when, and why.

    Found by the contact's blind index; `application_id` is what was begun, whose extension holds from then on.
    """

    __tablename__ = "late_starts"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "blind"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    blind: Mapped[str] = mapped_column(sa.String(64))
    channel: Mapped[str] = mapped_column(sa.String(10))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
