"""What staff read about a person beside the answers: the head of their page, notes, lots, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.desk.history import READINGS, HistoryEntry, questions_in, told_newest_first
from cohortmgr.applications.desk.models import BulkAct
from cohortmgr.applications.file.models import Application, Document, Note
from cohortmgr.applications.file.queries import READ, File, within
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.models import Event
from cohortmgr.audit.names import ACTS
from cohortmgr.audit.queries import of_object, values_of_all
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem
from cohortmgr.base.hooks import Hook
from cohortmgr.base.registries.person_page import PersonPage, PersonTab, ShownMark
from cohortmgr.outbox.models import Bundle, Message
from cohortmgr.outbox.notices import declared
from cohortmgr.outbox.rules import MESSAGE_STATES, MessageState
from cohortmgr.programmes.models import Intake

# Higher rooms register here what they know of a file, for its story: decisions, readings, pay.
told_above: Hook[[Viewer, Application], Iterable[HistoryEntry]] = Hook()
MOST_TOLD = 200
"""Of so many acts, and so many messages, the page tells; of more it says that there are more."""
_SENT = N_("Message : %(title)s")


@dataclass(frozen=True)
class PersonHead:
    """Who a page is about: the person, their name in Arabic if they gave one, what rooms say beside it, and the tabs
    that the viewer may open and that have something to tell."""

    person: Person
    marks: Sequence[ShownMark]
    tabs: Sequence[PersonTab[Any, Any]]

    @property
    def name_in_arabic(self) -> str:
        """The person's Arabic name, empty if there is none."""
        return f"{self.person.given_name_ar} {self.person.family_name_ar}".strip()


def head_of(viewer: Viewer, file: File, page: PersonPage) -> PersonHead:
    """Return the head of a person's page, in one statement: what the rooms ask of a file are parts of it."""

    def holds(permission: str) -> bool:
        return allows(viewer, permission, file.intake.path)

    tabs, marks = page.tabs_for(holds, file.definition), page.marks_for(holds)
    there = {tab.name: tab.is_there(viewer, file) for tab in tabs if tab.is_there is not None}
    asked = [each.label(f"tab_{name}") for name, each in there.items()]
    asked += [mark.ask(viewer, file).label(f"mark_{index}") for index, mark in enumerate(marks)]
    row = db.session.execute(sa.select(Person, *asked).where(Person.id == file.application.person_id)).one()
    shown = [mark.show(getattr(row, f"mark_{index}")) for index, mark in enumerate(marks)]
    return PersonHead(
        row[0],
        [mark for mark in shown if mark is not None],
        [tab for tab in tabs if tab.name not in there or getattr(row, f"tab_{tab.name}")],
    )


def contacts_of(person: Person, application: Application) -> list[Contact]:
    """Return the telephone and the address of a file's person, opened. None of a draft's, which is for its person
    alone. What shows them whole is an act that the trail notes; a page shows their ends."""
    if application.state == ApplicationState.DRAFT:
        return []
    found = []
    if person.phone_sealed is not None:
        number = crypto.unseal(person.phone_sealed, "persons", "phone", person.reference)
        found.append(Contact(SMS, number))
    if address := application.email or person.email:
        found.append(Contact(EMAIL, address))
    return found


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


@dataclass(frozen=True)
class Story:
    """What happened to a file, the newest first; `is_cut` if there is more than is told."""

    entries: Sequence[HistoryEntry]
    is_cut: bool


def story(viewer: Viewer, file: File) -> Story:
    """Return what happened to a file: acts from the trail with their authors and what they were about, messages to its
    person since the file began, and what higher rooms know. The number of statements does not grow with the story."""
    application = file.application
    newest = of_object("application", application.reference).order_by(None)
    newest = newest.order_by(Event.at.desc(), Event.id.desc()).limit(MOST_TOLD + 1)
    events, letters = db.session.scalars(newest).all(), db.session.execute(_letters(application)).all()
    # The oldest first, so that what happened in one moment keeps its order.
    acts = _acts(file, events[:MOST_TOLD][::-1])
    sent = [_letter(row) for row in letters[:MOST_TOLD][::-1]]
    above = [told for tell in told_above for told in tell(viewer, application)]
    begun = HistoryEntry(application.created_at, N_("Dossier créé"))
    told = told_newest_first([begun, *acts, *sent, *above])
    return Story(told, max(len(events), len(letters)) > MOST_TOLD)


def _letters(application: Application) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Message.key, Message.state, Message.due, Message.sent_at)
        .outerjoin(Bundle, Bundle.reference == Message.bundle)
        .where(
            Message.person_id == application.person_id, Message.institution_id == application.institution_id,
            # Earlier messages are about a file in another intake.
            Message.due >= application.created_at,
            # What is held back, or was called off, has not happened: a decision would be known before it is told.
            sa.or_(Bundle.id.is_(None), Bundle.state == "open", Message.sent_at.is_not(None)),
        )
        .order_by(Message.due.desc(), Message.id.desc())
        .limit(MOST_TOLD + 1)
    )  # fmt: skip


def _acts(file: File, events: Sequence[Event]) -> list[HistoryEntry]:
    """The acts of the trail, each with what it was about: its questions, or the question of its paper."""
    names = _names({event.actor for event in events}, file.application)
    papers = _papers(file.application)
    labels = {each.key: each.label for each in file.definition.form.questions}
    found = []
    for event, values in zip(events, values_of_all(events), strict=True):
        about = tuple(labels[key] for key in questions_in(values, papers) if key in labels)
        what = ACTS.get(event.action, event.action)
        quiet = event.action in READINGS
        found.append(HistoryEntry(event.at, what, names.get(event.actor, ""), about=about, quiet=quiet))
    return found


def _papers(application: Application) -> dict[str, str]:
    """The question that each paper of a file answers, or answered, by the paper's reference."""
    rows = sa.select(Document.reference, Document.question).where(Document.application_id == application.id)
    return {row.reference: row.question for row in db.session.execute(rows)}


def _letter(row: sa.Row[*tuple[Any, ...]]) -> HistoryEntry:
    notice, state = declared.get(row.key), MessageState(row.state)
    what = Problem(_SENT, {"title": Problem(notice.title) if notice else row.key})
    quiet = state is MessageState.DROPPED or (row.sent_at is None and row.due > clock.now())
    # Of what went as it should, its moment says enough.
    more = "" if state is MessageState.SENT else MESSAGE_STATES.meanings[state]
    return HistoryEntry(row.sent_at or row.due, what, more=more, quiet=quiet)


def _names(references: set[str], application: Application) -> dict[str, str]:
    """The names of those who acted, by the account's reference; the file's own person is left out."""
    wanted = (
        sa.select(Account.reference, Person.given_name, Person.family_name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.reference.in_(references), Person.id != application.person_id)
    )
    return {row[0]: f"{row[1]} {row[2]}".strip() for row in db.session.execute(wanted)}
