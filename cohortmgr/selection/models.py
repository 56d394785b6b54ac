"""Tables of selection: batches of decisions, the decision on each file, and offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.selection.rules import BatchState, OfferState

_LIVE = sa.text("state IN ('draft', 'proposed', 'approving', 'approved')")
_LIVE_FOR_ALL = sa.text(f"offering_id IS NULL AND {_LIVE.text}")


class Batch(Row, Versioned, Model):
    """The decisions on every file of an offering, or of all offerings of an intake at once, whose seats were given by
    wishes (`offering_id` is None); proposed by one person and approved by another.

    `proposed_by` and `approved_by` are references of accounts. An offering has at most one batch that is not cancelled,
    and none beside one of all offerings. `open_until` is the close that the proposer saw and accepted, while the intake
    was open.

    `summary` counts the decisions, which change no more: by outcome, `ineligible`, and by language; where it was chosen
    by which marks phases are ranked, `marks` say who chose, when and why. The certificate of
    many files is large and loaded by whoever asks for it alone: `digest` is its SHA-256, and `problems` what its last
    check found, at `checked_at`. `job_reference` is the worker's last job on the batch, `stopped` why it was given up.
    While a batch is being approved, decisions up to the id `reached` have their letters, which wait in `bundle`; after
    that, the files of decisions up to `reached` say in their rows what was told.
    """

    __tablename__ = "batches"
    __trail__ = "batch"
    __table_args__ = (
        sa.Index(
            "uq_batches_offering_live", "offering_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
        ),
        sa.Index(
            "uq_batches_intake_live",
            "intake_id",
            unique=True,
            sqlite_where=_LIVE_FOR_ALL,
            postgresql_where=_LIVE_FOR_ALL,
        ),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    offering_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offerings.id"))
    state: Mapped[str] = mapped_column(sa.String(12), default=BatchState.PROPOSED.value)
    seats: Mapped[int]
    waiting: Mapped[int]
    seed: Mapped[str] = mapped_column(sa.String(80))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    certificate: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    digest: Mapped[str] = mapped_column(sa.String(64), default="", server_default=sa.text("''"))
    checked_at: Mapped[datetime | None]
    problems: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="", server_default=sa.text("''"))
    stopped: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    proposed_by: Mapped[str] = mapped_column(sa.String(26))
    proposed_at: Mapped[datetime]
    open_until: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(sa.String(26))
    approved_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    bundle: Mapped[str] = mapped_column(sa.String(26), default="", server_default=sa.text("''"))
    reached: Mapped[int] = mapped_column(Id, default=0, server_default="0")
    letters: Mapped[int] = mapped_column(default=0, server_default="0")


class Release(Row, Model):
    """That a batch's decisions were told, and when: one row for all of them, so that it is one step for 200,000 too.

    Everybody may read it. It counts for decisions of its own institution alone, whoever wrote it."""

    __tablename__ = "releases"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "institution_id"),
        {"info": {"tenancy": "published"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batches.id"))
    published_at: Mapped[datetime | None]


class Decision(Row, Model):
    """What a batch decides about one file. The person sees it once the batch has its release.

    Decisions are written best first, the ineligible last: their ids are in the order of every list of a batch.
    `position` and `waiting_state` belong to the waiting list. An ineligible file has neither rank nor mean. What its
    row of the ranking said is kept with it (see ranking.py): `totals`, `decided`, and the key of the criterion that
    `knocked_out`, with the mean there in thousandths of a point. Under bounds, `added` is what the prices of those that
    count the file add to its mark, in thousandths, and `groups` the places of these bounds. `offering_id` is where an
    offered seat is. Of a batch of all offerings `wishes` are the keys of those that the file asked for, the dearest
    first, and `position` is the place on one list for all.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        sa.UniqueConstraint("batch_id", "application_id"),
        sa.Index("ix_decisions_batch_id_waiting", "batch_id", "waiting_state", "position"),
        sa.Index("ix_decisions_intake_outcome", "intake_id", "outcome", "application_id"),
        sa.Index("ix_decisions_batch_id_id", "batch_id", "id"),
        sa.Index("ix_decisions_batch_id_outcome_id", "batch_id", "outcome", "id"),
        sa.Index("ix_decisions_batch_id_rank", "batch_id", "rank", "id"),
        {"info": {"tenancy": "institution_or_person"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batches.id"))
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    outcome: Mapped[str] = mapped_column(sa.String(12))
    rank: Mapped[int | None]
    mean_thousandths: Mapped[int | None]
    position: Mapped[int | None]
    waiting_state: Mapped[str | None] = mapped_column(sa.String(12))
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    totals: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    decided: Mapped[str] = mapped_column(sa.String(8), default="", server_default=sa.text("''"))
    knocked_out: Mapped[str] = mapped_column(sa.String(40), default="", server_default=sa.text("''"))
    knocked_out_mean: Mapped[int | None]
    added: Mapped[int | None]
    groups: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    offering_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offerings.id"))
    wishes: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")


RELEASED = sa.and_(
    Release.batch_id == Decision.batch_id,
    Release.institution_id == Decision.institution_id,
    Release.published_at.is_not(None),
)
"""On which a decision is joined to its release."""


class Offer(Row, Versioned, Model):
    """A seat offered to one person until a deadline. `accepted_at` stays when the seat is given up later. Since
    `held_at` staff hold an unanswered offer, and it does not lapse."""

    __tablename__ = "offers"
    __trail__ = "offer"
    __table_args__ = (
        sa.Index("ix_offers_state_deadline", "state", "deadline"),
        sa.Index("ix_offers_offering_id_state", "offering_id", "state", "application_id"),
        {"info": {"tenancy": "institution_or_person"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), unique=True)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    state: Mapped[str] = mapped_column(sa.String(12), default=OfferState.SENT.value)
    sent_at: Mapped[datetime]
    deadline: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
