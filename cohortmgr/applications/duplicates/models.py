"""The table of pairs of files that are known to be one person's."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE, _one_where
from cohortmgr.base.db import Id, Model, Row


class Merge(Row, Model):
    """Two files of one person. In one intake one is kept and the other put aside as it was (`state_before`).
    In two intakes both stand, and the row belongs to the kept file's intake."""

    __tablename__ = "merges"
    __table_args__ = (
        _one_where("undone_at IS NULL", "uq_merges_live", "aside_id"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    kept_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    aside_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    state_before: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
