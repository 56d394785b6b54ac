"""The table of acts done to many files at once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE
from cohortmgr.base.db import Id, Model, Row


class BulkAct(Row, Model):
    """One act done to many files at once, kept so that it can be undone as a whole."""

    __tablename__ = "lots"
    __trail__ = "lot"
    __table_args__ = (_OFFICE,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    act: Mapped[str] = mapped_column(sa.String(20))
    count: Mapped[int]
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
