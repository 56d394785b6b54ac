"""The candidate's pages of a paper: send it, also in pieces, order or remove its parts, promise it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.answers.composed import read_given
from cohortmgr.applications.documents import queries
from cohortmgr.applications.documents.actions import papers as document_papers
from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.actions.receiving import (
    PreparedUpload,
    checked,
    most_bytes,
    prepare_document,
    require_size,
)
from cohortmgr.applications.documents.actions.uploads import Upload
from cohortmgr.applications.documents.rules import (
    DOCUMENT_STATES,
    MOST_FILES,
    MOST_SENT,
    REASONS,
    STATE_KINDS,
    DocumentState,
    look_of,
    shapes_of,
    unpictured,
)
from cohortmgr.applications.documents.views.pictures import picture, small_picture
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Document
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.i18n import say
from cohortmgr.base.web.asked import number_in_header, number_sent
from cohortmgr.base.web.bodies import arrived
from cohortmgr.base.web.responses import local_target
from cohortmgr.programmes.definition.rules import Question, QuestionKind

# The day of a promise is typed and read as every other day of the form is.
_PROMISED = Question("promised_for", QuestionKind.DATE, {})

candidate_bp = Blueprint("documents_candidate", __name__)


@candidate_bp.url_value_preprocessor
def _room_for_photos(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Allow several photos that no script has shrunk. The token of a form is looked for before its page is asked, so
    this is set before anything reads the form."""
    if endpoint == "documents_candidate.paper" and request.method == "POST":
        request.max_content_length = max(current_app.config["MAX_CONTENT_LENGTH"], MOST_SENT)


@candidate_bp.route("/my/applications/<reference>/documents/<question>", methods=["GET", "POST"])
@guards.candidate
def paper(reference: str, question: str) -> ResponseReturnValue:
    """Show a paper: what was sent, its pages as staff read them, what may still be done. POST takes files. `next` is
    the page from which one came, and to which one goes back."""
    viewer = guards.viewer()
    if request.method == "GET":
        return _paper_page(file_queries.own(viewer, reference), question, [])
    try:
        _file, asked = document_papers.prepare_change(viewer, reference, question)
    except Refused:
        if not _is_there(viewer, reference, question):
            raise
        return redirect(_address(reference, question))
    prepared, problems = _prepared(asked)
    add = request.form.get("way") == "add"
    try:
        with writing():
            for place, each in enumerate(prepared):
                document_papers.attach(viewer, reference, each, add=add or place > 0)
    except Refused as refusal:
        problems += refusal.problems
    if problems:
        return _paper_page(file_queries.own(viewer, reference), question, problems)
    return redirect(_address(reference, question))


def _address(reference: str, question: str) -> str:
    """The address of a paper's page, from which the same page leads back as before."""
    came = local_target(request.args.get("next"))
    return url_for(".paper", reference=reference, question=question, next=came)


def _prepared(question: Question) -> tuple[list[PreparedUpload], list[Problem]]:
    found: list[PreparedUpload] = []
    problems: list[Problem] = []
    for sent in request.files.getlist("files")[: question.max_files or MOST_FILES]:
        if not sent.filename:
            continue
        data = sent.stream.read()
        sent.close()
        try:
            found.append(prepare_document(question, sent.filename, data))
        except Refused as refusal:
            problems.extend(refusal.problems)
    if not found and not problems:
        problems.append(Problem(N_("Choisissez un fichier ou une photo."), {}, question.key))
    return found, problems


def _is_there(viewer: Viewer, reference: str, key: str) -> bool:
    """Whether the files of a form arrived before: it was sent twice, or its first answer was lost."""
    question = document_papers.question_of(viewer, file_queries.own(viewer, reference), key)
    contents = []
    for sent in filter(attrgetter("filename"), request.files.getlist("files")):
        data, _kind, name = checked(question, sent.filename or "", sent.stream.read())
        contents.append((hashlib.sha256(data).hexdigest(), name))
    return document_papers.arrived(viewer, reference, key, contents) is not None


def _paper_page(file: File, key: str, problems: Sequence[Problem]) -> ResponseReturnValue:
    viewer = guards.viewer()
    question = document_papers.question_of(viewer, file, key)
    document = file.documents.get(key)
    state = DocumentState(document.state) if document else None
    return render_template(
        "applications/documents/candidate_document.html",
        application=file.application,
        definition=file.definition,
        question=question,
        document=document,
        shapes=shapes_of(document) if document else [],
        more=unpictured(document) if document else 0,
        state=state,
        state_name=DOCUMENT_STATES.names[state] if state else None,
        kind=STATE_KINDS[state] if state else None,
        meaning=DOCUMENT_STATES.meanings[state] if state else None,
        reasons=REASONS,
        look_of=look_of,
        may_send=document_papers.may_send(viewer, file, key),
        promise_end=document_papers.promise_end(viewer, file, question),
        most_files=question.max_files or MOST_FILES,
        most_megabytes=most_bytes(question) // (1024 * 1024),
        unfinished=uploads.waiting_in(viewer.person_id or 0, file.application.reference)(key),
        problems=problems,
        came=local_target(request.args.get("next")),
    )


@candidate_bp.post("/my/applications/<reference>/documents/<question>/order")
@guards.candidate
def order(reference: str, question: str) -> ResponseReturnValue:
    """Move a part up or down, or take it out (`remove`: which one); then show its page, or the one to come back to."""
    viewer, part, way = guards.viewer(), request.form.get("part", ""), request.form.get("way", "")
    alone = request.form.get("remove", "")
    with writing():
        if alone or way == "remove":
            document_papers.remove(viewer, reference, question, alone or part)
        else:
            document_papers.move(viewer, reference, question, part, -1 if way == "up" else 1)
    back = local_target(request.args.get("next"))
    return redirect(back or url_for(".paper", reference=reference, question=question))


@candidate_bp.post("/my/applications/<reference>/documents/<question>/promise")
@guards.candidate
def promise(reference: str, question: str) -> ResponseReturnValue:
    """Promise a paper for a day."""
    viewer = guards.viewer()
    try:
        day, problems = read_given(_PROMISED, request.form.to_dict(), clock.today())
        if not isinstance(day, str):
            nothing = Problem(N_("Écrivez le jour, par exemple 28/02/2027."), {}, "promised_for")
            raise Refused(*problems or [nothing])
        with writing():
            document_papers.promise(viewer, reference, question, date.fromisoformat(day))
    except Refused as refusal:
        return _paper_page(file_queries.own(viewer, reference), question, refusal.problems)
    flash(_("C’est noté. Vous pouvez envoyer le document dès que vous l’avez."), "done")
    return redirect(_address(reference, question))


@candidate_bp.post("/my/applications/<reference>/documents/<question>/uploads")
@guards.candidate
def begin_upload(reference: str, question: str) -> ResponseReturnValue:
    """Announce a file that will come in pieces, or go on with one that was cut; one too large is refused
    before any byte of it comes."""
    viewer = guards.viewer()
    try:
        _file, asked = document_papers.prepare_change(viewer, reference, question)
        size = number_sent("size") or 0
        require_size(asked, size)
        name, content = request.form.get("name", ""), request.form.get("sha256", "")
        upload = uploads.begin(viewer.person_id or 0, reference, question, name, size, content)
    except Refused as refusal:
        return _refused_upload(refusal)
    offset = uploads.offset(upload)
    return jsonify(url=url_for(".upload", reference=upload.reference), offset=offset), 200 if offset else 201


@candidate_bp.get("/my/uploads/<reference>")
@guards.candidate
def upload_state(reference: str) -> ResponseReturnValue:
    """Say how much has arrived, after a cut."""
    found = uploads.find(guards.viewer().person_id or 0, reference)
    offset = uploads.offset(found) if uploads.settled(found) is None else found.size
    return jsonify(offset=offset, size=found.size)


@candidate_bp.patch("/my/uploads/<reference>")
@guards.candidate
def upload(reference: str) -> ResponseReturnValue:
    """Take a piece from `Upload-Offset` on; with the last one the file becomes the answer to its question."""
    found = uploads.find(guards.viewer().person_id or 0, reference)
    start = number_in_header("Upload-Offset")
    data = arrived()  # on a weak line, what came of a piece need not come again
    if start is None or len(data) > uploads.LARGEST_PIECE:
        raise NotFound(reference)
    if uploads.settled(found) is None:
        offset = uploads.append(found, start, data)
        if offset < found.size:
            return jsonify(offset=offset)
    try:
        document = _complete(found)
    except Refused as refusal:
        uploads.end(found)
        return _refused_upload(refusal)
    return jsonify(offset=found.size, **_said(document))


@candidate_bp.delete("/my/uploads/<reference>")
@guards.candidate
def give_up(reference: str) -> ResponseReturnValue:
    """Forget a file that was cut on its way; nothing of it stays. One that has arrived is a document, and stays."""
    found = uploads.find(guards.viewer().person_id or 0, reference)
    if uploads.settled(found) is None:
        uploads.end(found)
    return jsonify(offset=0)


def _complete(found: Upload) -> Document:
    """The document that the upload has become. If the answer was lost and the browser asks again, it gets the
    same document."""
    known = uploads.settled(found)
    if known is None:
        try:
            document = _attached(found)
            uploads.settle(found, document.reference)
            return document
        except NotFound:
            known = uploads.settled(found)  # the last piece was sent twice at once, the other was first
            if known is None:
                raise
    return _own(known)


def _attached(found: Upload) -> Document:
    viewer = guards.viewer()
    try:
        _file, question = document_papers.prepare_change(viewer, found.application, found.question)
    except Refused:
        there = document_papers.arrived(viewer, found.application, found.question, (), found.reference)
        if there is None:
            raise
        return there  # the process ended between the paper and its answer, and the paper is closed now
    prepared = prepare_document(question, found.name, uploads.whole(found))
    add = request.headers.get("Upload-Way") != "replace"
    for _try in range(2):
        try:
            with writing():
                return document_papers.attach(
                    viewer, found.application, prepared, add=add, name=found.reference
                )
        except sa.exc.IntegrityError:  # two first photos at once: the second now finds the first
            continue
    raise NotFound(found.reference)


def _refused_upload(refusal: Refused) -> ResponseReturnValue:
    return jsonify(refused=" ".join(say(problem) for problem in refusal.problems)), 422


def _said(document: Document) -> dict[str, Any]:
    """A document's state in words, for the script that sent it."""
    state = DocumentState(document.state)
    reason = document.reason if state is DocumentState.REFUSED else None
    text = REASONS[reason] if reason else DOCUMENT_STATES.meanings[state]
    return {
        "state": state.value,
        "text": _(text),
        "done": state not in (DocumentState.RECEIVED, DocumentState.ASIDE),
        "percentage": 100 if state is DocumentState.CLEAN else 50,
        "watch": url_for(".progress", reference=document.reference),
    }


@candidate_bp.get("/my/documents/<reference>/state")
@guards.candidate
def progress(reference: str) -> ResponseReturnValue:
    """Say the state of one's own document."""
    return jsonify(**_said(_own(reference)))


@candidate_bp.get("/my/documents/<reference>/pages/<int:number>")
@guards.candidate
def page(reference: str, number: int) -> ResponseReturnValue:
    """A page of one's own document, as it will be read."""
    return picture(_own(reference), number)


@candidate_bp.get("/my/documents/<reference>/small/<int:place>")
@guards.candidate
def small(reference: str, place: int) -> ResponseReturnValue:
    """A small picture of a page of one's own document, by which it is known again in the form."""
    return small_picture(_own(reference), place)


def _own(reference: str) -> Document:
    found, application = queries.document(guards.viewer(), reference)
    if application.person_id != guards.viewer().person_id:
        raise NotFound(reference)
    return found
