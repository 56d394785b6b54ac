"""Pages of reports for staff and observers: ask for one, follow its progress, read it, download it."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, jsonify, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cohortmgr.accounts.guards import staff, viewer
from cohortmgr.base import clock, storage
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound
from cohortmgr.base.i18n import LANGUAGE_NAMES, language
from cohortmgr.base.sheets.writing import XLSX
from cohortmgr.base.web.reading import reading
from cohortmgr.programmes import queries as programmes
from cohortmgr.reports import actions, queries
from cohortmgr.reports.display import hidden_note, stages_of, tables
from cohortmgr.reports.masking import is_masked
from cohortmgr.reports.rules import REPORT_STATES, TAGS

bp = Blueprint("reports_staff", __name__)


@bp.get("/staff/intakes/<reference>/reports")
@staff
def index(reference: str) -> ResponseReturnValue:
    """List the reports of an intake, with the button that asks for one."""
    intake = queries.intake_for(viewer(), reference)
    return render_template(
        "reports/staff_index.html",
        intake=intake,
        rows=queries.of_intake(viewer(), intake.id),
        names=REPORT_STATES.names,
        tags=TAGS,
        languages=LANGUAGE_NAMES,
    )


@bp.post("/staff/intakes/<reference>/reports")
@staff
def ask(reference: str) -> ResponseReturnValue:
    """Ask for the present figures, in the language of the page."""
    with writing():
        report = actions.ask_report(viewer(), reference, language())
    return redirect(url_for(".report", reference=report.reference))


@bp.get("/staff/reports/<reference>")
@staff
@reading
def report(reference: str) -> ResponseReturnValue:
    """Show the figures as charts and tables, or the progress of their computation."""
    found, intake = queries.get_for(viewer(), reference)
    contents = queries.contents_for(viewer(), found, intake.path)
    if contents is None:
        return render_template(
            "reports/staff_computing.html",
            report=found,
            intake=intake,
            progress=queries.progress_of(found),
            meanings=REPORT_STATES.meanings,
        )
    stages = stages_of(programmes.definition_of(intake))
    return render_template(
        "reports/staff_report.html",
        report=found,
        intake=intake,
        tables=tables(contents, stages),
        stages=stages,
        line=contents.line,
        note=hidden_note() if is_masked(contents) else None,
        languages=LANGUAGE_NAMES,
    )


@bp.get("/staff/reports/<reference>/progress")
@staff
def progress(reference: str) -> ResponseReturnValue:
    """Return the progress of a report as JSON, for the page that waits."""
    found, _intake = queries.get_for(viewer(), reference)
    now = queries.progress_of(found)
    done = found.figures is not None or now.failed
    text = _("C’est prêt.") if found.figures is not None else ""
    return jsonify(percentage=now.percentage, text=text, done=done)


@bp.get("/staff/reports/<reference>/xlsx")
@staff
@reading
def workbook(reference: str) -> ResponseReturnValue:
    """Download the report as a workbook; observers get the masked one."""
    found, intake = queries.get_for(viewer(), reference)
    whole = queries.sees_whole(viewer(), intake.path)
    key = found.storage_key if whole else found.masked_storage_key
    if key is None or found.made_at is None:
        raise NotFound(reference)
    name = (
        f"{intake.path.strip('.').rpartition('.')[2]}-{intake.key}-{clock.local(found.made_at):%Y-%m-%d}.xlsx"
    )
    return send_file(BytesIO(storage.load(key)), mimetype=XLSX, as_attachment=True, download_name=name)
