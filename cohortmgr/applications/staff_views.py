"""Staff pages: the list of an intake's applications, its saved views and files, and one application."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications import actions, cells, desk, desk_forms, doubles, listing, notes, saved_lists
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.corrections import queries as corrections
from cohortmgr.applications.corrections.rules import ASKED_NAMES, KIND_NAMES
from cohortmgr.applications.deadlines import queries as deadlines
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.views.download import download
from cohortmgr.applications.eligibility import queries as eligibility
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.display import sections_of
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import SOURCE_NAMES, STATE_NAMES, State
from cohortmgr.applications.joining import queries as joining_queries
from cohortmgr.applications.joining.views.section import section_of
from cohortmgr.applications.listing import Filters
from cohortmgr.base.db import writing
from cohortmgr.base.i18n import language, localized
from cohortmgr.base.precedence import gives_way
from cohortmgr.base.sheets import Sheet, write_csv, write_xlsx
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("applications_staff", __name__, url_prefix="/staff")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/intakes/<reference>/applications", endpoint="list")
@guards.staff
@gives_way
def index(reference: str) -> ResponseReturnValue:
    """The list, its filters in the address; four statements with the viewer's own, whatever the rows."""
    viewer = guards.viewer()
    intake, views = desk.intake_with_views(viewer, reference)
    filters = Filters.of(request.args)
    page = listing.page(intake.id, filters, request.args.get("page", 1, type=int))
    definition = definition_of(intake)
    address = url_for("applications_staff.show", reference="-")[:-1]
    arguments: dict[str, Any] = {**filters.arguments()}
    tail = url_for("applications_staff.show", reference="-", **arguments).partition("?")
    may_manage = allows(viewer, file_queries.MANAGE, intake.path)
    may_write = allows(viewer, "messages.write", intake.path)
    boxes = may_manage or may_write
    return render_template(
        "applications/staff_list.html",
        intake=intake,
        definition=definition,
        filters=filters,
        arguments=arguments,
        views=[(view, {**view.arguments} == arguments, view.author == viewer.reference) for view in views],
        page=page,
        rows=cells.written(page.rows, filters.shown, definition, address, tail[1] + tail[2], boxes=boxes),
        boxes=boxes,
        counts=file_queries.counts([intake.id])[intake.id],
        words=cells.words_of(definition),
        columns=cells.COLUMN_NAMES,
        sorted_by=cells.SORTED_BY,
        figures=cells.FIGURES,
        sizes=[(size, size) for size in listing.SIZES],
        may_manage=may_manage,
        may_extend=allows(viewer, "programmes.manage", intake.path),
        may_write=may_write,
    )


@bp.post("/intakes/<reference>/views")
@guards.staff
def save_view(reference: str) -> ResponseReturnValue:
    """Keep the filters of the address under a name."""
    filters = Filters.of(request.args)
    with writing():
        saved_lists.save_view(
            guards.viewer(), reference, request.form.get("name", ""), filters, "shared" in request.form
        )
    flash(_("La vue est enregistrée."), "done")
    arguments: dict[str, Any] = {**filters.arguments()}
    return redirect(url_for("applications_staff.list", reference=reference, **arguments))


@bp.post("/intakes/<reference>/views/<view>/forget")
@guards.staff
def forget_view(reference: str, view: str) -> ResponseReturnValue:
    """Delete a view of one's own."""
    file_queries.staff_intake(guards.viewer(), reference)
    with writing():
        saved_lists.forget_view(guards.viewer(), view)
    flash(_("La vue est supprimée."), "done")
    return redirect(url_for("applications_staff.list", reference=reference))


@bp.post("/intakes/<reference>/applications/export")
@guards.staff
@gives_way
def export(reference: str) -> ResponseReturnValue:
    """What the filters show, with the chosen columns, as a workbook or as CSV; noted in one line."""
    kind = "csv" if request.form.get("kind") == "csv" else "xlsx"
    filters = desk_forms.ticked(Filters.of(request.args))
    intake, rows = saved_lists.prepare_export(guards.viewer(), reference, filters)
    definition, title = definition_of(intake), localized(intake.title)
    header, lines = cells.sheet(rows, filters.shown, definition)
    turned = language() == "ar"
    data = write_csv(header, lines) if kind == "csv" else write_xlsx([Sheet(title, header, lines, turned)])
    with writing():
        saved_lists.note_export(guards.viewer(), intake, filters, kind, len(rows))
    name = f"{definition.key}-{intake.key}.{kind}"
    kinds = {"csv": "text/csv", "xlsx": _XLSX}
    return send_file(BytesIO(data), mimetype=kinds[kind], as_attachment=True, download_name=name, max_age=0)


@bp.get("/applications/<reference>")
@guards.staff
def show(reference: str) -> ResponseReturnValue:
    """One file; sealed answers stay closed."""
    return page_of(file_queries.read_by_staff(guards.viewer(), reference), {})


@bp.post("/applications/<reference>/unseal")
@guards.staff
def unseal(reference: str) -> ResponseReturnValue:
    """The same page with its sealed answers; the reading is noted in the trail."""
    with writing():
        file, opened = actions.unseal(guards.viewer(), reference)
    return page_of(file, opened)


def page_of(file: File, opened: Mapping[str, Answer]) -> ResponseReturnValue:
    """The page of a file, with as many statements for a long story as for a short one."""
    row, viewer = file.application, guards.viewer()
    filters = Filters.of(request.args)
    manages = allows(viewer, file_queries.MANAGE, file.intake.path)
    return render_template(
        "applications/staff_show.html",
        application=row,
        intake=file.intake,
        file=file,
        definition=file.definition,
        # What was not sent is still the person's own.
        sections=[] if row.state == State.DRAFT else _sections(file, {**row.answers, **opened}),
        owed=joining_queries.owed(file) if joining_queries.questions_of(file) else (),
        opened=bool(opened),
        manages=manages,
        may_open=row.state != State.DRAFT and manages,
        rules=[rule for rule in file.definition.eligibility if rule.key in row.reasons],
        override=eligibility.override_of(row),
        extension=deadlines.extension_of(row),
        corrections=corrections.corrections_of(file),
        notes=[
            (note, desk.note_text(note), notes.may_take_back(viewer, note)) for note in desk.notes_of(row)
        ],
        also=doubles.same_person(viewer, row),
        neighbours=listing.neighbours(file.intake.id, filters, row.reference),
        arguments=filters.arguments(),
        story=desk.story(viewer, row),
        shown=shown,
        names={"state": STATE_NAMES, "source": SOURCE_NAMES, "asked": ASKED_NAMES, "kind": KIND_NAMES},
    )


def _sections(file: File, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    return [*sections_of(file, answers), *section_of(file, answers)]


@bp.get("/documents/<reference>")
@guards.staff
def document(reference: str) -> ResponseReturnValue:
    """A document as a download; the reading is noted."""
    with writing():
        found = papers.read_document(guards.viewer(), reference)
    return download(found)
