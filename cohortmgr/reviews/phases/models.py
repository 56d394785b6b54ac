"""The tables of phases: that one was closed, who went on from it, and what a test gave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned

_OFFICE = {"info": {"tenancy": "institution"}}
_STANDS = sa.text("taken_back_at IS NULL")


class PhaseClosing(Row, Model):
    """That a phase of an intake was closed, by whom, and how many files went on and stayed. One that was taken back
    says why, and stays on record; of a phase one stands at a time."""

    __tablename__ = "phase_closings"
    __trail__ = "phase_closing"
    __table_args__ = (
        sa.Index(
            "uq_phase_closings_standing", "intake_id", "phase",
            unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS,
        ),
        _OFFICE,
    )  # fmt: skip

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    phase: Mapped[str] = mapped_column(sa.String(40))
    closed_at: Mapped[datetime]
    closed_by: Mapped[str] = mapped_column(sa.String(26))
    gone_on: Mapped[int]
    stayed: Mapped[int]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str] = mapped_column(sa.String(26), default="")
    taken_back_because: Mapped[str] = mapped_column(sa.Text, default="")


class PhaseAdvance(Model):
    """A file that went on when a phase was closed, with its mark then, in thousandths, and its place among those of its
    offering."""

    __tablename__ = "phase_advances"
    __table_args__ = (_OFFICE,)

    closing_id: Mapped[int] = mapped_column(
        sa.ForeignKey("phase_closings.id", ondelete="CASCADE"), primary_key=True
    )
    application_id: Mapped[int] = mapped_column(
        sa.ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    mark_thousandths: Mapped[int]
    place: Mapped[int]


class PhaseResult(Row, Versioned, Model):
    """What a file got in a phase that nobody reads, such as a test: scores by criterion and their total out of twenty,
    in thousandths; or that its person did not come, to a test or an interview."""

    __tablename__ = "phase_results"
    __trail__ = "phase_result"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "phase"),
        sa.Index("ix_phase_results_intake_id_phase", "intake_id", "phase"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    phase: Mapped[str] = mapped_column(sa.String(40))
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total_thousandths: Mapped[int | None]
    absent: Mapped[bool] = mapped_column(default=False)
    noted_at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(sa.String(26))
