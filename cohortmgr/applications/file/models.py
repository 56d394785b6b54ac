"""The tables of a file: the application, its documents, changes, corrections, notes and extensions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from cohortmgr.applications.file.rules import LAST_DIPLOMA, LAST_REGION, ranks
from cohortmgr.base.db import Id, Json, Model, Row, Versioned

_PERSONAL = {"info": {"tenancy": "institution_or_person"}}
_OFFICE = {"info": {"tenancy": "institution"}}
# A trigger writes the intake of the file into what belongs to it, whoever adds it.
_OF_THE_FILE = "0"


def _files_where(name: str, condition: str, *columns: str, on_sqlite: str | None = None) -> sa.Index:
    """An index of the files that meet a condition, for a filter that few pass."""
    here, there = sa.text(on_sqlite or condition), sa.text(condition)
    return sa.Index(f"ix_applications_{name}", *columns, sqlite_where=here, postgresql_where=there)


def _one_where(condition: str, name: str, *columns: str) -> sa.Index:
    """A unique index on the columns that holds only for the rows that meet a condition."""
    where = sa.text(condition)
    return sa.Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


def _by_intake(table: str, condition: str | None = None) -> sa.Index:
    """The index by which a list's filter reads what belongs to the files of its intake."""
    where = sa.text(condition) if condition else None
    columns = ("intake_id", "application_id")
    return sa.Index(f"ix_{table}_intake_application", *columns, sqlite_where=where, postgresql_where=where)


class Application(Row, Versioned, Model):
    """One person's file in one intake. `sealed_answers` holds, as JSON, the answers that the form seals.

    The columns from `name` to `average_thousandths` repeat answers, for lists to sort and search by; they are
    written with the answers and never read back as answers. `search_text` are the words by which the file is found,
    parted by spaces; the database keeps a row of each (see `searching`). `fingerprint` is that of the imported row,
    `run_id` the import that made the file. `consent` is the guardian's: see `rules.Consent`.
    """

    __tablename__ = "applications"
    __trail__ = "application"
    __table_args__ = (
        sa.UniqueConstraint("intake_id", "person_id"),
        # With what the policy and consent ask of a row, so that a search passes many files by the index alone.
        sa.Index(
            "ix_applications_intake_state_name",
            "intake_id",
            "state",
            "sort_name",
            "id",
            postgresql_include=["institution_id", "person_id", "consent"],
        ),
        sa.Index("ix_applications_intake_state_number", "intake_id", "state", "number", "id"),
        sa.Index("ix_applications_intake_state_average", "intake_id", "state", "average_rank", "id"),
        sa.Index("ix_applications_intake_state_sent", "intake_id", "state", "listed_at", "id"),
        sa.Index(
            "ix_applications_intake_state_region", "intake_id", "state", "region_rank", "sort_name", "id"
        ),
        sa.Index(
            "ix_applications_intake_state_diploma", "intake_id", "state", "diploma_rank", "sort_name", "id"
        ),
        sa.Index("ix_applications_intake_state_outcome", "intake_id", "state", "outcome", "sort_name", "id"),
        sa.Index(
            "ix_applications_intake_state_documented", "intake_id", "state", "documented", "sort_name", "id"
        ),
        _files_where("imported", "source = 'import'", "intake_id", "state", "sort_name", "id"),
        _files_where(
            "noted", "noted IS true", "intake_id", "state", "sort_name", "id", on_sqlite="noted IS 1"
        ),
        _files_where(
            "extended", "extended IS true", "intake_id", "state", "sort_name", "id", on_sqlite="extended IS 1"
        ),
        _files_where(
            "corrected", "correction <> 'none'", "intake_id", "state", "correction", "sort_name", "id"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'held', 'submitted', 'withdrawn', 'superseded')", name="state"
        ),
        sa.CheckConstraint("consent IN ('none', 'waiting', 'given', 'withdrawn')", name="consent"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"))
    offering_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offerings.id"), index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("definition_versions.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(30), unique=True)
    state: Mapped[str] = mapped_column(sa.String(12), default="draft")
    consent: Mapped[str] = mapped_column(sa.String(10), default="none")
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_runs.id"), index=True)
    source: Mapped[str] = mapped_column(sa.String(10), default="online")
    language: Mapped[str] = mapped_column(sa.String(2), default="fr")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sealed_answers: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    fingerprint: Mapped[str | None] = mapped_column(sa.String(64))
    eligible: Mapped[bool | None]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    name: Mapped[str] = mapped_column(sa.String(250), default="")
    sort_name: Mapped[str] = mapped_column(sa.String(250), default="")
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    email: Mapped[str | None] = mapped_column(sa.String(254), index=True)
    region: Mapped[str | None] = mapped_column(sa.String(5))
    diploma: Mapped[str | None] = mapped_column(sa.String(60))
    average_thousandths: Mapped[int | None]
    # The helper who fills in the form for the person, who then confirms it: `name`, `relation`, and `left`
    # once the helper has stopped. None if there never was a helper.
    helper: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    # When its person last changed what was sent: by sending it again, or by correcting what they were asked to.
    resent_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    # What lists are ordered by: what is missing is a value that sorts last, with the best average first.
    average_rank: Mapped[int] = mapped_column(server_default="-1")
    region_rank: Mapped[str] = mapped_column(sa.String(5), server_default=LAST_REGION)
    diploma_rank: Mapped[str] = mapped_column(sa.String(60), server_default=LAST_DIPLOMA)
    # A file that was not sent has the day on which it was begun.
    listed_at: Mapped[datetime | None] = mapped_column(
        sa.Computed("coalesce(sent_at, created_at)", persisted=True)
    )
    # What lists are filtered by. Triggers write the first four with the documents, the notes, the times that were given
    # and the corrections (the state of the last one); `outcome` is what a higher room has told the person.
    documented: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    noted: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    extended: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    correction: Mapped[str] = mapped_column(sa.String(12), default="none", server_default="none")
    outcome: Mapped[str] = mapped_column(sa.String(10), default="none", server_default="none")

    @validates("email")
    def _known(self, _name: str, value: str | None) -> str | None:
        """An address is found by an index, which knows no other case than this."""
        return value.lower() if value else value

    @validates("average_thousandths", "region", "diploma")
    def _rank(self, name: str, value: Any) -> Any:
        for column, rank in ranks({name: value}).items():
            setattr(self, column, rank)
        return value


class IntakeCount(Model):
    """How many files of an intake are of one kind, over all its shards. Triggers of the database change it with the
    files, in the same transaction; a shard keeps writers from waiting for each other. `eligible` is yes, no or open;
    no region is empty, and no offering 0."""

    __tablename__ = "intake_counts"
    __table_args__ = (_OFFICE,)

    intake_id: Mapped[int] = mapped_column(sa.ForeignKey("intakes.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    eligible: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    consent: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    region: Mapped[str] = mapped_column(sa.String(5), primary_key=True)
    offering_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    institution_id: Mapped[int] = mapped_column(Id, index=True)
    files: Mapped[int] = mapped_column(Id)


class UnsentChange(Row, Model):
    """What the person of a sent file has changed and not sent again; `sealed`: JSON, question to answer.

    The file stays as it was sent until they send again; a change that is never sent changes nothing.
    """

    __tablename__ = "application_changes"
    __table_args__ = (_PERSONAL,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    begun_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Document(Row, Model):
    """A paper that answers a question; the current one has no `replaced_at`.

    `parts` are the files that were sent, in order: each with its `key` in the storage, `name`, `kind`,
    `size`, the `sha256` of what was received, and whether it is `clean`. The worker makes one file of them,
    `storage_key`, and pictures of its first pages: wide ones, `pages` (keys of the storage), and `narrow_pages` (each
    with its `key` and the `width` and `height` of the wide one). None of them exists before everything was examined,
    so that nothing else can be served. `drawn` says that the worker has made the pictures, or tried to; what was
    examined before there were narrow ones waits for it. `reason` says why a paper was refused; `promised_for` is
    the day for which it is promised. `due` is when the worker tries it (again); while it does, `lease_until`
    tells this try from any other.
    """

    __tablename__ = "documents"
    __table_args__ = (
        sa.Index("ix_documents_application_question", "application_id", "question"),
        _by_intake("documents", "replaced_at IS NULL"),
        _one_where("replaced_at IS NULL", "uq_documents_standing", "application_id", "question"),
        sa.Index("ix_documents_state_due", "state", "due"),
        sa.Index(
            "ix_documents_undrawn",
            "id",
            sqlite_where=sa.text("drawn IS 0 AND state = 'clean' AND replaced_at IS NULL"),
            postgresql_where=sa.text("drawn IS false AND state = 'clean' AND replaced_at IS NULL"),
        ),
        sa.CheckConstraint("state IN ('received', 'aside', 'clean', 'refused', 'promised')", name="state"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"))
    intake_id: Mapped[int] = mapped_column(Id, server_default=_OF_THE_FILE)
    question: Mapped[str] = mapped_column(sa.String(60))
    state: Mapped[str] = mapped_column(sa.String(10), default="received")
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    parts: Mapped[list[Any]] = mapped_column(default=list)
    pages: Mapped[list[Any]] = mapped_column(default=list)
    narrow_pages: Mapped[list[Any]] = mapped_column(default=list, server_default=sa.text("'[]'"))
    drawn: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    storage_key: Mapped[str | None] = mapped_column(sa.String(26), unique=True)
    filename: Mapped[str] = mapped_column(sa.String(200), default="")
    media_type: Mapped[str] = mapped_column(sa.String(60), default="")
    size: Mapped[int] = mapped_column(Id, default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    uploaded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    promised_for: Mapped[date | None]
    due: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    original_seen_at: Mapped[datetime | None]
    original_seen_by: Mapped[str | None] = mapped_column(sa.String(26))


class Correction(Row, Versioned, Model):
    """A request to correct some answers of a sent file, `until` a moment. One at a time is `asked`."""

    __tablename__ = "corrections"
    __table_args__ = (
        _one_where("state = 'asked'", "uq_corrections_asked", "application_id"),
        _by_intake("corrections"),
        sa.CheckConstraint("state IN ('asked', 'done', 'called_off')", name="state"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    intake_id: Mapped[int] = mapped_column(Id, server_default=_OF_THE_FILE)
    state: Mapped[str] = mapped_column(sa.String(12), default="asked")
    message: Mapped[str] = mapped_column(sa.Text, default="")
    until: Mapped[datetime]
    lot: Mapped[str | None] = mapped_column(sa.String(26), index=True)
    asked_by: Mapped[str] = mapped_column(sa.String(26))
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class CorrectionItem(Row, Model):
    """One question to correct, and why (`kind`). `sealed` holds, as JSON, the answer before and after."""

    __tablename__ = "correction_items"
    __table_args__ = (
        sa.UniqueConstraint("correction_id", "question"),
        sa.CheckConstraint("kind IN ('incorrect', 'incomplete', 'outdated')", name="kind"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    correction_id: Mapped[int] = mapped_column(sa.ForeignKey("corrections.id"))
    question: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(12))
    sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


class Note(Row, Model):
    """A note about a file, from staff to staff. Its text is sealed, and gone once the note is taken back."""

    __tablename__ = "notes"
    __table_args__ = (_by_intake("notes"), _OFFICE)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    intake_id: Mapped[int] = mapped_column(Id, server_default=_OF_THE_FILE)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    author: Mapped[str] = mapped_column(sa.String(26))
    author_name: Mapped[str] = mapped_column(sa.String(250))
    pinned: Mapped[bool] = mapped_column(default=False)
    lot: Mapped[str | None] = mapped_column(sa.String(26), index=True)
    written_at: Mapped[datetime]


class Extension(Row, Model):
    """More time for one person's file, and why. The last one that was not revoked holds."""

    __tablename__ = "extensions"
    __table_args__ = (
        _one_where("revoked_at IS NULL", "uq_extensions_live", "application_id"),
        _by_intake("extensions", "revoked_at IS NULL"),
        _PERSONAL,
    )

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    intake_id: Mapped[int] = mapped_column(Id, server_default=_OF_THE_FILE)
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    lot: Mapped[str | None] = mapped_column(sa.String(26), index=True)
    revoked_at: Mapped[datetime | None]
