"""Tables of kept rankings, of their rows, and of how often what they rest on has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row

_OFFICE = {"info": {"tenancy": "institution"}}
_MAKING = sa.text("made_at IS NULL")
_MAKING_ALL = sa.text("offering_id IS NULL AND made_at IS NULL")


class RankingChange(Model):
    """How often what the rankings of an intake rest on has changed, over all its shards: readings that count, and sent
    files. Triggers of the database count, in the transaction of the act; a shard keeps writers from waiting for each
    other."""

    __tablename__ = "ranking_changes"
    __table_args__ = (_OFFICE,)

    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    changes: Mapped[int] = mapped_column(Id)


class Standing(Row, Model):
    """A ranking that was computed and kept, or that is being computed while `made_at` is None: one of an offering at a
    time, or of all offerings of an intake at once (`offering_id` is None).

    `rests_on` says of which state of the readings, files, seats and definition it is. The numbers are how many files
    are ranked, chosen, wait and are refused, and how many are not ranked, with the reason; `line` is the mean of the
    last one chosen, `least` and `most` the bounds of all totals, in thousandths. `refusal` is why nothing can be
    proposed from it."""

    __tablename__ = "standings"
    __table_args__ = (
        sa.Index(
            "uq_standings_making", "offering_id", unique=True, sqlite_where=_MAKING, postgresql_where=_MAKING
        ),
        sa.Index(
            "uq_standings_making_all",
            "intake_id",
            unique=True,
            sqlite_where=_MAKING_ALL,
            postgresql_where=_MAKING_ALL,
        ),
        sa.Index("ix_standings_offering_id_id", "offering_id", "id"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    offering_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offerings.id"))
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
    rests_on: Mapped[str] = mapped_column(sa.String(100), default="")
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    ranked: Mapped[int] = mapped_column(default=0)
    chosen: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    ineligible: Mapped[int] = mapped_column(default=0)
    undecided: Mapped[int] = mapped_column(default=0)
    unread: Mapped[int] = mapped_column(default=0)
    line: Mapped[int | None]
    least: Mapped[int] = mapped_column(default=0)
    most: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[list[Any]] = mapped_column(default=list)


class StandingRow(Model):
    """One ranked file of a kept ranking. `reference` is the file's own, so that an address that bears it means the same
    row in the next ranking; `decided` is the rule that told it from its neighbours (see ranking.py). `knocked_out` is
    the key of the criterion on which it is knocked out, with the mean there in thousandths of a point. `outcome` is in
    the words of decisions, with its `position` on the waiting list; `added` is what the prices of bounds add to the
    mean, in thousandths. Where seats of several offerings are given by wishes, `offering` is the key of that in which
    the file has one, and `wishes` are those that it asked for."""

    __tablename__ = "standing_rows"
    __table_args__ = (sa.UniqueConstraint("standing_id", "reference"), _OFFICE)

    standing_id: Mapped[int] = mapped_column(
        sa.ForeignKey("standings.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(
        sa.ForeignKey("applications.id", ondelete="CASCADE"), index=True
    )
    reference: Mapped[str] = mapped_column(sa.String(26))
    mean: Mapped[int]
    totals: Mapped[list[Any]]
    decided: Mapped[str] = mapped_column(sa.String(8))
    knocked_out: Mapped[str] = mapped_column(sa.String(40), default="", server_default=sa.text("''"))
    knocked_out_mean: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(sa.String(12), server_default="refused")
    position: Mapped[int | None]
    added: Mapped[int | None]
    offering: Mapped[str] = mapped_column(sa.String(40), default="", server_default=sa.text("''"))
    wishes: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
