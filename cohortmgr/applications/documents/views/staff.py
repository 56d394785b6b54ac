"""Staff's pages of a paper: read it beside what was declared, check its figures, note its original seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from cohortmgr.accounts import guards
from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.documents import queries
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions import papers as document_papers
from cohortmgr.applications.documents.figures import Verdict, figure_status, newest
from cohortmgr.applications.documents.rules import shapes_of, unpictured
from cohortmgr.applications.documents.views.pictures import picture
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.models import Document
from cohortmgr.applications.file.queries import File
from cohortmgr.base.db import writing
from cohortmgr.base.errors import N_, NotFound, Problem, Refused

staff_bp = Blueprint("documents_staff", __name__, url_prefix="/staff")

_SEEN_FOR = 900


@staff_bp.get("/documents/<reference>/pages")
@guards.staff
def read(reference: str) -> ResponseReturnValue:
    """Show a paper's pages beside the figures that were declared; the reading is noted in the trail, once for
    all its pages."""
    with writing():
        document = papers.read_document(guards.viewer(), reference)
    return _reading_page(document, [])


def _reading_page(document: Document, problems: Sequence[Problem]) -> ResponseReturnValue:
    viewer = guards.viewer()
    found, application = queries.document(viewer, document.reference)
    file = file_queries.read_by_staff(viewer, application.reference)
    manages = allows(viewer, file_queries.MANAGE, file.intake.path)
    return render_template(
        "applications/documents/staff_document.html",
        application=application,
        intake=file.intake,
        document=found,
        shapes=shapes_of(found),
        more=unpictured(found),
        question=document_papers.question_of(viewer, file, found.question),
        # The paper that replaced it; figures are read on the current one only.
        current=file.documents.get(found.question) if found.replaced_at else None,
        figures=[] if found.replaced_at else _figures(file, found),
        manages=manages,
        seen=_signer().dumps([found.reference, viewer.reference]),
        verdicts=VERDICTS,
        changes=CHANGES,
        problems=problems,
        seen_by=accounts.names_of(found.original_seen_by).get(found.original_seen_by or "", ""),
    )


def _figures(file: File, document: Document) -> list[dict[str, Any]]:
    questions = document_papers.checked_questions(guards.viewer(), file, document)
    if not questions:
        return []
    rows = queries.readings_of(file.application)
    last = newest(rows)
    names = accounts.names_of(*(row.by for row in rows))
    readers = {row.question: names.get(row.by, "") for row in rows}
    return [
        {
            "question": question,
            "declared": shown(question, file.application.answers.get(question.key)),
            "read": shown(question, last[question.key].read) if question.key in last else None,
            "read_for": shown(question, last[question.key].declared) if question.key in last else None,
            "standing": figure_status(
                file.application.answers.get(question.key), document.sha256, last.get(question.key)
            ),
            "last": last.get(question.key),
            "reader": readers.get(question.key),
        }
        for question in questions
    ]


def _signer() -> URLSafeTimedSerializer:
    """The signer of the proof that a viewer opened the noted page: with it they may load its images for a
    while, since an image's address alone shows nothing."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="document pages")


@staff_bp.get("/documents/<reference>/pages/<int:number>")
@guards.staff
def staff_page(reference: str, number: int) -> ResponseReturnValue:
    """A page's image, for whoever has opened the page that notes the reading."""
    document, _application = queries.document(guards.viewer(), reference)
    try:
        seen = _signer().loads(request.args.get("seen", ""), max_age=_SEEN_FOR)
    except BadSignature:
        raise NotFound(reference) from None
    if seen != [reference, guards.viewer().reference]:
        raise NotFound(reference)
    return picture(document, number)


@staff_bp.post("/documents/<reference>/figures")
@guards.staff
def check_figure(reference: str) -> ResponseReturnValue:
    """Note the figure that staff read on the paper."""
    viewer, key = guards.viewer(), request.form.get("question", "")
    try:
        with writing():
            row = document_papers.check_figure(viewer, reference, key, request.form.get("read", ""))
    except Refused as refusal:
        document, _application = queries.document(viewer, reference)
        return _reading_page(document, [Problem(p.what, p.values, key) for p in refusal.problems])
    same = row.declared == row.read
    flash(
        _("Le chiffre est le même.") if same else _("Le chiffre est différent : c’est noté."),
        "done" if same else "wait",
    )
    return redirect(url_for(".read", reference=reference))


@staff_bp.post("/documents/<reference>/original")
@guards.staff
def see_original(reference: str) -> ResponseReturnValue:
    """Note that staff saw the original paper."""
    with writing():
        document_papers.see_original(guards.viewer(), reference)
    flash(_("L’original est noté comme vu."), "done")
    return redirect(url_for(".read", reference=reference))


VERDICTS = {
    Verdict.UNCHECKED: ("wait", N_("À vérifier")),
    Verdict.EQUAL: ("done", N_("Vérifié, égal")),
    Verdict.DIFFERENT: ("stop", N_("Différent")),
    Verdict.CHANGED: ("wait", N_("À vérifier de nouveau")),
}
CHANGES = {
    "figure": N_("Le chiffre déclaré a changé depuis."),
    "document": N_("Le document a changé depuis."),
}
