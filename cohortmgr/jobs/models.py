"""The table of jobs: work that the worker does later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row
from cohortmgr.jobs.rules import JobState


class Job(Row, Model):
    """A piece of work that an action asked for in its own transaction and that the worker does."""

    __tablename__ = "jobs"
    __table_args__ = (
        sa.Index("ix_jobs_state_due", "state", "due"),
        sa.Index("ix_jobs_institution_id_kind", "institution_id", "kind"),
        {"info": {"tenancy": "journal"}},
    )

    kind: Mapped[str] = mapped_column(sa.String(60))
    payload: Mapped[dict[str, Any]]
    institution_id: Mapped[int | None] = mapped_column(Id, index=True)
    asked_by: Mapped[str] = mapped_column(sa.String(26))
    asked_at: Mapped[datetime]
    due: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(12), default=JobState.WAITING)
    percent: Mapped[int] = mapped_column(sa.Integer, default=0)
    lost_starts: Mapped[int] = mapped_column(sa.Integer, default=0)
    lease_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
