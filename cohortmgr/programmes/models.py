"""Tables of programmes: versions and drafts of their definitions, intakes, offerings, and watches."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned

_PUBLISHED = {"info": {"tenancy": "published"}}


class Programme(Row, Versioned, Model):
    """A programme at its host; `path` is the scope for which roles are given (`ma.inpt.mdia.`).

    Title and summary are those of the newest definition; lists show them. Without `published_at` it is in
    preparation: it, its versions, intakes and offerings are seen by its staff alone, and nothing of it is mailed.
    """

    __tablename__ = "programmes"
    __trail__ = "programme"
    __table_args__ = (_PUBLISHED,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    path: Mapped[str] = mapped_column(sa.String(200), unique=True)
    title: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]]
    published_at: Mapped[datetime | None]
    # Who put the present definition in force while it was in preparation: somebody else publishes it.
    prepared_by: Mapped[str | None] = mapped_column(sa.String(26))
    # The picture of its public page, and the digest under which browsers fetch it.
    picture: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    picture_digest: Mapped[str | None] = mapped_column(sa.String(16), index=True)


class DefinitionVersion(Row, Model):
    """A definition as it was loaded. It never changes, and is found by the SHA-256 of its document."""

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
    """The definition of a programme as staff are changing it on pages, with its faults; a programme has at
    most one.

    `document` has the shape of a version's, but texts or numbers may be missing or wrong. `based_on` is the
    number of the version that was in force when the draft was begun.
    """

    __tablename__ = "definition_drafts"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programmes.id"), unique=True)
    based_on: Mapped[int]
    document: Mapped[dict[str, Any]]
    # The account of the person who changed it last.
    written_by: Mapped[str] = mapped_column(sa.String(26))
    updated_at: Mapped[datetime]


class Intake(Row, Versioned, Model):
    """One campaign. `fingerprint` is that of its version, and finds the definition in memory. `read_by` is that of the
    version by whose rubric its files are read, since a first reading was handed in."""

    __tablename__ = "intakes"
    __trail__ = "intake"
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
    read_by: Mapped[str | None] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(12))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    # The close that staff moved to a later moment than the definition says; loading a definition never takes
    # that time away.
    extended_to: Mapped[datetime | None]
    decision_by: Mapped[date]
    starts_on: Mapped[date]
    published_at: Mapped[datetime | None]


class Offering(Row, Model):
    """A choice with seats; `taken` changes by conditional UPDATE and never exceeds `seats`."""

    __tablename__ = "offerings"
    __trail__ = "offering"
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
    """Somebody who wants to be told when an intake opens: of one programme (`scope` is its key) or of any
    ("").

    A code proved that the address is theirs. The address is sealed. The row is deleted when they stop it by a
    click, or after a year."""

    __tablename__ = "intake_watches"
    __table_args__ = (
        sa.UniqueConstraint("blind", "scope"),
        sa.Index("ix_intake_watches_expires_at", "expires_at"),
        {"info": {"tenancy": "closed"}},
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
    """How far the people on watch were told of an intake: all watches up to the id `told_to` were looked at."""

    __tablename__ = "intake_announcements"
    __table_args__ = ({"info": {"tenancy": "closed"}},)

    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), primary_key=True)
    told_to: Mapped[int] = mapped_column(Id, default=0)
    done_at: Mapped[datetime | None]
