"""The file that a person joins to a question: examined before the question is asked, and kept while its text is mended.

It is examined as the papers of a file are, but at once: a question has no page to come back to, so whoever asks is told
there and then what is wrong with the file. What is kept is an upload of its person, swept a day later with the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.documents.actions import sandbox, uploads
from cohortmgr.applications.documents.actions.antivirus import ScannerStopped, found_in
from cohortmgr.applications.documents.actions.receiving import checked
from cohortmgr.applications.documents.actions.uploads import Upload
from cohortmgr.applications.documents.cleaning import DocumentPart
from cohortmgr.applications.documents.rules import MOST_PAGES, REASONS
from cohortmgr.audit.actions import about, record
from cohortmgr.base import storage
from cohortmgr.base.db import after_commit
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.messages.helpdesk.rules import ATTACHMENT, ThreadFile
from cohortmgr.programmes.definition.rules import Question, QuestionKind

# How long somebody who waits for a page may wait for their file to be read.
PATIENCE = 12
_ASKED = Question(ATTACHMENT, QuestionKind.FILE, {"fr": ""})
_STOPPED = N_(
    "L’antivirus ne répond pas en ce moment. Envoyez votre question sans le fichier, ou réessayez dans quelques "
    "minutes."
)


@dataclass(frozen=True)
class KeptFile:
    """A file in the storage, waiting for the entry that names it."""

    key: str
    name: str
    size: int
    media_type: str

    @property
    def told(self) -> dict[str, Any]:
        """What the entry says of it, sealed with its text."""
        return {"name": self.name, "size": self.size, "media_type": self.media_type}


def prepare(viewer: Viewer, place: str, name: str, data: bytes) -> Upload:
    """Examine a file for what is asked at `place`, and keep what was made of it. Refused says what is wrong. Slow."""
    data, kind, name = checked(_ASKED, name, data)
    try:
        address = current_app.config["CLAMD"]
        if address and found_in(data, address):
            raise _refused("virus")
        part = DocumentPart("pdf" if kind == "pdf" else "image", data)
        made = sandbox.made_of([part], MOST_PAGES, PATIENCE)
    except ScannerStopped as error:
        raise Refused(Problem(_STOPPED, {}, ATTACHMENT)) from error
    except sandbox.NotTaken as refusal:
        raise _refused(refusal.reason) from refusal
    stem = name.rpartition(".")[0]
    ending = "pdf" if made.kind == "pdf" else "jpg"
    upload = uploads.begin(viewer.person_id or 0, place, ATTACHMENT, f"{stem}.{ending}", len(made.data))
    uploads.append(upload, 0, made.data)
    return upload


def _refused(reason: str) -> Refused:
    return Refused(Problem(REASONS[reason], {}, ATTACHMENT))


def kept(viewer: Viewer, place: str, reference: str) -> Upload | None:
    """The file that was examined for this place before and kept; None if it is another's, or gone after a day."""
    try:
        found = uploads.find(viewer.person_id or 0, reference)
    except NotFound:
        return None
    mine = (found.application, found.question) == (place, ATTACHMENT)
    return found if mine and uploads.offset(found) == found.size else None


def stored(viewer: Viewer, upload: Upload) -> KeptFile:
    """Put a kept file into the storage, for the entry that will name it."""
    data = uploads.whole(upload)
    pdf = upload.name.endswith(".pdf")
    found = storage.store(data)
    return KeptFile(found.key, upload.name, found.size, "application/pdf" if pdf else "image/jpeg")


def drop(viewer: Viewer, given: KeptFile | None) -> None:
    """Delete a file that no entry names, since what it came with was there already."""
    if given is not None:
        after_commit(f"file {given.key}", lambda: storage.delete(given.key))


def read_by_staff(viewer: Viewer, reference: str, entry: str) -> ThreadFile:
    """The file of an entry at the viewer's desk; the reading is noted."""
    question = desk_queries.question_for(viewer, reference)
    found = desk_queries.file_of(question, entry)
    record(viewer, "desk.read_file", about(question, question.subject), after={"entry": entry})
    return found
