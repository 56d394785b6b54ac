"""Staff's notes on a file for one another, and the opening of its sealed answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.models import Application, Note
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.text import clean, new_reference, reference_once
from cohortmgr.programmes.models import Intake

LONGEST = 4000
TAKEN_BACK_WITHIN = timedelta(days=1)
_EMPTY = N_("Écrivez la note.")
_LONG = N_("La note dépasse %(most)s caractères.")
_LATE = N_("Une note se supprime dans la journée, par la personne qui l’a écrite.")


def write(viewer: Viewer, reference: str, text: str, pinned: bool = False, token: str = "") -> Note:
    """Leave a note on a file of a programme that the viewer manages. The same form sent again, by its `token`, leaves
    no second one."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    text = _checked(text)
    own = reference_once(token, viewer.reference, reference, text, str(pinned))
    note = _note(viewer, file.application, text, pinned, None, own)
    try:
        with db.session.begin_nested():
            db.session.add(note)
    except IntegrityError:
        return db.session.scalars(sa.select(Note).where(Note.reference == own)).one()
    _note_written(viewer, file.application, note)
    return note


def write_all(
    viewer: Viewer, files: Sequence[Application], text: str, *, pinned: bool = False, lot: str | None = None
) -> list[Note]:
    """Put the same note on each of these files, which the caller chose by the viewer's rights."""
    text = _checked(text)
    notes = [_note(viewer, row, text, pinned, lot, new_reference()) for row in files]
    db.session.add_all(notes)
    for row, note in zip(files, notes, strict=True):
        _note_written(viewer, row, note)
    return notes


def _checked(text: str) -> str:
    text = clean(text)
    if not text:
        raise Refused(Problem(_EMPTY, {}, "text"))
    if len(text) > LONGEST:
        raise Refused(Problem(_LONG, {"most": LONGEST}, "text"))
    return text


def _note_written(viewer: Viewer, row: Application, note: Note) -> None:
    record(viewer, "applications.note", about(row), after={"note": note.reference})


def _note(viewer: Viewer, row: Application, text: str, pinned: bool, lot: str | None, reference: str) -> Note:
    return Note(
        reference=reference,
        institution_id=row.institution_id,
        application_id=row.id,
        sealed=crypto.seal(text, "notes", "sealed", reference),
        author=viewer.reference,
        author_name=viewer.name or viewer.email,
        pinned=pinned,
        lot=lot,
        written_at=clock.now(),
    )


def pin(viewer: Viewer, reference: str, pinned: bool) -> str:
    """Pin a note above the others, or unpin it. Returns the file's reference."""
    note, row = _found(viewer, reference)
    note.pinned = pinned
    return row.reference


def take_back(viewer: Viewer, reference: str) -> str:
    """Delete one's own note within a day. Returns the file's reference. The trail keeps that there was a
    note."""
    note, row = _found(viewer, reference)
    if not may_take_back(viewer, note):
        raise Refused(_LATE)
    db.session.delete(note)
    after = {"note": note.reference}
    record(viewer, "applications.delete_note", about(row), after=after)
    return row.reference


def may_take_back(viewer: Viewer, note: Note) -> bool:
    """Whether the note is the viewer's own and less than a day old."""
    return note.author == viewer.reference and clock.now() <= note.written_at + TAKEN_BACK_WITHIN


def _found(viewer: Viewer, reference: str) -> tuple[Note, Application]:
    row = db.session.execute(
        sa.select(Note, Application)
        .join(Application, Application.id == Note.application_id)
        .join(Intake, Intake.id == Application.intake_id)
        .where(Note.reference == reference, file_queries.within(viewer, file_queries.MANAGE))
    ).first()
    if row is None:
        raise NotFound(reference)
    return row[0], row[1]


def unseal(viewer: Viewer, reference: str) -> tuple[File, dict[str, Answer]]:
    """The sealed answers of a file that was sent, for those who manage it. The reading is written into the
    trail."""
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    if file.application.state == ApplicationState.DRAFT:  # a draft is for its author alone
        raise NotPermitted(reference)
    opened = file_queries.sealed_answers(file.application)
    record(
        viewer,
        "applications.unseal",
        about_file(viewer, file.application),
        before={},
        after={"questions": sorted(opened)},
    )
    return file, opened
