"""What people do with the papers of their application, and what staff note about them.

The current paper of a question is one row. Each change to its parts makes it `received` again: the worker
examines it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers.values import read_value
from cohortmgr.applications.documents import queries
from cohortmgr.applications.documents import queries as documents
from cohortmgr.applications.documents.actions.receiving import PreparedUpload
from cohortmgr.applications.documents.figures import comparable
from cohortmgr.applications.documents.models import FigureCheck
from cohortmgr.applications.documents.rules import MOST_FILES, DocumentState, content_of, files_of, page_files
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.hooks import joins
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, storage
from cohortmgr.base.clock import CASABLANCA
from cohortmgr.base.db import after_commit, db
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.hooks import Hook
from cohortmgr.base.text import new_reference
from cohortmgr.jobs.actions.queue import wake
from cohortmgr.outbox.actions import send
from cohortmgr.programmes.definition.rules import Question, QuestionKind, Window, window_of

QUEUE = "documents"
REMINDED = timedelta(days=2)
# Whether something else reopens a sent file's paper (by its question) to its person: a correction that staff
# asked for.
reopened: Hook[[Application, str], bool] = Hook()

_CLOSED = N_("Ce document ne se change plus : la candidature est envoyée ou close.")


def question_of(viewer: Viewer, file: File, key: str) -> Question:
    """The file question of that key; NotFound when the form has none, or does not ask it yet."""
    try:
        question = file.definition.form.question(key)
    except KeyError:
        raise NotFound(key) from None
    if question.kind is not QuestionKind.FILE:
        raise NotFound(key)
    if not question.asked_at_application and key not in file.documents and not joins(file.application):
        raise NotFound(key)
    return question


def prepare_change(viewer: Viewer, reference: str, key: str) -> tuple[File, Question]:
    """The viewer's own file and its question of that key, if its paper may be sent now; else Refused."""
    file = file_queries.own(viewer, reference)
    question = question_of(viewer, file, key)
    if not may_send(viewer, file, key):
        raise Refused(Problem(_CLOSED, {}, key))
    return file, question


def may_send(viewer: Viewer, file: File, key: str) -> bool:
    """Whether a paper may be sent: in an open draft; later only if refused, still owed or reopened.

    A paper that is asked for once a seat is accepted may be sent, also again, while the person holds it.
    """
    application, intake = file.application, file.intake
    if not file.definition.form.question(key).asked_at_application:
        return application.state == ApplicationState.SUBMITTED and joins(application)
    if application.state == ApplicationState.DRAFT:
        return window_of(intake.opens_at, file.closes_at, clock.arrived()) is Window.OPEN
    if application.state != ApplicationState.SUBMITTED:
        return False
    standing = file.documents.get(key)
    owed = standing is not None and standing.state in (DocumentState.REFUSED, DocumentState.PROMISED)
    return owed or any(asks(application, key) for asks in reopened)


def arrived(
    viewer: Viewer, reference: str, key: str, contents: Collection[tuple[str | None, str]], name: str = ""
) -> Document | None:
    """The viewer's paper, if it holds these files or the sending of this name already; else None.

    Asked when the paper is closed: a paper that was owed is closed by its own sending, and whoever did not get the
    answer to that sends it again."""
    standing = file_queries.own(viewer, reference).documents.get(key)
    parts = [each for each in standing.parts if "reason" not in each] if standing is not None else []
    by_name = bool(name) and any(each.get("sending") == name for each in parts)
    by_content = bool(contents) and set(contents) <= set(map(content_of, parts))
    return standing if by_name or by_content else None


def attach(
    viewer: Viewer, reference: str, prepared: PreparedUpload, add: bool = False, name: str = ""
) -> Document:
    """Make a stored file the answer to its question: in place of what was there, or with `add` after it.

    `name` tells one sending from another: the same name a second time changes nothing. Nor does a file that is there
    already under its name, byte for byte: a button pressed twice sends it twice.
    """
    try:
        file, question = prepare_change(viewer, reference, prepared.question)
    except Refused:
        there = arrived(viewer, reference, prepared.question, [content_of(prepared.part)], name)
        if there is None:
            raise
        _forget([prepared.stored.key])
        return there
    before = _held(file.documents.get(question.key))
    if before is not None and name and any(part.get("sending") == name for part in before.parts):
        _forget([prepared.stored.key])
        return before
    part = {**prepared.part, "sending": name} if name else prepared.part
    good = [each for each in before.parts if "reason" not in each] if before is not None else []
    if before is None or not (add and good):
        return _noted(viewer, file, join(viewer, file.application, before, prepared.question, [part]))
    if content_of(part) in map(content_of, good):
        _forget([prepared.stored.key])
        return before
    most = question.max_files or MOST_FILES
    if len(good) >= most:
        what = N_("Ce document a déjà %(most)s fichiers : retirez-en un d’abord.")
        raise Refused(Problem(what, {"most": most}, question.key))
    return _noted(viewer, file, _changed(before, [*good, part]))


def join(
    viewer: Viewer, application: Application, before: Document | None, question: str, parts: Sequence[Any]
) -> Document:
    """Make a new current paper; the one before is kept as replaced. The caller has loaded the application."""
    moment = clock.now()
    if before is not None:
        before.replaced_at = moment
    row = Document(
        reference=new_reference(),
        institution_id=application.institution_id,
        person_id=application.person_id,
        application_id=application.id,
        question=question,
        uploaded_at=moment,
    )
    _received(row, parts, moment)
    db.session.add(row)
    return row


def _received(row: Document, parts: Sequence[Any], moment: datetime) -> None:
    row.state, row.reason, row.parts = DocumentState.RECEIVED, None, list(parts)
    row.filename = parts[0]["name"]
    row.size = sum(part["size"] for part in parts)
    row.due, row.lease_until, row.tries = moment, None, 0
    row.promised_for = None
    wake(QUEUE)


def _changed(row: Document, parts: Sequence[Any]) -> Document:
    """Give the paper other parts; nothing of it is shown until the worker has put it together again."""
    _forget({*_made(row), *files_of(row.parts)} - files_of(parts))
    row.storage_key, row.sha256 = None, ""
    row.pages, row.narrow_pages, row.drawn = [], [], False
    row.uploaded_at = clock.now()
    row.original_seen_at = row.original_seen_by = None
    _received(row, parts, row.uploaded_at)
    return row


def _made(row: Document) -> list[str]:
    """The files that the worker made of all parts together."""
    return [*page_files(row.pages, row.narrow_pages), *([row.storage_key] if row.storage_key else [])]


def _forget(keys: Iterable[str]) -> None:
    """Delete files of the storage once the change is committed."""
    for key in keys:
        after_commit(f"file {key}", lambda key=key: storage.delete(key))  # type: ignore[misc]


def _held(row: Document | None) -> Document | None:
    """The row as it is now, locked until the commit, so that two photos sent at once both come in."""
    if row is not None:
        db.session.refresh(row, with_for_update=True)
    return row


def _noted(viewer: Viewer, file: File, row: Document) -> Document:
    """Note a change in the trail, if the application is sent; a draft is still its author's alone."""
    if file.application.state != ApplicationState.DRAFT:
        subject = viewer.person_reference
        record(
            viewer,
            "applications.attach",
            about(file.application, subject),
            before={},
            after={"document": row.reference, "question": row.question},
        )
    return row


def move(viewer: Viewer, reference: str, key: str, part: str, step: int) -> Document:
    """Move a part of a paper up (-1) or down (1) by one place; at the edge it stays."""
    row = _standing(viewer, reference, key)
    parts = list(row.parts)
    place = _place(parts, part)
    other = place + step
    if not 0 <= other < len(parts):
        return row
    parts[place], parts[other] = parts[other], parts[place]
    return _changed(row, parts)


def remove(viewer: Viewer, reference: str, key: str, part: str) -> Document | None:
    """Take a part out of a paper; a part that is gone already changes nothing.

    Returns None if no part is left: the question is then unanswered again."""
    row = _standing(viewer, reference, key)
    parts = [each for each in row.parts if each["key"] != part]
    if len(parts) == len(row.parts):
        return row
    if parts:
        return _changed(row, parts)
    _forget({*_made(row), *files_of(row.parts)})
    row.parts, row.pages, row.narrow_pages, row.storage_key = [], [], [], None
    row.replaced_at = clock.now()
    return None


def _standing(viewer: Viewer, reference: str, key: str) -> Document:
    file, _ = prepare_change(viewer, reference, key)
    row = _held(file.documents.get(key))
    if row is None or row.replaced_at is not None:
        raise NotFound(key)
    return row


def _place(parts: Sequence[Any], key: str) -> int:
    for place, part in enumerate(parts):
        if part["key"] == key:
            return place
    raise NotFound(key)


def promise(viewer: Viewer, reference: str, key: str, day: date) -> Document:
    """Promise a paper for a day, at most the definition's days after the close. One already sent stays."""
    file, question = prepare_change(viewer, reference, key)
    last = promise_end(viewer, file, question)
    if last is None:
        raise Refused(Problem(N_("Ce document ne peut pas être promis : il se joint maintenant."), {}, key))
    if not clock.today() <= day <= last:
        what = N_("Choisissez un jour entre aujourd’hui et le %(last)s.")
        raise Refused(Problem(what, {"last": last}, "promised_for"))
    row = _held(file.documents.get(key))
    if row is not None and row.state not in (DocumentState.PROMISED, DocumentState.REFUSED):
        return row
    if row is None or row.state == DocumentState.REFUSED:
        row = join(viewer, file.application, row, key, [{"key": "", "name": "", "size": 0}])
    row.state, row.parts, row.due, row.promised_for = DocumentState.PROMISED, [], None, day
    _remind(viewer, file, question, day)
    return _noted(viewer, file, row)


def _remind(viewer: Viewer, file: File, question: Question, day: date) -> None:
    """Write a reminder that leaves two days before the promised day, if the paper is still owed then."""
    application = file.application
    variables = {
        "name": application.name,
        "programme": dict(file.definition.title),
        "document": dict(question.label),
        "day": day,
        "reference": application.reference,
        "question": question.key,
    }
    due = datetime.combine(day - REMINDED, time(9), CASABLANCA)
    if due > clock.now():
        place = (application.institution_id, application.person_id)
        address = application.email or viewer.email
        send(
            "document_awaited",
            viewer.person_reference or "",
            address,
            application.language,
            variables,
            *place,
            due,
        )


def promise_end(viewer: Viewer, file: File, question: Question) -> date | None:
    """The last day for which a paper may be promised; None if it may not be promised."""
    if question.promise_days is None or not question.asked_at_application:
        return None
    closing = file.closes_at.astimezone(CASABLANCA).date()
    return closing + timedelta(days=question.promise_days)


def check_figure(viewer: Viewer, reference: str, key: str, read: str) -> FigureCheck:
    """Note what staff read on a paper, beside what was declared; the note holds until one of the two changes.

    Refused for a paper that was replaced: reading it would undo the reading of the current one."""
    document, application = queries.document(viewer, reference)
    file = _decided_by(viewer, application)
    if document.replaced_at is not None:
        raise Refused(Problem(_REPLACED, {}, key))
    question = next((each for each in checked_questions(viewer, file, document) if each.key == key), None)
    declared = file.application.answers.get(key)
    if question is None or declared is None or document.state != DocumentState.CLEAN:
        raise NotFound(key)
    value = read_value(question, read, clock.today()) if read.strip() else Problem(_WRITE, {}, key)
    if isinstance(value, Problem):
        raise Refused(value)
    row = FigureCheck(
        institution_id=application.institution_id,
        person_id=application.person_id,
        application_id=application.id,
        question=key,
        declared=comparable(declared),
        read=comparable(value),
        sha256=document.sha256,
        by=viewer.reference,
        at=clock.now(),
    )
    db.session.add(row)
    after = {"question": key, "declared": row.declared, "read": row.read, "document": document.reference}
    record(viewer, "applications.check_figure", about_file(viewer, application), before={}, after=after)
    return row


_WRITE = N_("Écrivez ce que vous lisez sur le document.")
_REPLACED = N_("Ce document a été remplacé depuis : lisez celui qui est venu à sa place.")


def checked_questions(viewer: Viewer, file: File, document: Document) -> list[Question]:
    """The questions whose figures are read on this paper."""
    form = file.definition.form
    return [each for each in form.questions if each.proof == document.question and not each.sealed]


def see_original(viewer: Viewer, reference: str) -> Document:
    """Note that staff saw the original paper at a desk; a second time changes nothing."""
    document, application = queries.document(viewer, reference)
    _decided_by(viewer, application)
    if document.state != DocumentState.CLEAN or document.replaced_at is not None:
        raise NotFound(reference)
    if document.original_seen_at is None:
        document.original_seen_at, document.original_seen_by = clock.now(), viewer.reference
        record(
            viewer,
            "applications.see_original",
            about_file(viewer, application),
            before={},
            after={"document": document.reference},
        )
    return document


def _decided_by(viewer: Viewer, application: Application) -> File:
    file = file_queries.read_by_staff(viewer, application.reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    if application.state == ApplicationState.DRAFT:
        raise NotPermitted(application.reference)
    return file


def read_document(viewer: Viewer, reference: str) -> Document:
    """A document for the viewer to read; a reading by staff is noted, the person's own is not."""
    document, application = documents.document(viewer, reference)
    if document.storage_key is None:  # not examined yet, or refused
        raise NotFound(reference)
    if application.person_id != viewer.person_id:
        if application.state == ApplicationState.DRAFT:
            raise NotPermitted(reference)
        record(
            viewer,
            "applications.read_document",
            about_file(viewer, application),
            before={},
            after={"document": document.reference},
        )
    return document
