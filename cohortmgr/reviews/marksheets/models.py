"""The table of sheets of marks that wait for a word."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class Marksheet(Row, Model):
    """A sheet as it was read, between the look at it and the word that its marks are to be kept: the last one of a
    reader in an intake. `rows` are those that may be taken, as `rules.as_kept` writes them."""

    __tablename__ = "marksheets"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "reader_id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    at: Mapped[datetime]
    rows: Mapped[list[Any]] = mapped_column(default=list)
