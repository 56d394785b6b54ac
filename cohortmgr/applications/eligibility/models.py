"""The table of staff's decisions on eligibility, in place of what the conditions say."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _PERSONAL, _one_where
from cohortmgr.base.db import Id, Model, Row


class Override(Row, Model):
    """Staff's decision in place of the conditions' result, for one file, until it is lifted."""

    __tablename__ = "eligibility_overrides"
    __table_args__ = (
        _one_where("lifted_at IS NULL", "uq_eligibility_overrides_live", "application_id"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    eligible: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(26))
    by_name: Mapped[str] = mapped_column(sa.String(250))
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
