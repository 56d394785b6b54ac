"""The tables of what limits who reads what: how many files, whom a reader knows, and what is said of readers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row


class ReaderLimit(Row, Model):
    """The most files of an intake that a reader is to have, those that they handed in included."""

    __tablename__ = "reader_limits"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "reader_id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    most_files: Mapped[int]


class ReaderConflict(Row, Model):
    """A file that a reader must not read, for they know its person.

    `by` is the reference of whoever said so: the reader's as a person, or the account's of who manages readings. One
    that was `lifted_at` some moment opens the file again, whatever name the reader typed before."""

    __tablename__ = "reader_conflicts"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "reader_id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    at: Mapped[datetime]
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    by: Mapped[str] = mapped_column(sa.String(26))
    lifted_at: Mapped[datetime | None]


class ReaderWord(Row, Model):
    """One thing that is said of a reader in an intake: a name that they know, as blind words (see acquaintance.py), a
    school or club, the institution that is theirs; a language in which they read, a field of study."""

    __tablename__ = "reader_words"
    __table_args__ = (
        sa.Index("ix_reader_words_intake_id_kind", "intake_id", "kind"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    said: Mapped[str] = mapped_column(sa.Text)


class ReaderDeclaration(Row, Model):
    """That a reader has said whom of an intake they know, or that they know nobody; the last time."""

    __tablename__ = "reader_declarations"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "reader_id"),
        {"info": {"tenancy": "institution"}},
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    reader_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    at: Mapped[datetime]
