"""The table of what limits who reads what."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class ReaderLimit(Row, Model):
    """The most files of an intake that a reader is to have, those that they handed in included."""

    __tablename__ = "reader_limits"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "reader_id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    most_files: Mapped[int]
