"""Tables of placements: companies' positions, apprentices' wishes, companies' scores, matching runs, placements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned

_INSTITUTION = {"info": {"tenancy": "institution"}}
_PERSONAL = {"info": {"tenancy": "institution_or_person"}}


class Position(Row, Versioned, Model):
    """The seats that one company offers to one cohort. Its version also rises when scores are saved."""

    __tablename__ = "positions"
    __trail__ = "position"
    __table_args__ = (
        sa.UniqueConstraint("cohort_id", "company_id"),
        sa.CheckConstraint("seats >= 0", name="seats"),
        {"info": {"tenancy": "published"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohorts.id"))
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    title: Mapped[dict[str, Any]]
    seats: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(12))
    published_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]


class Wish(Row, Model):
    """One rank of an apprentice's list. With it the apprentice agrees to show a card to that company."""

    __tablename__ = "wishes"
    __table_args__ = (
        sa.UniqueConstraint("enrolment_id", "position_id"),
        sa.UniqueConstraint("enrolment_id", "rank"),
        sa.CheckConstraint("rank > 0", name="rank"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"))
    position_id: Mapped[int] = mapped_column(sa.ForeignKey("positions.id"), index=True)
    rank: Mapped[int]
    consented_at: Mapped[datetime]


class Score(Row, Model):
    """A company's score of one apprentice; without a score there is no placement. `by` is an account's reference."""

    __tablename__ = "position_scores"
    __table_args__ = (sa.UniqueConstraint("position_id", "enrolment_id"), _INSTITUTION)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    position_id: Mapped[int] = mapped_column(sa.ForeignKey("positions.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"), index=True)
    score: Mapped[int]
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]


class MatchingRun(Row, Versioned, Model):
    """One run of the matching, with all its numbers. A second person approves it."""

    __tablename__ = "matching_runs"
    __trail__ = "matching"
    __table_args__ = (_INSTITUTION,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohorts.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    seed: Mapped[str] = mapped_column(sa.String(64))
    certificate: Mapped[dict[str, Any]]
    run_by: Mapped[str] = mapped_column(sa.String(26))
    run_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(sa.String(26))
    approved_at: Mapped[datetime | None]


_STANDING = sa.text("state IN ('proposed', 'confirmed', 'started', 'ended')")


class Placement(Row, Versioned, Model):
    """The placement of an apprentice in a company, made by an approved matching or by two people by hand.

    By hand there is no run, but `because`, and the accounts `proposed_by` and `approved_by`. At most one of a
    person's placements stands; `ends_on` is the last day of one that does not."""

    __tablename__ = "placements"
    __trail__ = "placement"
    __table_args__ = (
        sa.Index(
            "uq_placements_enrolment_standing",
            "enrolment_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"), index=True)
    position_id: Mapped[int] = mapped_column(sa.ForeignKey("positions.id"), index=True)
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisations.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("matching_runs.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    placed_at: Mapped[datetime]
    because: Mapped[str] = mapped_column(sa.Text, default="", server_default=sa.text("''"))
    proposed_by: Mapped[str | None] = mapped_column(sa.String(26))
    approved_by: Mapped[str | None] = mapped_column(sa.String(26))
