"""Tables of stipends: a person's bank details, the payment run of a cohort's month, and its lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Cents, Id, Json, Model, Row, Versioned

_PERSONAL = {"info": {"tenancy": "institution_or_person"}}


class BankDetails(Row, Model):
    """A sealed RIB. Its blind index finds the same account twice; pages show its last four digits."""

    __tablename__ = "bank_details"
    __trail__ = "bank_details"
    __table_args__ = (sa.UniqueConstraint("institution_id", "person_id"), _PERSONAL)

    institution_id: Mapped[int] = mapped_column(Id)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    blind: Mapped[str] = mapped_column(sa.String(64), index=True)
    last4: Mapped[str] = mapped_column(sa.String(4))
    taken_at: Mapped[datetime]


_KEPT = sa.text("state <> 'cancelled'")


class StipendRun(Row, Versioned, Model):
    """The stipends of one cohort for one month (given by its first day). Accounts are named by their references.

    A month has at most one run that is not cancelled."""

    __tablename__ = "stipend_runs"
    __trail__ = "stipend_run"
    __table_args__ = (
        sa.Index(
            "uq_stipend_runs_cohort_month_kept",
            "cohort_id",
            "month",
            unique=True,
            sqlite_where=_KEPT,
            postgresql_where=_KEPT,
        ),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohorts.id"))
    month: Mapped[date]
    pay_on: Mapped[date]
    state: Mapped[str] = mapped_column(sa.String(12))
    lines: Mapped[int] = mapped_column(default=0)
    total_cents: Mapped[int] = mapped_column(Cents, default=0)
    computed_by: Mapped[str | None] = mapped_column(sa.String(26))
    computed_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(26))
    approved_at: Mapped[datetime | None]
    exported_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(sa.String(26))
    cancelled_at: Mapped[datetime | None]
    cancelled_because: Mapped[str] = mapped_column(sa.Text, default="", server_default=sa.text("''"))


class StipendLine(Row, Model):
    """One person's stipend of one month with every step of its sum, shown once `released_at` is set.

    `items` and `exception` are {"what": msgid, "values": {…}, "cents": signed}; `arrears` are {"month":
    "2026-01-01", "days": 2, "of": 22}, given by finance with a sealed reason. `blind` and `account_sealed` are
    the account that was computed with. `taken_by_id` is the approved line of a later month that took over what
    this one left; `paid_on` and `returned_on` are the bank's word.
    """

    __tablename__ = "stipend_lines"
    __trail__ = "stipend_line"
    __table_args__ = (sa.UniqueConstraint("run_id", "enrolment_id"), _PERSONAL)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("stipend_runs.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"), index=True)
    month: Mapped[date]
    pay_on: Mapped[date]
    gross_cents: Mapped[int] = mapped_column(Cents)
    net_cents: Mapped[int] = mapped_column(Cents)
    carried_cents: Mapped[int] = mapped_column(Cents, default=0)
    items: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(sa.String(12))
    exception: Mapped[dict[str, Any] | None] = mapped_column(Json)
    absences: Mapped[int] = mapped_column(default=0)
    arrears: Mapped[list[Any]] = mapped_column(default=list)
    reason_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    last4: Mapped[str] = mapped_column(sa.String(4), default="")
    blind: Mapped[str] = mapped_column(sa.String(64), default="", server_default=sa.text("''"))
    account_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    released_at: Mapped[datetime | None]
    taken_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stipend_lines.id"), index=True)
    paid_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    returned_because: Mapped[str] = mapped_column(sa.Text, default="", server_default=sa.text("''"))
