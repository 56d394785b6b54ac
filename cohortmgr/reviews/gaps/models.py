"""The table of the files of large intakes on which readers disagree, as the worker last found them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model


class ReadingGap(Model):
    """A file whose readings lie far apart, that a reader wants discussed, or whose discussion is open: the difference
    of its greatest and its least total, in thousandths out of twenty, how many readers want it discussed, and how many
    have not settled it. Of a small intake nothing is kept: its page looks at the readings."""

    __tablename__ = "reading_gaps"
    __table_args__ = (
        sa.Index("ix_reading_gaps_intake_id_gap", "intake_id", "gap", "application_id"),
        {"info": {"tenancy": "institution"}},
    )

    application_id: Mapped[int] = mapped_column(
        sa.ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    gap: Mapped[int]
    asked: Mapped[int]
    waits: Mapped[int]
