"""The tables of harmonised marks: what the worker found of a phase, and by which marks its commission ranks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row

_OFFICE = {"info": {"tenancy": "institution"}}
_STANDS = sa.text("taken_back_at IS NULL")


class Harmonisation(Row, Model):
    """What the worker last found of the marks of a phase of an intake.

    `digest` is that of the marks first handed in from which it was found. `seats` is how many of the files go on, or
    are chosen. `formulas` has a formula for each harmonised basis (see `MarkFormula.as_json`) and, as "letters", what
    each reader is called where names are masked. `figures` is what its page says beside the rows of files."""

    __tablename__ = "harmonisations"
    __table_args__ = (sa.UniqueConstraint("intake_id", "phase"), _OFFICE)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    phase: Mapped[str] = mapped_column(sa.String(40))
    made_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(sa.String(64))
    seats: Mapped[int]
    formulas: Mapped[dict[str, Any]] = mapped_column(default=dict)
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)


class HarmonisedFile(Model):
    """A file in a harmonisation: its three marks and the standard errors of the two harmonised ones, in thousandths of
    a point, and how likely it stands among the first `seats` by either, in ten-thousandths."""

    __tablename__ = "harmonised_files"
    __table_args__ = (_OFFICE,)

    harmonisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("harmonisations.id", ondelete="CASCADE"), primary_key=True
    )
    application_id: Mapped[int] = mapped_column(
        sa.ForeignKey("applications.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    raw: Mapped[int]
    harmonised: Mapped[int]
    weighted: Mapped[int]
    error: Mapped[int]
    weighted_error: Mapped[int]
    chance: Mapped[int]
    weighted_chance: Mapped[int]


class MarkChoice(Row, Model):
    """By which marks a phase of an intake is ranked: who chose it, when and why. One that was taken back stays on
    record; of a phase one stands at a time, and without one its raw marks count."""

    __tablename__ = "mark_choices"
    __trail__ = "mark_choice"
    __table_args__ = (
        sa.Index(
            "uq_mark_choices_standing", "intake_id", "phase",
            unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS,
        ),
        _OFFICE,
    )  # fmt: skip

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    phase: Mapped[str] = mapped_column(sa.String(40))
    basis: Mapped[str] = mapped_column(sa.String(12))
    because: Mapped[str] = mapped_column(sa.Text)
    chosen_at: Mapped[datetime]
    chosen_by: Mapped[str] = mapped_column(sa.String(26))
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str] = mapped_column(sa.String(26), default="")
    taken_back_because: Mapped[str] = mapped_column(sa.Text, default="")
