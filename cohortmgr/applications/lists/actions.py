"""Lets staff keep lists: under a name as saved views, as exported files, and as workbooks that are fetched later."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.models import ListExport, SavedView
from cohortmgr.applications.lists.queries import exports
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.applications.lists.queries.allowed import open_to
from cohortmgr.applications.lists.queries.telephones import PHONE
from cohortmgr.applications.lists.rules import KEPT, ListExportState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import clean, new_reference
from cohortmgr.jobs.actions.queue import request
from cohortmgr.programmes.models import Intake

EXPORT = "lists.export"
LONGEST_NAME = 80
MOST_VIEWS = 40
_WHY = N_("Dites pourquoi les numéros de téléphone sortent avec la liste : le motif s’écrit dans le journal.")
_NAMELESS = N_("Donnez un nom à cette vue.")
_TOO_LONG = N_("Le nom dépasse %(most)s caractères.")
_TOO_MANY = N_("Vous avez déjà %(most)s vues. Supprimez-en une.")
_SECRET = N_("Cette recherche contient un numéro de personne : elle ne s’enregistre pas. Enlevez-la d’abord.")


def save_view(
    viewer: Viewer, intake_reference: str, name: str, filters: ApplicationFilters, shared: bool
) -> SavedView:
    """Keep filters, columns and order under a name, for every intake of the programme.

    A view of the same name by the same person is replaced. What is not open to them is left out. Refused if the search
    may hold an identity number or a telephone, which is never kept."""
    intake = file.staff_intake(viewer, intake_reference)
    name = clean(name)
    if not name:
        raise Refused(Problem(_NAMELESS, {}, "name"))
    if len(name) > LONGEST_NAME:
        raise Refused(Problem(_TOO_LONG, {"most": LONGEST_NAME}, "name"))
    if lists.seeks_identity(filters):
        raise Refused(Problem(_SECRET, {}, "name"))
    mine = sa.select(SavedView).where(SavedView.path == intake.path, SavedView.author == viewer.reference)
    held = {row.name: row for row in db.session.scalars(mine)}
    if name not in held and len(held) >= MOST_VIEWS:
        raise Refused(Problem(_TOO_MANY, {"most": MOST_VIEWS}, "name"))
    row = held.get(name) or SavedView(
        institution_id=intake.institution_id, path=intake.path, author=viewer.reference, name=name
    )
    filters = open_to(viewer, intake, filters)
    row.arguments, row.shared, row.created_at = filters.arguments(), shared, clock.now()
    db.session.add(row)
    return row


def forget_view(viewer: Viewer, reference: str) -> str:
    """Delete one's own view. Returns the path of its scope. NotFound for somebody else's."""
    row = db.session.scalar(
        sa.select(SavedView).where(SavedView.reference == reference, SavedView.author == viewer.reference)
    )
    if row is None:
        raise NotFound(reference)
    require(viewer, file.READ, row.path)
    db.session.delete(row)
    return row.path


def note_export(
    viewer: Viewer, intake: Intake, filters: ApplicationFilters, kind: str, count: int, reason: str = ""
) -> None:
    """Write one line into the trail for a list that leaves as a file: its filters and columns, the number of rows, and
    the reason for which telephones are among them. Refused if they are and nobody says why."""
    require(viewer, file.READ, intake.path)
    _require_reason(filters, reason)
    asked: Mapping[str, str] = filters.arguments()
    if lists.seeks_identity(filters):
        asked = {**asked, "search": "…"}
    after = {"filters": dict(asked), "columns": list(filters.shown), "kind": kind, "rows": count}
    if reason:
        after["reason"] = reason
    record(viewer, "applications.export", about(intake), after=after)


def _require_reason(filters: ApplicationFilters, reason: str) -> None:
    if PHONE in filters.shown and not reason:
        raise Refused(Problem(_WHY, {}, "reason"))


def ask_export(
    viewer: Viewer, intake_reference: str, filters: ApplicationFilters, language: str, reason: str = ""
) -> ListExport:
    """Ask for a workbook of a long list, in a language, with the reason for telephones in it. While the same is being
    written, that one is returned; one whose writing failed is replaced."""
    intake = file.staff_intake(viewer, intake_reference)
    _require_reason(filters, reason)
    asked = json.dumps({**filters.arguments(), "language": language, "reason": reason}, sort_keys=True)
    blind = crypto.blind_index("list_export", asked)
    known = exports.being_written(intake.id, viewer.reference, blind)
    if known is not None and exports.progress_of(known)[1] == ListExportState.WRITING:
        return known
    if known is not None:
        known.state = ListExportState.FAILED.value
        db.session.flush()
    reference, moment = new_reference(), clock.now()
    values = {
        "reference": reference,
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "asked_by": viewer.reference,
        "asked_at": moment,
        "language": language,
        "sealed": crypto.seal(
            json.dumps({**filters.arguments(), "reason": reason}), "list_exports", "sealed", reference
        ),
        "blind": blind,
        "job_reference": "",
        "state": ListExportState.WRITING.value,
        "expires_at": moment + KEPT,
    }
    insert_or_leave(db.session, ListExport, [values])  # of two clicks at once, both get the first one's
    export = exports.being_written(intake.id, viewer.reference, blind)
    if export is None:  # the first one's was written meanwhile
        return ask_export(viewer, intake_reference, filters, language, reason)
    if export.reference == reference:
        export.job_reference = request(viewer, EXPORT, {"export": reference}, intake.institution_id)
    return export


def keep_export(
    viewer: Viewer, export: ListExport, filters: ApplicationFilters, key: str, count: int, reason: str = ""
) -> bool:
    """Store the workbook of a list that waits for it. Returns False if it already has one, or is gone."""
    intake = db.session.get_one(Intake, export.intake_id)
    require(viewer, file.READ, intake.path)
    values = {"state": ListExportState.READY.value, "storage_key": key, "rows": count}
    waits = (ListExport.reference == export.reference, ListExport.state == ListExportState.WRITING.value)
    ready = sa.update(table_of(ListExport)).where(*waits).values(**values)
    kept = db.session.connection().execute(ready).rowcount == 1
    if kept:
        note_export(viewer, intake, filters, "xlsx", count, reason)
    return kept


def note_fetched(viewer: Viewer, reference: str) -> tuple[ListExport, Intake]:
    """Return the viewer's own kept list, to send it; the trail notes that it left. NotFound before it is ready."""
    export, intake = exports.export_for(viewer, reference)
    if export.storage_key is None:
        raise NotFound(reference)
    record(viewer, "applications.fetch_export", about(intake), after={"rows": export.rows})
    return export, intake
