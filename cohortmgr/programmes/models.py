"""Programmes, the immutable versions of their definitions, and the intakes that run on one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned

_PUBLISHED = {"info": {"tenancy": "published"}}


class Programme(Row, Versioned, Model):
    """A programme at its host; `path` is the scope that roles are given in (`ma.inpt.mdia.`).

    Title and summary are those of the newest definition, for lists.
    """

    __tablename__ = "programmes"
    __table_args__ = (_PUBLISHED,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    path: Mapped[str] = mapped_column(sa.String(200), unique=True)
    title: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]]
    published_at: Mapped[datetime | None]


class DefinitionVersion(Row, Model):
    """A definition as it was loaded; never changed, known by the SHA-256 of its document."""

    __tablename__ = "definition_versions"
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "number"),
        sa.UniqueConstraint("programme_id", "fingerprint"),
        _PUBLISHED,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programmes.id"))
    number: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(sa.String(64), index=True)
    document: Mapped[dict[str, Any]]
    published_at: Mapped[datetime | None]


class DefinitionDraft(Row, Versioned, Model):
    """The definition of a programme as staff are changing it in pages, faults and all; at most one a programme.

    `document` has the shape of a version's, where a text or a figure may still be missing; `based_on` is the number
    of the version that was in force when it was begun.
    """

    __tablename__ = "definition_drafts"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programmes.id"), unique=True)
    based_on: Mapped[int]
    document: Mapped[dict[str, Any]]
    # The account of who changed it last.
    written_by: Mapped[str] = mapped_column(sa.String(26))
    updated_at: Mapped[datetime]


class Intake(Row, Versioned, Model):
    """One campaign. `fingerprint` is its version's: a definition in memory is found by it."""

    __tablename__ = "intakes"
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "key"),
        sa.Index("ix_intakes_closes_at", "closes_at"),
        sa.CheckConstraint("closes_at > opens_at", name="window"),
        _PUBLISHED,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programmes.id"))
    definition_version_id: Mapped[int] = mapped_column(sa.ForeignKey("definition_versions.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(12))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    # Staff gave more time than the definition says; a definition loaded anew takes none of it away.
    extended_to: Mapped[datetime | None]
    decision_by: Mapped[date]
    starts_on: Mapped[date]
    published_at: Mapped[datetime | None]


class Offering(Row, Model):
    """A choice with seats; `taken` moves by conditional UPDATE and never passes `seats`."""

    __tablename__ = "offerings"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "key"),
        sa.CheckConstraint("seats > 0", name="seats"),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name="taken"),
        _PUBLISHED,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    key: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[dict[str, Any]]
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None]


class IntakeWatch(Row, Model):
    """Somebody who wants to be told when an intake opens: of one programme (its key) or of any ("").

    The address was proved by a code. It is sealed; the row goes with the last click, or after a year."""

    __tablename__ = "intake_watches"
    __table_args__ = (
        sa.UniqueConstraint("blind", "scope"),
        sa.Index("ix_intake_watches_expires_at", "expires_at"),
        {"info": {"tenancy": "global"}},
    )

    blind: Mapped[str] = mapped_column(sa.String(64))
    scope: Mapped[str] = mapped_column(sa.String(40))
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    channel: Mapped[str] = mapped_column(sa.String(10))
    region: Mapped[str | None] = mapped_column(sa.String(5))
    language: Mapped[str] = mapped_column(sa.String(2))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class IntakeAnnouncement(Model):
    """How far the watches were told of an intake: all up to `told_to` were looked at."""

    __tablename__ = "intake_announcements"
    __table_args__ = ({"info": {"tenancy": "global"}},)

    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), primary_key=True)
    told_to: Mapped[int] = mapped_column(Id, default=0)
    done_at: Mapped[datetime | None]
