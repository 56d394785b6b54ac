"""What staff read about a file beside its answers: notes, lots, and the story of what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.file.models import Application, Note
from cohortmgr.applications.file.queries import READ, within
from cohortmgr.audit.models import Event
from cohortmgr.audit.names import ACTS
from cohortmgr.audit.queries import of_object
from cohortmgr.base import crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound
from cohortmgr.base.hooks import Hook
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.rules import MESSAGE_STATES, MessageState
from cohortmgr.programmes.models import Intake

# Higher rooms register here what they know of a file, for its story: decisions, readings.
told_above: Hook[[Viewer, Application], Iterable[HistoryEntry]] = Hook()
_SENT = N_("Message : %(title)s")


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened to a file: when, what (a msgid with its values), by whom, and a further detail."""

    at: datetime
    what: str
    by: str = ""
    more: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def notes_of(application: Application) -> Sequence[Note]:
    """The notes of a file, the pinned ones first, then the newest."""
    wanted = sa.select(Note).where(Note.application_id == application.id)
    return db.session.scalars(wanted.order_by(Note.pinned.desc(), Note.id.desc())).all()


def note_text(note: Note) -> str:
    """The text of a note."""
    return crypto.unseal(note.sealed, "notes", "sealed", note.reference)


def lot_for(viewer: Viewer, reference: str) -> tuple[BulkAct, Intake]:
    """A lot of an intake whose files the viewer reads, with the intake; NotFound otherwise."""
    row = db.session.execute(
        sa.select(BulkAct, Intake)
        .join(Intake, Intake.id == BulkAct.intake_id)
        .where(BulkAct.reference == reference, within(viewer, READ))
    ).first()
    if row is None:
        raise NotFound(reference)
    return row[0], row[1]


def story(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """What happened to a file, the oldest first: acts from the trail with their authors, messages to its
    person since the file began, and what higher rooms know. The number of statements does not grow with the
    story."""
    events = db.session.scalars(of_object("application", application.reference)).all()
    names = _names({event.actor for event in events}, application)
    acts = [_told(event, names) for event in events]
    letters = (
        sa.select(Message.key, Message.state, Message.due, Message.sent_at)
        .outerjoin(Bundle, Bundle.reference == Message.bundle)
        .where(
            Message.person_id == application.person_id, Message.institution_id == application.institution_id,
            # Earlier messages are about a file in another intake.
            Message.due >= application.created_at,
            # What is held back, or was called off, has not happened: a decision would be known before it is told.
            sa.or_(Bundle.id.is_(None), Bundle.state == "open", Message.sent_at.is_not(None)),
        )
    )  # fmt: skip
    sent = [_letter(row) for row in db.session.execute(letters)]
    above = [told for tell in told_above for told in tell(viewer, application)]
    return sorted([*acts, *sent, *above], key=lambda told: told.at)


def _told(event: Event, names: Mapping[str, str]) -> HistoryEntry:
    return HistoryEntry(event.at, ACTS.get(event.action, event.action), names.get(event.actor, ""))


def _letter(row: sa.Row[*tuple[Any, ...]]) -> HistoryEntry:
    notice = declared.get(row.key)
    state = MESSAGE_STATES.meanings[MessageState(row.state)]
    return HistoryEntry(
        row.sent_at or row.due, _SENT, more=state, values={"title": notice.title if notice else row.key}
    )


def _names(references: set[str], application: Application) -> dict[str, str]:
    """The names of those who acted, by the account's reference; the file's own person is left out."""
    wanted = (
        sa.select(Account.reference, Person.given_name, Person.family_name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.reference.in_(references), Person.id != application.person_id)
    )
    return {row[0]: f"{row[1]} {row[2]}".strip() for row in db.session.execute(wanted)}
