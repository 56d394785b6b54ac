"""Pages of importing for staff: upload, preview, tray, and invitations."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts import guards
from cohortmgr.accounts.rules import allows
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.queries import MANAGE, READ
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.applications.importing.actions import tray
from cohortmgr.applications.importing.actions.tray import Opened
from cohortmgr.applications.importing.actions.tray_rows import faults_of
from cohortmgr.applications.importing.display import columns_told, workbook_of_columns
from cohortmgr.applications.importing.forms import (
    DiscardForm,
    UploadForm,
    cells_given,
    mapping_of,
    place_of,
    question_choices,
    show_faults,
    strange_values,
)
from cohortmgr.applications.importing.mappings import is_dated, mapping_from_json
from cohortmgr.applications.importing.models import ImportRun
from cohortmgr.applications.importing.queries import runs as import_queries
from cohortmgr.applications.importing.queries.plan import decided_without, replacements, sent_outside
from cohortmgr.applications.importing.rules import GivenMapping, parse_mapping
from cohortmgr.applications.importing.views.requests import row_form_of
from cohortmgr.base import storage
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.base.i18n import say
from cohortmgr.base.paging import page_of
from cohortmgr.base.sheets.tables import ENCODINGS, Place, SheetTable, read_limited
from cohortmgr.base.sheets.writing import XLSX
from cohortmgr.base.typed import whole
from cohortmgr.base.web.asked import place_asked
from cohortmgr.base.web.responses import posted_version, show_problems
from cohortmgr.programmes.definition.rules import Form
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

staff_bp = Blueprint("imports_staff", __name__, url_prefix="/staff")

# The most problems that one page lists; the command line prints them all.
LISTED = 500
# Among so many people to invite those who share a contact are looked for at each request; the kept pairs name all.
MOST_COMPARED = 1_000


@staff_bp.url_value_preprocessor
def _allow_uploads(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Allow an institution's file to be larger than a candidate's. This is set before anything reads the
    form."""
    if endpoint == "imports_staff.new" and request.method == "POST":
        request.max_content_length = current_app.config["IMPORT_LIMIT"] + 1024 * 1024


@staff_bp.route("/intakes/<reference>/imports", methods=["GET", "POST"])
@guards.staff
def new(reference: str) -> ResponseReturnValue:
    """Choose a file; the page also lists earlier imports."""
    viewer = guards.viewer()
    intake = import_queries.intake_for(viewer, reference)
    form = UploadForm()
    if form.validate_on_submit():
        try:
            return _uploaded(intake, form)
        except Refused as refusal:
            db.session.rollback()
            intake = import_queries.intake_for(viewer, reference)
            show_problems(form, refusal)
    return render_template(
        "applications/importing/staff_import_new.html",
        form=form,
        intake=intake,
        runs=import_queries.runs(viewer, intake),
        columns=columns_told(definition_of(intake)),
        may_enter=allows(viewer, MANAGE, intake.path),
    )


@staff_bp.get("/intakes/<reference>/imports/columns")
@guards.staff
def columns(reference: str) -> ResponseReturnValue:
    """Return an empty workbook with the columns that are read, and on a second sheet what each of them holds."""
    intake = import_queries.intake_for(guards.viewer(), reference)
    book = workbook_of_columns(definition_of(intake))
    return send_file(BytesIO(book), mimetype=XLSX, as_attachment=True, download_name="colonnes.xlsx")


def _uploaded(intake: Intake, form: UploadForm) -> ResponseReturnValue:
    data = read_limited(form.file.data.stream, current_app.config["IMPORT_LIMIT"])
    name = form.file.data.filename or ""
    given = _mapping(form)
    reading = import_runs.prepare_preview(data, "", definition_of(intake), given)
    if not form.mapping.data:
        given = import_runs.last_mapping(guards.viewer(), intake, reading) or given
    key = import_runs.prepare_upload(data)
    with writing():
        run = import_runs.begin(guards.viewer(), intake.reference, name, key, given)
    return redirect(url_for("imports_staff.run", reference=run))


def _mapping(form: UploadForm) -> GivenMapping:
    if not form.mapping.data:
        return GivenMapping()
    try:
        return parse_mapping(read_limited(form.mapping.data.stream, 200_000).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused(N_("La correspondance n’est pas un texte en UTF-8.")) from None


@staff_bp.get("/imports/<reference>")
@guards.staff
def run(reference: str) -> ResponseReturnValue:
    """Show what a file would change; once it is loaded, show what it changed."""
    found, intake = import_runs.run_of(guards.viewer(), reference)
    if found.state != "preview" or found.storage_key is None:
        may_list = allows(guards.viewer(), READ, intake.path)
        return render_template(
            "applications/importing/staff_import_result.html",
            run=found,
            intake=intake,
            may_list=may_list,
            of_minors=definition_of(intake).guardians is not None,
        )
    return _preview(found, intake)


def _preview(found: ImportRun, intake: Intake, given: GivenMapping | None = None) -> str:
    viewer, definition = guards.viewer(), definition_of(intake)
    data = storage.load(found.storage_key or "")
    reading = import_runs.prepare_preview(
        data, found.filename, definition, given or mapping_from_json(found.mapping)
    )
    plan = import_runs.plan(viewer, intake.reference, reading.prepared) if reading.prepared else None
    faults = [(row.line, fault) for row in (plan.rejected if plan else ()) for fault in row.faults]
    sealed = {question.key for question in definition.form.questions if question.sealed}
    hidden = {header for header, key in reading.mapping.columns.items() if key in sealed}
    return render_template(
        "applications/importing/staff_import_preview.html",
        run=found,
        intake=intake,
        reading=reading,
        counts=plan.counts if plan else None,
        files=plan.files if plan else 0,
        replaced=(pairs := replacements(plan, reading.prepared) if plan and reading.prepared else [])[
            :LISTED
        ],
        replaced_beyond=max(0, len(pairs) - LISTED),
        after=decided_without(intake, reading.prepared, plan) if plan and reading.prepared else None,
        outside=sent_outside(intake, reading.prepared) if reading.prepared else [],
        encodings=ENCODINGS,
        faults=faults[:LISTED],
        beyond=max(0, len(faults) - LISTED),
        problems=reading.problems,
        choices=question_choices(definition),
        strange=strange_values(reading.table, reading.mapping, definition),
        questions={question.key: question for question in definition.form.questions},
        hidden=hidden,
    )


@staff_bp.post("/imports/<reference>/mapping")
@guards.staff
def remap(reference: str) -> ResponseReturnValue:
    """Keep the mapping of columns and values that was chosen on the page."""
    viewer = guards.viewer()
    found, intake = import_runs.run_of(viewer, reference)
    if found.state == "preview" and found.storage_key:
        data = storage.load(found.storage_key)
        reading = import_runs.prepare_preview(
            data, "", definition_of(intake), mapping_from_json(found.mapping)
        )
        before = mapping_from_json(found.mapping)
        try:
            given = _chosen(before, reading.table, definition_of(intake).form)
            import_runs.prepare_preview(data, found.filename, definition_of(intake), given)
        except Refused as refused:
            flash(" ".join(say(problem) for problem in refused.problems), "stop")
            return redirect(url_for("imports_staff.run", reference=reference))
        with writing():
            import_runs.remap(viewer, reference, given)
    return redirect(url_for("imports_staff.run", reference=reference))


def _chosen(before: GivenMapping, table: SheetTable, form: Form) -> GivenMapping:
    """What the page says. Where the table stands elsewhere, its columns are others, and are recognised anew."""
    posted = request.form.to_dict()
    place = place_of(posted, table.place)
    moved = (place.sheet, place.line, place.encoding) != (
        table.place.sheet, table.place.line, table.place.encoding,
    )  # fmt: skip
    if moved or posted.get("way") == "afresh":
        line = place.line if place.line != table.place.line else None
        return GivenMapping(place=Place(place.sheet, line if moved else place.line, place.encoding))
    chosen = mapping_of(posted, table.header, before)
    dates = {name: order for name, order in chosen.dates.items() if is_dated(name, chosen, form)}
    return replace(chosen, place=place, dates=dates, without_hidden=posted.get("hidden") == "skip")


@staff_bp.post("/imports/<reference>")
@guards.staff
def confirm(reference: str) -> ResponseReturnValue:
    """Load the file that the preview showed."""
    viewer = guards.viewer()
    found, intake = import_runs.run_of(viewer, reference)
    if found.state == "preview" and found.storage_key:
        data = storage.load(found.storage_key)
        given = mapping_from_json(found.mapping)
        prepared = import_runs.prepare_import(data, found.filename, definition_of(intake), given)
        with writing():
            import_runs.load(viewer, intake.reference, prepared, reference)
    return redirect(url_for("imports_staff.run", reference=reference))


@staff_bp.post("/imports/<reference>/drop")
@guards.staff
def drop(reference: str) -> ResponseReturnValue:
    """Abandon an uploaded file."""
    viewer = guards.viewer()
    _found, intake = import_runs.run_of(viewer, reference)
    back = url_for("imports_staff.new", reference=intake.reference)
    with writing():
        import_runs.drop(viewer, reference)
    flash(_("Le fichier est abandonné. Rien n’a été chargé."))
    return redirect(back)


@staff_bp.get("/intakes/<reference>/tray", endpoint="tray")
@guards.staff
def tray_list(reference: str) -> ResponseReturnValue:
    """List the rows that wait, or with ?settled=1 those that are settled."""
    viewer = guards.viewer()
    intake = import_queries.intake_for(viewer, reference)
    settled = request.args.get("settled") == "1"
    page = page_of(import_queries.tray(viewer, intake, settled=settled), place_asked(), 50)
    loaded = {row.application_id for (row,) in page.rows if row.application_id is not None}
    files = file_queries.opened_by(viewer, loaded)
    rows = [(row, faults_of(row), files.get(row.application_id)) for (row,) in page.rows]
    return render_template(
        "applications/importing/staff_tray.html", intake=intake, page=page, rows=rows, settled=settled
    )


@staff_bp.route("/tray/<reference>", methods=["GET", "POST"])
@guards.staff
def repair(reference: str) -> ResponseReturnValue:
    """Show a row to mend, with the columns at fault first."""
    viewer = guards.viewer()
    with writing():
        opened = tray.open_row(viewer, reference)
    first = opened.at_fault()
    columns = (*first, *(name for name in opened.mapping.columns if name not in first))
    form = row_form_of(opened, columns)
    if not opened.is_settled and form.validate_on_submit():
        faults = _mended(reference, form, opened)
        if not faults:
            flash(_("La ligne est chargée."))
            return redirect(_tray_of(opened))
        show_faults(form, faults, list(opened.mapping.columns))
    elif not opened.is_settled:
        show_faults(form, opened.faults, list(opened.mapping.columns))
    return _repair_page(opened, form, DiscardForm(formdata=None), len(first))


def _mended(reference: str, form: Any, opened: Opened) -> tuple[Any, ...]:
    try:
        version = whole(form.version.data) or 0
    except ValueError:
        raise Stale(reference) from None
    with writing():
        return tray.mend(guards.viewer(), reference, version, cells_given(form, list(opened.mapping.columns)))


def _tray_of(opened: Opened) -> str:
    return url_for("imports_staff.tray", reference=opened.waiting.intake.reference)


def _repair_page(opened: Opened, form: Any, discard_form: DiscardForm, first: int) -> str:
    names = [name for name in form._fields if name.startswith("c") and name[1:].isdigit()]
    return render_template(
        "applications/importing/staff_repair.html",
        opened=opened,
        row=opened.waiting.row,
        intake=opened.waiting.intake,
        form=form,
        first=[form[name] for name in names[:first]],
        rest=[form[name] for name in names[first:]],
        discard_form=discard_form,
    )


@staff_bp.post("/tray/<reference>/ask")
@guards.staff
def ask(reference: str) -> ResponseReturnValue:
    """Send the person a link to mend their row."""
    with writing():
        sent = tray.ask(guards.viewer(), reference, posted_version() or 0)
    if sent:
        flash(_("Un lien est parti vers cette personne. La ligne se chargera dès qu’elle aura répondu."))
    return redirect(url_for("imports_staff.repair", reference=reference))


@staff_bp.post("/tray/<reference>/discard")
@guards.staff
def discard(reference: str) -> ResponseReturnValue:
    """Set a row aside, with a reason."""
    viewer = guards.viewer()
    form = DiscardForm()
    with writing():
        opened = tray.open_row(viewer, reference)
    if form.validate_on_submit():
        with writing():
            tray.discard(viewer, reference, form.reason.data)
        flash(_("La ligne est écartée."))
        return redirect(_tray_of(opened))
    first = opened.at_fault()
    columns = (*first, *(name for name in opened.mapping.columns if name not in first))
    row = row_form_of(opened, columns)
    return _repair_page(opened, row, form, len(first))
