"""Tables of cohorts: the group of people who train together, and each person's enrolment."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned


class Cohort(Row, Model):
    """The cohort of one intake; `path` is that of its programme. Once open, its name and first day are public."""

    __tablename__ = "cohorts"
    __trail__ = "cohort"
    __table_args__ = ({"info": {"tenancy": "published"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), unique=True)
    name: Mapped[dict[str, Any]]
    starts_on: Mapped[date]
    path: Mapped[str] = mapped_column(sa.String(200))
    published_at: Mapped[datetime | None]


class Enrolment(Row, Versioned, Model):
    """One person's place in a cohort. It comes from one application.

    `starts_on` is the day from which the person takes part, `ends_on` the last one."""

    __tablename__ = "enrolments"
    __trail__ = "enrolment"
    __table_args__ = ({"info": {"tenancy": "institution_or_person"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohorts.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), unique=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    enrolled_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
