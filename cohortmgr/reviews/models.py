"""The table of readings: who reads which file in which phase, with which scores."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.programmes.definition.earlier import FIRST_PHASE
from cohortmgr.reviews.rules import ReviewState

# Few readings of an intake are discussed at a time.
_DISCUSSED = sa.text("discussed_at IS NOT NULL AND settled_at IS NULL")


class Review(Row, Versioned, Model):
    """One reading of one file by one person, in the phase of the rubric with that key. `total_thousandths` is out of
    twenty, and set once it is handed in.

    `abstained_because` is why it was given back by its reader, or taken back from them. `earlier` holds what was
    handed in before it changed, the first at the beginning. `discussed_at` is when its gap to another reading of the
    file was found too wide: since then their readers see each other's marks, until `settled_at`, when this one said
    that theirs stand, or changed them. It is late once the day `due_on` is over."""

    __tablename__ = "reviews"
    __trail__ = "review"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "reviewer_id", "phase"),
        sa.Index("ix_reviews_intake_id_state", "intake_id", "state"),
        sa.Index("ix_reviews_reviewer_id_state", "reviewer_id", "state"),
        sa.Index("ix_reviews_intake_id_id", "intake_id", "id"),
        sa.Index(
            "ix_reviews_anchors",
            "intake_id",
            "application_id",
            sqlite_where=sa.text("anchor IS 1"),
            postgresql_where=sa.text("anchor IS true"),
        ),
        sa.Index(
            "ix_reviews_discussed",
            "intake_id",
            "reviewer_id",
            sqlite_where=_DISCUSSED,
            postgresql_where=_DISCUSSED,
        ),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"))
    phase: Mapped[str] = mapped_column(sa.String(40), default=FIRST_PHASE)
    state: Mapped[str] = mapped_column(sa.String(12), default=ReviewState.ASSIGNED.value)
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total_thousandths: Mapped[int | None]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    abstained_because: Mapped[str] = mapped_column(sa.Text, default="")
    earlier: Mapped[list[Any]] = mapped_column(default=list, server_default=sa.text("'[]'"))
    to_discuss: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    discussed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    # Given to everybody who may read the file, and read first.
    anchor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
