"""The table of moves by hand: a row for each that was asked for, whatever became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.selection.moves.rules import MoveState


def _one_each(state: MoveState) -> sa.Index:
    where = sa.text(f"state = '{state.value}'")
    name = f"uq_hand_moves_{state.value}"
    return sa.Index(name, "application_id", unique=True, sqlite_where=where, postgresql_where=where)


class MoveByHand(Row, Versioned, Model):
    """That somebody asked to give a file a seat, to keep it out, or to let its mark decide again, in whose offering,
    and why. One may wait for a second person, and one be agreed to, for a file; the agreed one is in force until
    another is.

    `asked_by`, `agreed_by` and `ended_by` are references of accounts; `ended_by` took the request back, or agreed to
    the move that replaced it. Of a large intake the worker finds what the move would change: `effect` (see effects.py),
    which `rests_on` a state of the ranking."""

    __tablename__ = "hand_moves"
    __trail__ = "hand_move"
    __table_args__ = (
        _one_each(MoveState.ASKED),
        _one_each(MoveState.AGREED),
        sa.Index("ix_hand_moves_offering_id_state", "offering_id", "state"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"))
    direction: Mapped[str] = mapped_column(sa.String(8))
    state: Mapped[str] = mapped_column(sa.String(12), default=MoveState.ASKED.value)
    reason: Mapped[str] = mapped_column(sa.Text)
    asked_by: Mapped[str] = mapped_column(sa.String(26))
    asked_at: Mapped[datetime]
    agreed_by: Mapped[str | None] = mapped_column(sa.String(26))
    agreed_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(26))
    ended_at: Mapped[datetime | None]
    effect: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rests_on: Mapped[str] = mapped_column(sa.String(100), default="")
    job_reference: Mapped[str] = mapped_column(sa.String(26), default="")
