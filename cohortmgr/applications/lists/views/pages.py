"""Staff's pages of the list of an intake's applications, its saved views, and its export."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.rules import CONSENT_STATES, ApplicationState
from cohortmgr.applications.lists import actions as lists_actions
from cohortmgr.applications.lists import columns, display
from cohortmgr.applications.lists.filters import SIZES, ApplicationFilters
from cohortmgr.applications.lists.models import SavedView
from cohortmgr.applications.lists.queries import allowed, exports, lent
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.applications.lists.queries.telephones import PHONE, told
from cohortmgr.applications.lists.rules import LIST_EXPORT_STATES, ListExportState
from cohortmgr.applications.lists.views import requests
from cohortmgr.base import storage
from cohortmgr.base.db import db, reading_as, writing
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.i18n import language
from cohortmgr.base.sheets.writing import XLSX, csv_parts
from cohortmgr.base.web.asked import place_arguments, place_asked
from cohortmgr.base.web.precedence import gives_way
from cohortmgr.base.web.reading import reading
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

bp = Blueprint("applications_lists", __name__, url_prefix="/staff")


@bp.get("/intakes/<reference>/applications", endpoint="list")
@guards.staff
@reading
@gives_way
def index(reference: str) -> ResponseReturnValue:
    """Show the list, with its filters in the address. Takes four statements with the viewer's own, whatever
    the rows."""
    viewer = guards.viewer()
    intake, views = lists.intake_with_views(viewer, reference)
    filters = allowed.open_to(viewer, intake, ApplicationFilters.of(request.args))
    if filters.state == ApplicationState.HELD:
        return _awaiting_guardian(intake)
    return _list(intake, views, filters)


def _list(
    intake: Intake,
    views: Sequence[SavedView],
    filters: ApplicationFilters,
    refused: Sequence[Problem] = (),
    ticked: Collection[str] = (),
) -> str:
    """The list at the place that the address asks for; `refused` is what was said to an export that was asked from it,
    and `ticked` are the files that were ticked then."""
    viewer = guards.viewer()
    counts = file_queries.counts([intake.id])[intake.id]
    page = lists.page(intake.id, filters, place_asked(), counts)
    definition = definition_of(intake)
    words = display.words_of(definition)
    arguments: dict[str, Any] = {**filters.arguments()}
    # The same for each row but for the reference, which stands in the place of the hyphen.
    address = url_for("applications_staff.tab", reference="-", tab="file", **arguments).partition("/-/")
    may_manage = allows(viewer, file_queries.MANAGE, intake.path)
    may_write = allows(viewer, "messages.write", intake.path)
    boxes = may_manage or may_write
    return render_template(
        "applications/lists/staff_list.html",
        intake=intake,
        definition=definition,
        filters=filters,
        arguments=arguments,
        views=[(view, {**view.arguments} == arguments, view.author == viewer.reference) for view in views],
        page=page,
        rows=display.table_body(
            [*told(page.rows, filters.shown, whole=False)],
            filters.shown,
            words,
            address[0] + "/",
            "/" + address[2],
            boxes=boxes,
            ticked=ticked,
            remarks=lent.remarks_on(intake, filters.shown, [row[0] for row in page.rows]),
        ),
        boxes=boxes,
        refused=refused,
        at={**arguments, **place_arguments()},
        counts=counts,
        words=words,
        columns=allowed.open_names(viewer, intake.path),
        groups=[(key, _(name)) for key, name in allowed.open_groups(viewer, intake.path).items()],
        sorted_by=columns.orders(),
        late=lists.told_late(intake.id, filters),
        figures=display.figures(),
        asks_reason=PHONE in filters.shown,
        sizes=[(size, size) for size in SIZES],
        may_manage=may_manage,
        may_extend=allows(viewer, "programmes.manage", intake.path),
        may_write=may_write,
    )


def _awaiting_guardian(intake: Intake) -> str:
    return render_template(
        "applications/lists/staff_awaiting.html",
        intake=intake,
        definition=definition_of(intake),
        page=lists.awaiting_guardian(intake.id, place_asked()),
        consents=CONSENT_STATES.names,
    )


@bp.post("/intakes/<reference>/views")
@guards.staff
def save_view(reference: str) -> ResponseReturnValue:
    """Keep the filters of the address under a name."""
    filters = ApplicationFilters.of(request.args)
    with writing():
        lists_actions.save_view(
            guards.viewer(), reference, request.form.get("name", ""), filters, "shared" in request.form
        )
    flash(_("La vue est enregistrée."), "done")
    arguments: dict[str, Any] = {**filters.arguments()}
    return redirect(url_for("applications_lists.list", reference=reference, **arguments))


@bp.post("/intakes/<reference>/views/<view>/forget")
@guards.staff
def forget_view(reference: str, view: str) -> ResponseReturnValue:
    """Delete one's own view."""
    file_queries.staff_intake(guards.viewer(), reference)
    with writing():
        lists_actions.forget_view(guards.viewer(), view)
    flash(_("La vue est supprimée."), "done")
    return redirect(url_for("applications_lists.list", reference=reference))


@bp.post("/intakes/<reference>/applications/export")
@guards.staff
@reading
@gives_way
def export(reference: str) -> ResponseReturnValue:
    """Send what the filters show, with the chosen columns, as a workbook or as CSV; one line goes into the
    trail. A long workbook is written by the worker, and its page is shown."""
    viewer = guards.viewer()
    intake = file_queries.staff_intake(viewer, reference)
    try:
        return _exported(viewer, intake)
    except Refused as refusal:
        db.session.rollback()
        intake, views = lists.intake_with_views(viewer, reference)
        filters = allowed.open_to(viewer, intake, ApplicationFilters.of(request.args))
        form = "ticked" if "ticked" in request.form else "list"
        said = [Problem(each.what, each.values, f"{form}-{each.where}") for each in refusal.problems]
        return _list(intake, views, filters, said, request.form.getlist("files")), 422


def _exported(viewer: Viewer, intake: Intake) -> ResponseReturnValue:
    """The list as a file, or the page on which it becomes one. Raises Refused for one that is not sent."""
    kind = "csv" if request.form.get("kind") == "csv" else "xlsx"
    filters = allowed.open_to(viewer, intake, requests.ticked(ApplicationFilters.of(request.args)))
    reason = requests.reason_given(filters)
    if kind == "xlsx" and lists.is_long(intake.id, filters):
        with writing():
            asked = lists_actions.ask_export(viewer, intake.reference, filters, language(), reason)
        return redirect(url_for(".kept", export=asked.reference))
    with writing():
        lists_actions.note_export(viewer, intake, filters, kind, lists.number_of(intake.id, filters), reason)
    definition = definition_of(intake)
    name = f"{definition.key}-{intake.key}.{kind}"
    if kind == "xlsx":
        rows = told(lists.every(intake.id, filters), filters.shown, whole=True)
        return _sent(display.workbook(rows, filters.shown, definition, intake.title, language()), name)
    parts = stream_with_context(_csv_parts(viewer, intake.id, definition, filters))
    sent = Response(parts, mimetype="text/csv")
    sent.headers.set("Content-Disposition", "attachment", filename=name)
    return sent


def _csv_parts(
    viewer: Viewer, intake_id: int, definition: Definition, filters: ApplicationFilters
) -> Iterator[bytes]:
    """The parts of a CSV as they are fetched: neither the rows nor the text are ever held whole. They are fetched when
    the request has ended, and its session with it: from another session, which reads for the viewer too."""
    with reading_as(viewer.person_id or 0, viewer.listed):
        rows = told(lists.every(intake_id, filters), filters.shown, whole=True)
        yield from csv_parts(*display.sheet(rows, filters.shown, definition))


def _sent(data: bytes, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(data), mimetype=XLSX, as_attachment=True, download_name=name, max_age=0)


@bp.get("/exports/<export>")
@guards.staff
def kept(export: str) -> ResponseReturnValue:
    """Show how far the workbook of a long list is, and where it is fetched once it is ready."""
    found, intake = exports.export_for(guards.viewer(), export)
    percentage, state = exports.progress_of(found)
    return render_template(
        "applications/lists/staff_export.html",
        export=found,
        intake=intake,
        percentage=percentage,
        state=state,
        meaning=LIST_EXPORT_STATES.meanings[ListExportState(state)],
    )


@bp.get("/exports/<export>/progress")
@guards.staff
def progress(export: str) -> ResponseReturnValue:
    """Return how far the workbook is, as JSON, for the page that waits."""
    found, _intake = exports.export_for(guards.viewer(), export)
    percentage, state = exports.progress_of(found)
    return jsonify(percentage=percentage, text="", done=state != ListExportState.WRITING)


@bp.get("/exports/<export>/xlsx")
@guards.staff
def fetch(export: str) -> ResponseReturnValue:
    """Send the workbook to whoever asked for it; the trail notes each time."""
    with writing():
        found, intake = lists_actions.note_fetched(guards.viewer(), export)
    return _sent(storage.load(found.storage_key or ""), f"{definition_of(intake).key}-{intake.key}.xlsx")
