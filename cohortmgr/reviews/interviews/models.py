"""The tables of interviews and tests: days, their slots and panels, who has which slot, and who needs what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned
from cohortmgr.reviews.interviews.rules import BookingState, DayState

_OFFICE = {"info": {"tenancy": "institution"}}
_PERSONAL = {"info": {"tenancy": "institution_or_person"}}


class InterviewDay(Row, Versioned, Model):
    """A day on which people of an intake come to one of its phases. Hours are minutes since midnight in Casablanca;
    `breaks` are pairs of them. It is at a place, or `remote` at a `link`."""

    __tablename__ = "interview_days"
    __trail__ = "interview_day"
    __table_args__ = (
        sa.Index("ix_interview_days_intake_day", "intake_id", "day"),
        sa.CheckConstraint("state IN ('open', 'cancelled')", name="state"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    phase: Mapped[str] = mapped_column(sa.String(40))
    day: Mapped[date] = mapped_column(index=True)
    begins: Mapped[int]
    ends: Mapped[int]
    length: Mapped[int]
    breaks: Mapped[list[Any]] = mapped_column(default=list)
    places: Mapped[int] = mapped_column(default=1)
    remote: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str] = mapped_column(sa.Text, default="")
    room: Mapped[str] = mapped_column(sa.Text, default="")
    map_link: Mapped[str] = mapped_column(sa.Text, default="")
    link: Mapped[str] = mapped_column(sa.Text, default="")
    move_until: Mapped[int] = mapped_column(default=24)
    state: Mapped[str] = mapped_column(sa.String(12), default=DayState.OPEN.value)
    cancelled_because: Mapped[str] = mapped_column(sa.Text, default="")


class InterviewSlot(Row, Model):
    """A slot of a day, and how many of its places are taken. Only a conditional UPDATE changes `taken`."""

    __tablename__ = "interview_slots"
    __table_args__ = (
        sa.UniqueConstraint("day_id", "starts_at"),
        sa.CheckConstraint("taken >= 0 AND taken <= places", name="taken"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    day_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_days.id"))
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    places: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)


class PanelMember(Row, Model):
    """That a reviewer hears those who come on a day. `needs_read_at` is when they last read what people need."""

    __tablename__ = "interview_panels"
    __table_args__ = (sa.UniqueConstraint("day_id", "reader_id"), _OFFICE)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    day_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_days.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    needs_read_at: Mapped[datetime | None]


class SlotBooking(Row, Versioned, Model):
    """A file's slot in a phase: one row whatever becomes of it. `more_slot_id` is the slot behind it, for whoever needs
    more time. `booked_by` is the reference of the account, or of the guardian, who chose it last."""

    __tablename__ = "slot_bookings"
    __trail__ = "slot_booking"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "phase"),
        sa.Index("ix_slot_bookings_intake_phase_state", "intake_id", "phase", "state"),
        sa.CheckConstraint(
            "state IN ('booked', 'cancelled', 'called_off', 'arrived', 'no_show')", name="state"
        ),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    phase: Mapped[str] = mapped_column(sa.String(40))
    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("interview_slots.id"), index=True)
    more_slot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("interview_slots.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(12), default=BookingState.BOOKED.value)
    booked_at: Mapped[datetime]
    booked_by: Mapped[str] = mapped_column(sa.String(26))
    ended_because: Mapped[str] = mapped_column(sa.Text, default="")
    marked_at: Mapped[datetime | None]


class AccessRequest(Row, Model):
    """What somebody needs at interviews and tests of a file; `sealed`: JSON, the kinds and the words."""

    __tablename__ = "access_requests"
    __table_args__ = (_PERSONAL,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), unique=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    said_at: Mapped[datetime]
