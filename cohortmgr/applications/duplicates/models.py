"""The tables of files that may be one person's, and of those that are known to be.

Files are named by their numbers alone, without foreign keys: triggers forget a file's traits and pairs with it, and
what only says that files look alike keeps no file from going.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.applications.file.models import _OFFICE, _one_where
from cohortmgr.base.db import Id, Model, Row

_KEPT = {"info": {"tenancy": "closed"}}


class Merge(Row, Model):
    """Two files of one person. In one intake one is kept and the other put aside as it was (`state_before`).
    In two intakes both stand, and the row belongs to the kept file's intake."""

    __tablename__ = "merges"
    __table_args__ = (
        _one_where("undone_at IS NULL", "uq_merges_live", "aside_id"),
        _OFFICE,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    kept_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    aside_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    state_before: Mapped[str] = mapped_column(sa.String(12))
    reason: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class FileToCompare(Model):
    """A file of which something changed that it may share with others. Triggers add it with the change, and the worker
    takes it away once it has compared the file."""

    __tablename__ = "files_to_compare"
    __table_args__ = (_KEPT,)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    application_id: Mapped[int] = mapped_column(Id)
    intake_id: Mapped[int] = mapped_column(Id, index=True)
    institution_id: Mapped[int] = mapped_column(Id)


class FileTrait(Model):
    """What a file may share with others, as a number (`rules.keys_of`)."""

    __tablename__ = "file_traits"
    __table_args__ = (_KEPT,)

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    application_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False, index=True)
    person_id: Mapped[int] = mapped_column(Id)
    intake_id: Mapped[int] = mapped_column(Id)
    institution_id: Mapped[int] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(sa.String(5))


class TraitCrowd(Model):
    """A trait that too many people share to tell them apart by it: how many files of an intake have it, and one of
    them."""

    __tablename__ = "trait_crowds"
    __table_args__ = (sa.Index("ix_trait_crowds_intake_id_files", "intake_id", "files"), _KEPT)

    key: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    intake_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    institution_id: Mapped[int] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(sa.String(5))
    files: Mapped[int] = mapped_column(Id)
    sample_id: Mapped[int] = mapped_column(Id)


class DuplicatePair(Row, Model):
    """Two files that look like one person's, as staff of the first one's intake are told: with a score from 0 to 100
    and the signs behind it. Two files of one intake are one row; two of several intakes are one for each, as far as it
    is told. Whoever reads a row reads both files' institutions."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (
        sa.UniqueConstraint("file_id", "beside_id"),
        sa.Index("ix_duplicate_pairs_intake_across_score", "intake_id", "across", "score", "id"),
        _KEPT,
    )

    institution_id: Mapped[int] = mapped_column(Id)
    intake_id: Mapped[int] = mapped_column(Id)
    file_id: Mapped[int] = mapped_column(Id)
    beside_institution_id: Mapped[int] = mapped_column(Id)
    beside_intake_id: Mapped[int] = mapped_column(Id)
    beside_id: Mapped[int] = mapped_column(Id, index=True)
    across: Mapped[bool]
    score: Mapped[int]
    signs: Mapped[list[Any]]
