"""Tables of the help desk: questions, the parts of their threads, and saved answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from cohortmgr.base.db import Id, Model, Row, Versioned

# What a person asked and chose goes with their account when it moves to the person whose file was brought.
_CHOSEN = {"info": {"tenancy": "closed", "follows": "account"}}
_FOLLOWS = {"info": {"tenancy": "institution_or_person", "follows": "account"}}


class HelpRequest(Row, Model):
    """One question that somebody brought: from a page, on a file, on a payment line or by mail.

    `subject` names the key that seals the thread: the person's or, without a person, the question's own.
    Either can be destroyed to erase the thread. `about` is the reference of the message to which it
    replies. Without a person, `asker_name` and `asker_email` say who asked. `search_text` is the number,
    name and address, folded for search."""

    __tablename__ = "questions"
    __trail__ = "question"
    __table_args__ = (
        sa.Index("ix_questions_institution_state_by", "institution_id", "state", "answer_by"),
        sa.CheckConstraint("state IN ('open', 'waiting', 'answered', 'closed')", name="state"),
        _FOLLOWS,
    )

    institution_id: Mapped[int] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(200), index=True)
    intake_id: Mapped[int | None] = mapped_column(sa.ForeignKey("intakes.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stipend_lines.id"), index=True)
    about: Mapped[str | None] = mapped_column(sa.String(26), index=True)
    number: Mapped[str] = mapped_column(sa.String(12), unique=True)
    topic: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(12))
    language: Mapped[str] = mapped_column(sa.String(2))
    subject: Mapped[str] = mapped_column(sa.String(26))
    asker_name: Mapped[str] = mapped_column(sa.String(120), default="")
    asker_email: Mapped[str | None] = mapped_column(sa.String(254))
    phone_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    asked_at: Mapped[datetime]
    answer_by: Mapped[date]
    touched_at: Mapped[datetime]


class ThreadEntry(Row, Model):
    """One part of a question's thread. `sealed` is JSON, sealed with the key of the question's subject.

    An entry that the person may not see has no `person_id`. `file_key` names the file that the person joined, which
    `sealed` describes. `once` is a name that only one entry may have:
    after a second click, or if a mail is read twice, the second entry is not written."""

    __tablename__ = "question_entries"
    __table_args__ = (_FOLLOWS,)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("questions.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    file_key: Mapped[str | None] = mapped_column(sa.String(26))
    at: Mapped[datetime]
    once: Mapped[str] = mapped_column(sa.String(120), unique=True)


class SavedAnswer(Row, Versioned, Model):
    """An answer that was written once, in three languages, for questions at or below a path."""

    __tablename__ = "saved_answers"
    __trail__ = "saved_answer"
    __table_args__ = ({"info": {"tenancy": "institution"}},)

    institution_id: Mapped[int] = mapped_column(Id, index=True)
    path: Mapped[str] = mapped_column(sa.String(200))
    topic: Mapped[str] = mapped_column(sa.String(20))
    title: Mapped[str] = mapped_column(sa.String(120))
    body: Mapped[dict[str, Any]]
    written_by: Mapped[str] = mapped_column(sa.String(26))
    written_at: Mapped[datetime]
