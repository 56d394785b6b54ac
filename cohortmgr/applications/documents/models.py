"""The table of figure checks: what staff read of a figure on the paper that proves it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _PERSONAL
from cohortmgr.base.db import Id, Model, Row


class FigureCheck(Row, Model):
    """What staff read on a paper, beside what the person declared; it holds only as long as that figure and
    the paper's content (`sha256`) stay the same."""

    __tablename__ = "figure_checks"
    __table_args__ = (
        sa.Index("ix_figure_checks_application_question", "application_id", "question"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    question: Mapped[str] = mapped_column(sa.String(60))
    declared: Mapped[str] = mapped_column(sa.String(40))
    read: Mapped[str] = mapped_column(sa.String(40))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
