"""The worker's tasks on papers: it takes one after the other, has it scanned and rewritten, notes the result.

Until then nothing of a paper is served. If a paper is taken twice, only who holds its present lease decides.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import sqlalchemy as sa
from flask import current_app

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.documents import hooks
from cohortmgr.applications.documents.actions import sandbox, uploads
from cohortmgr.applications.documents.actions.antivirus import ScannerStopped, found_in
from cohortmgr.applications.documents.cleaning import DocumentPart
from cohortmgr.applications.documents.rules import MOST_PAGES, MOST_SMALL, DocumentState, files_of, page_files
from cohortmgr.applications.file.models import Application, Document
from cohortmgr.applications.file.queries import person_reference
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto, storage
from cohortmgr.base.databases.ailing import ailment_of
from cohortmgr.base.db import after_commit, db, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.outbox.actions import send
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

DOCUMENT_REMINDER = "document_awaited"
LEASE = timedelta(minutes=3)
# If the scanner is stopped, it is asked again. A paper whose examination broke off three times is refused.
SCANNER_PAUSE, FAULT_PAUSE = timedelta(minutes=1), timedelta(minutes=2)
MOST_TRIES = 3
# Seconds after which the result is noted again while the database is away or locked: a start without a result counts.
NOTED_AGAIN = (2, 10, 30)
WAITING = (DocumentState.RECEIVED.value, DocumentState.ASIDE.value)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DocumentClaim:
    """A paper that this worker holds until `lease`. `pages` are the pictures that give way to those that it makes."""

    id: int
    lease: datetime
    parts: list[dict[str, Any]]
    most_pages: int
    tries: int
    pages: Sequence[str] = ()


def anything_waits() -> bool:
    """Whether a paper is due; takes no lock."""
    return db.session.scalar(sa.select(Document.id).where(*_due(clock.now())).limit(1)) is not None


def _due(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    free = sa.or_(Document.lease_until.is_(None), Document.lease_until < moment)
    return (Document.state.in_(WAITING), Document.due <= moment, free, Document.replaced_at.is_(None))


def examine(_stopping: Stopping) -> bool:
    """Examine one due paper, or else draw the pages of one that was examined before there were pictures of them; False
    when none waits, so that the worker comes back at the next wake or minute."""
    return examine_next() or draw_next()


def forget_uploads(_stopping: Stopping) -> None:
    """Forget the uploads that nobody finished within a day."""
    uploads.sweep()


def examine_next() -> bool:
    """Take one due paper, examine it and record what came of it; False when none is due."""
    if not anything_waits():
        return False
    with writing():
        claim = _claim()
    if claim is None:
        return False
    _note(claim, _outcome(claim))
    return True


def _note(claim: DocumentClaim, outcome: Mapping[str, Any]) -> None:
    """Record what came of a paper, again after a while if the database is away."""
    for wait in (*NOTED_AGAIN, None):
        try:
            with writing():
                _end(claim, outcome)
            return
        except sa.exc.OperationalError as failure:
            if wait is None:
                raise
            _log.warning("what became of document %s is noted in %s s: %s", claim.id, wait, type(failure))
            sleep(wait)


def draw_next() -> bool:
    """Draw the pages of one paper that was examined when there were no narrow pictures: the newest that somebody reads
    now, or else the newest. False if there is none."""
    if _undrawn() is None:
        return False
    with writing():
        claim = _claim_undrawn()
    if claim is None:
        return False
    _note(claim, _outcome_of_drawing(claim))
    return True


def _undrawn(*, lock: bool = False) -> Document | None:
    moment = clock.now()
    is_free = sa.or_(Document.lease_until.is_(None), Document.lease_until < moment)
    is_due = sa.or_(Document.due.is_(None), Document.due <= moment)
    waits = (Document.state == DocumentState.CLEAN.value, Document.drawn.is_(False))
    chosen = sa.select(Document).where(*waits, Document.replaced_at.is_(None), is_free, is_due)
    if hooks.read_now:
        chosen = chosen.order_by(Document.application_id.in_(hooks.read_now()).desc())
    chosen = chosen.order_by(Document.id.desc()).limit(1)
    if lock:
        chosen = chosen.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return db.session.scalar(chosen)


def _claim_undrawn() -> DocumentClaim | None:
    row = _undrawn(lock=True)
    if row is None:
        return None
    row.lease_until, row.tries = clock.now() + LEASE, row.tries + 1
    kind = "pdf" if row.media_type == "application/pdf" else "image"
    whole = {"key": row.storage_key, "kind": kind, "clean": True}
    most = max(MOST_PAGES, len(row.pages), sum(part.get("pages", 0) for part in row.parts))
    pages = page_files(row.pages, row.narrow_pages)
    return DocumentClaim(row.id, row.lease_until, [whole], most, row.tries, pages)


def _outcome_of_drawing(claim: DocumentClaim) -> Mapping[str, Any]:
    """Draw the pages of a paper; returns the columns that its row gets. Slow. If it cannot be drawn its readers open
    the file itself; it was read once, when it came, so that nobody is told that it is refused."""
    whole = claim.parts[0]
    try:
        if claim.tries > 2 * MOST_TRIES:  # with those of its examination
            return {"drawn": True, "due": None}
        part = DocumentPart(whole["kind"], storage.load(whole["key"]), True)
        return {"due": None, **_pictures(sandbox.made_of([part], claim.most_pages))}
    except (sandbox.NotTaken, FileNotFoundError) as failure:
        _log.warning("the pages of document %s cannot be drawn: %s", claim.id, failure)
        return {"drawn": True, "due": None}
    except Exception as failure:  # the paper waits, and the log says why
        _log.exception("the pages of document %s could not be drawn", claim.id)
        return {"due": clock.now() + FAULT_PAUSE, "tries": claim.tries - _is_ours(failure)}


def _is_ours(failure: Exception) -> bool:
    """Whether the machine failed and not the paper: a full disk, files that are away, a key that this machine lacks.
    That never counts, for whoever sent it would be told that it is too heavy, and their file is deleted."""
    return isinstance(failure, crypto.CannotUnseal) or ailment_of(failure) is not None


def _claim() -> DocumentClaim | None:
    moment = clock.now()
    first = sa.select(Document.id).where(*_due(moment)).order_by(Document.due, Document.id).limit(1)
    found = db.session.scalar(first.with_for_update(skip_locked=True))
    if found is None:
        return None
    row = db.session.get_one(Document, found, populate_existing=True)
    row.lease_until, row.tries = moment + LEASE, row.tries + 1
    return DocumentClaim(row.id, row.lease_until, list(row.parts), _most_pages(row), row.tries)


def _most_pages(row: Document) -> int:
    """How many pages the intake's definition allows for this paper."""
    intake = db.session.scalars(
        sa.select(Intake)
        .join(Application, Application.intake_id == Intake.id)
        .where(Application.id == row.application_id)
    ).one()
    questions = {each.key: each for each in definition_of(intake).form.questions}
    question = questions.get(row.question)
    return (question and question.max_pages) or MOST_PAGES


def _outcome(claim: DocumentClaim) -> Mapping[str, Any]:
    """Examine a paper; returns the columns that its row gets. Slow, so not inside a transaction."""
    moment = clock.now()
    if claim.tries > MOST_TRIES:
        return _refused(claim.parts, "too_heavy")
    try:
        data = [storage.load(part["key"]) for part in claim.parts]
        found = _infected(claim.parts, data)
        if found is not None:
            return _refused(claim.parts, "virus", found)
        given = [
            DocumentPart(_kind(part), blob, bool(part["clean"]))
            for part, blob in zip(claim.parts, data, strict=True)
        ]
        return _clean(claim.parts, sandbox.made_of(given, claim.most_pages))
    except ScannerStopped as stopped:
        _log.warning("the virus scanner does not answer: %s", stopped)
        return {"state": DocumentState.ASIDE, "due": moment + SCANNER_PAUSE, "tries": claim.tries - 1}
    except sandbox.NotTaken as refusal:
        return _refused(claim.parts, refusal.reason, refusal.part)
    except Exception as failure:  # the paper waits, and the log says why
        _log.exception("document %s could not be examined", claim.id)
        return {"due": moment + FAULT_PAUSE, "tries": claim.tries - _is_ours(failure)}


def _infected(parts: Iterable[Mapping[str, Any]], data: Iterable[bytes]) -> int | None:
    """The index of the first part in which the scanner finds a virus; None if in none, or without a scanner.

    Parts that were examined before are skipped."""
    address = current_app.config["CLAMD"]
    if not address:
        return None
    for place, (part, blob) in enumerate(zip(parts, data, strict=True)):
        if not part["clean"] and found_in(blob, address):
            return place
    return None


def _kind(part: Mapping[str, Any]) -> str:
    return "pdf" if part["kind"] == "pdf" else "image"


def _refused(parts: list[dict[str, Any]], reason: str, part: int | None = None) -> Mapping[str, Any]:
    """The columns of a refused paper. Of several files only the one at fault is marked: the others stay, so
    that one photo is taken again and not all."""
    marked = [{**each, "reason": reason} if place == part else each for place, each in enumerate(parts)]
    kept = marked if len(parts) > 1 else []
    return {"state": DocumentState.REFUSED, "reason": reason, "due": None, "parts": kept}


def _clean(parts: list[dict[str, Any]], made: sandbox.CleanedDocument) -> Mapping[str, Any]:
    """Store what was made; returns the columns of the paper's row that name it in place of what was sent."""
    kept, first = [], 0
    for part, new, count in zip(parts, made.parts, made.counts, strict=True):
        kept.append(_part(part, new, range(first, first + count), made))
        first += count
    whole = storage.store(made.data)
    kind = "pdf" if made.kind == "pdf" else "jpg"
    stem = parts[0]["name"].rpartition(".")[0] or parts[0]["name"]
    return {
        "state": DocumentState.CLEAN,
        "reason": None,
        "due": None,
        "parts": kept,
        **_pictures(made),
        "storage_key": whole.key,
        "sha256": whole.sha256,
        "size": whole.size,
        "filename": f"{stem}.{kind}",
        "media_type": "application/pdf" if kind == "pdf" else "image/jpeg",
    }


def _pictures(made: sandbox.CleanedDocument) -> dict[str, Any]:
    """Store the pictures of the pages; returns the columns that name them."""
    narrow = [
        {"key": storage.store(page).key, "width": width, "height": height}
        for page, (width, height) in zip(made.narrow, made.shapes, strict=True)
    ]
    wide = [storage.store(page).key for page in made.pages]
    return {"pages": wide, "narrow_pages": narrow, "drawn": True}


def _part(
    part: Mapping[str, Any], new: DocumentPart, pages: range, made: sandbox.CleanedDocument
) -> dict[str, Any]:
    """The part as it is kept. `pages` are the places of its pages among those of all that was made."""
    told = {} if "small" in part else _looks(pages, made)
    if part["clean"]:
        return {**part, **told}
    stored = storage.store(new.data)
    kind = "pdf" if new.kind == "pdf" else "jpg"
    return {**part, "key": stored.key, "kind": kind, "clean": True, "pages": len(pages), **told}


def _looks(pages: range, made: sandbox.CleanedDocument) -> dict[str, Any]:
    """Store small pictures of a part's first pages; returns their keys, and its blank pages, from 1 on."""
    small = [storage.store(made.small[place]).key for place in pages[:MOST_SMALL]]
    return {"small": small, "blank": [place - pages[0] + 1 for place in made.blank if place in pages]}


def _end(claim: DocumentClaim, outcome: Mapping[str, Any]) -> None:
    """Write the outcome if this claim still holds the paper; delete the files that are then of no use."""
    row = db.session.scalar(
        sa.select(Document)
        .where(Document.id == claim.id, Document.lease_until == claim.lease)
        .execution_options(populate_existing=True)
        .with_for_update()
    )
    if row is None or row.replaced_at is not None:
        _drop(_made(outcome, claim))
        if row is not None:
            row.lease_until = None
        return
    for name, value in outcome.items():
        setattr(row, name, value)
    row.lease_until = None
    if "pages" in outcome:
        _drop(claim.pages)
    if row.state == DocumentState.CLEAN and "parts" in outcome:
        _drop(files_of(claim.parts) - files_of(row.parts))
    elif row.state == DocumentState.REFUSED:
        _drop(files_of(claim.parts) - files_of(part for part in row.parts if "reason" not in part))
        _tell(row)


def _made(outcome: Mapping[str, Any], claim: DocumentClaim) -> list[str]:
    """The keys of the files that an outcome brought into the storage."""
    parts = files_of(outcome.get("parts", [])) - files_of(claim.parts)
    pages = page_files(outcome.get("pages", []), outcome.get("narrow_pages", []))
    return [*parts, *pages, *filter(None, [outcome.get("storage_key")])]


def _drop(keys: Iterable[str]) -> None:
    for key in keys:
        after_commit(f"file {key}", lambda key=key: storage.delete(key))  # type: ignore[misc]


def still_owed(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """For each reminder, whether it still holds: the paper is still promised for that day and has not come.
    One statement for all."""
    names = sorted({variables["reference"] for variables in asked})
    owed = (
        Application.reference.in_(names),
        Document.state == DocumentState.PROMISED.value,
        Document.replaced_at.is_(None),
    )
    columns = (Application.reference, Document.question, Document.promised_for)
    papers = sa.select(*columns).join(Application, Application.id == Document.application_id).where(*owed)
    open_ones = {tuple(row) for row in db.session.execute(papers)}
    return [(each["reference"], each["question"], each["day"]) in open_ones for each in asked]


def _tell(row: Document) -> None:
    """Note the refusal in the trail. If the application is sent, write to its person, who is not looking at
    the application any longer."""
    application = db.session.get_one(Application, row.application_id)
    person = person_reference(application)
    what = about(application, person)
    record(SYSTEM, "applications.refuse_document", what, before={}, after={"reason": row.reason})
    if application.state != ApplicationState.SUBMITTED:
        return
    intake = db.session.get_one(Intake, application.intake_id)
    definition = definition_of(intake)
    label = next((q.label for q in definition.form.questions if q.key == row.question), {"fr": row.question})
    variables = {
        "name": application.name,
        "programme": dict(definition.title),
        "document": dict(label),
        "reference": application.reference,
    }
    send(
        "document_refused",
        person,
        application.email or "",  # whoever gave a number alone is told by SMS
        application.language,
        variables,
        application.institution_id,
        application.person_id,
    )


# What the worker does of this, and every how many seconds.
WORKS = (
    # One at a time: a process of its own takes each paper apart, and keeps a processor busy for seconds.
    Work("drain.documents", examine, queue="documents", every=60, repeated=True, at_once=1),
    Work("sweep.uploads", forget_uploads, queue="documents", every=60),
)
