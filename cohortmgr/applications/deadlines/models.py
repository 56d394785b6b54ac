"""The table of people who may begin after the close."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class LateStart(Row, Model):
    """More time for a person who proves an address or number and has not begun yet: until when, and why.

    It is found by the contact's blind index. `application_id` is the file begun with it; from then on that
    file's extension counts.
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
