"""Tables of the trail: events in chains, the head of each chain, and the keys that seal values."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class Event(Row, Model):
    """Who did what to which row, and when. The values before and after are sealed with the subject's key."""

    __tablename__ = "audit_events"
    __table_args__ = (
        sa.UniqueConstraint("chain", "sequence"),
        sa.Index("ix_audit_events_object", "object_kind", "object_reference"),
        sa.Index("ix_audit_events_institution_at", "institution_id", "at", "id"),
        sa.Index("ix_audit_events_at", "at", "id"),
        {"info": {"tenancy": "journal"}},
    )

    chain: Mapped[str] = mapped_column(sa.String(20))
    sequence: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(26))
    action: Mapped[str] = mapped_column(sa.String(60))
    object_kind: Mapped[str] = mapped_column(sa.String(40))
    object_reference: Mapped[str] = mapped_column(sa.String(26))
    institution_id: Mapped[int | None] = mapped_column(Id, index=True)
    subject: Mapped[str] = mapped_column(sa.String(26))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    digest: Mapped[str] = mapped_column(sa.String(64))


class Head(Model):
    """The last link of each chain, signed with the installation's key; locked while the chain is extended.

    A chain of the old rule has no signature until it is closed."""

    __tablename__ = "audit_heads"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    chain: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    sequence: Mapped[int] = mapped_column(Id)
    digest: Mapped[str] = mapped_column(sa.String(64))
    signature: Mapped[str | None] = mapped_column(sa.String(64))


class SubjectKey(Model):
    """The key under which one person's values are sealed in the trail and in messages."""

    __tablename__ = "subject_keys"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    subject: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    wrapped: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    destroyed_at: Mapped[datetime | None]
