"""Staff's page of one file, with its sealed answers when asked for, and its documents as downloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.corrections.rules import CORRECTION_STATE_NAMES, KIND_NAMES
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.desk import queries as desk
from cohortmgr.applications.desk.actions import notes
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.views.download import download
from cohortmgr.applications.duplicates.queries import pairs as duplicates
from cohortmgr.applications.eligibility import queries as eligibility
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import sections_of
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import FILE_STATES, SOURCE_NAMES, ApplicationState
from cohortmgr.applications.filling.queries import contradicted
from cohortmgr.applications.joining import queries as joining_queries
from cohortmgr.applications.joining.views.section import section_of
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.base.db import writing
from cohortmgr.base.text import new_reference

bp = Blueprint("applications_staff", __name__, url_prefix="/staff")


@bp.get("/applications/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """Show one file; sealed answers stay sealed."""
    return page_of(file_queries.read_by_staff(guards.viewer(), reference), {})


@bp.post("/applications/<reference>/unseal")
@guards.staff
def unseal(reference: str) -> ResponseReturnValue:
    """Show the same page with the sealed answers; the reading is written into the trail."""
    with writing():
        file, opened = notes.unseal(guards.viewer(), reference)
    return page_of(file, opened)


def page_of(file: File, opened: Mapping[str, Answer]) -> ResponseReturnValue:
    """The page of a file. The number of statements does not grow with its story."""
    row, viewer = file.application, guards.viewer()
    filters = lists.open_to(viewer, file.intake.path, ApplicationFilters.of(request.args))
    manages = allows(viewer, file_queries.MANAGE, file.intake.path)
    return render_template(
        "applications/desk/staff_show.html",
        application=row,
        intake=file.intake,
        file=file,
        definition=file.definition,
        # A draft is for its person alone.
        sections=[] if row.state == ApplicationState.DRAFT else _sections(file, {**row.answers, **opened}),
        owed=joining_queries.owed(file) if joining_queries.questions_of(file) else (),
        opened=bool(opened),
        manages=manages,
        may_open=row.state != ApplicationState.DRAFT and manages,
        contradicted=contradicted(file, file.answers) if row.state != ApplicationState.DRAFT else [],
        rules=[rule for rule in file.definition.eligibility if rule.key in row.reasons],
        override=eligibility.override_of(row),
        extension=deadlines.extension_of(row),
        corrections=corrections.corrections_of(file),
        may_correct=manages and not file.reopened_until and bool(corrections.questions_to_correct(file)),
        notes=[
            (note, desk.note_text(note), notes.may_take_back(viewer, note)) for note in desk.notes_of(row)
        ],
        also=duplicates.same_person(viewer, row),
        neighbours=lists.neighbours(file.intake.id, filters, row.reference),
        arguments=filters.arguments(),
        once=new_reference(),
        story=desk.story(viewer, row),
        shown=shown,
        names={
            "state": FILE_STATES.names,
            "source": SOURCE_NAMES,
            "asked": CORRECTION_STATE_NAMES,
            "kind": KIND_NAMES,
        },
    )


def _sections(file: File, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    return [*sections_of(file, answers), *section_of(file, answers)]


@bp.get("/documents/<reference>")
@guards.staff
def document(reference: str) -> ResponseReturnValue:
    """Send a document as a download; the reading is written into the trail."""
    with writing():
        found = papers.read_document(guards.viewer(), reference)
    return download(found)
