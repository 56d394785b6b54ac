"""The table of messages that did not reach their person."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class DeliveryTrouble(Row, Model):
    """A message that did not reach its person, until somebody on the staff has dealt with it."""

    __tablename__ = "delivery_troubles"
    __table_args__ = (
        sa.UniqueConstraint("message_reference", "kind"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(200))
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    message_reference: Mapped[str] = mapped_column(sa.String(26))
    kind: Mapped[str] = mapped_column(sa.String(12))
    at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(sa.String(26))
    resolution: Mapped[str | None] = mapped_column(sa.String(12))
