"""The table of reports, each a snapshot that somebody asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Json, Model, Row
from cohortmgr.reports.rules import ReportState

_COMPUTING = sa.text("state = 'computing'")


class Report(Row, Model):
    """The cohort report of one intake in one language. `asked_by` is an account's reference.

    Two workbooks are kept: the whole one, and a masked one for observers. For one intake and language, only
    one report is computed at a time.
    """

    __tablename__ = "reports"
    __trail__ = "report"
    __table_args__ = (
        sa.Index(
            "uq_reports_computing",
            "intake_id",
            "language",
            unique=True,
            sqlite_where=_COMPUTING,
            postgresql_where=_COMPUTING,
        ),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(sa.ForeignKey("cohorts.id"), index=True)
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
    language: Mapped[str] = mapped_column(sa.String(2))
    state: Mapped[str] = mapped_column(sa.String(12), default=ReportState.COMPUTING.value)
    figures: Mapped[dict[str, Any] | None] = mapped_column(Json)
    storage_key: Mapped[str | None] = mapped_column(sa.String(26), unique=True)
    masked_storage_key: Mapped[str | None] = mapped_column(sa.String(26), unique=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(sa.String(26))
    made_at: Mapped[datetime | None]
