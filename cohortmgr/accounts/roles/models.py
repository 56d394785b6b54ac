"""The table of invitations to a role."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Model, Row


class Invitation(Row, Model):
    """A role that waits for somebody to prove an address or a number, by the link that was sent there.

    `sealed` holds the address or number, and the names by which the person is invited. `invited_by` is the
    reference of the account that acts, or "system". `replaces_id` is the role that ends when this one begins."""

    __tablename__ = "invitations"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    blind: Mapped[str] = mapped_column(sa.String(64), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    role: Mapped[str] = mapped_column(sa.String(30))
    scope_kind: Mapped[str] = mapped_column(sa.String(20))
    scope_reference: Mapped[str] = mapped_column(sa.String(26))
    path: Mapped[str] = mapped_column(sa.String(200))
    institutions: Mapped[list[Any]]
    alone: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("grants.id"))
    invited_by: Mapped[str] = mapped_column(sa.String(26))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    called_off_at: Mapped[datetime | None]
