"""The tables of jobs, work that the worker does later, and of results that it keeps for pages."""

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


class KeptResult(Model):
    """What the worker last found of a kind about a subject, the reference of a row of the institution: the figures of
    a page that would read a whole intake. `made_at` is None before the first.

    `job_reference` is the newest job that was asked to find it, or to do what must not be done twice at once."""

    __tablename__ = "kept_results"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    subject: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
