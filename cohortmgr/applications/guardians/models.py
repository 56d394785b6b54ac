"""The tables of guardians: who answers for which child, and what each guardian allowed for each child."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class Guardianship(Row, Model):
    """Who answers for a child, in what capacity, until the day on which the child comes of age (excluded).

    A guardian is a person with a telephone number or an address, and needs no account. The table is not
    divided by institution, so that one visit finds the children of several; `institution_id` is where the
    child's file is.
    """

    __tablename__ = "guardianships"
    __table_args__ = (
        sa.UniqueConstraint("child_id", "guardian_id", "institution_id"),
        {"info": {"tenancy": "closed"}},
    )

    institution_id: Mapped[int] = mapped_column(Id)
    child_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"))
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    capacity: Mapped[str] = mapped_column(sa.String(40))
    until: Mapped[date]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ConsentAnswer(Row, Model):
    """A guardian's yes or no to one purpose for one child's file; the present one has no `withdrawn_at`.

    `version_id` is the definition whose text was shown, in `language`; `signed` is the name typed in place of
    a signature, or written on a paper of the day `signed_on` which the account `received_by` holds. `person_id` is the
    child.
    """

    __tablename__ = "consents"
    __table_args__ = (
        sa.Index(
            "uq_consents_standing",
            "application_id",
            "purpose",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
        {"info": {"tenancy": "institution_or_person"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    guardian_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    answer: Mapped[bool]
    capacity: Mapped[str] = mapped_column(sa.String(40))
    signed: Mapped[str] = mapped_column(sa.String(160))
    language: Mapped[str] = mapped_column(sa.String(2))
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("definition_versions.id"))
    signed_on: Mapped[date | None]
    received_by: Mapped[str | None] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
