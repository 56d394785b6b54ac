"""Lets staff keep lists: under a name as saved views, and as exported files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.file import queries as file
from cohortmgr.applications.lists import queries as lists
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.models import SavedView
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import clean
from cohortmgr.programmes.models import Intake

LONGEST_NAME = 80
MOST_VIEWS = 40
_NAMELESS = N_("Donnez un nom à cette vue.")
_TOO_LONG = N_("Le nom dépasse %(most)s caractères.")
_TOO_MANY = N_("Vous avez déjà %(most)s vues. Supprimez-en une.")
_SECRET = N_("Cette recherche contient un numéro de personne : elle ne s’enregistre pas. Enlevez-la d’abord.")


def save_view(
    viewer: Viewer, intake_reference: str, name: str, filters: ApplicationFilters, shared: bool
) -> SavedView:
    """Keep filters, columns and order under a name, for every intake of the programme.

    A view of the same name by the same person is replaced. Refused if the search may hold an identity number
    or a telephone, which is never kept."""
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


def prepare_export(
    viewer: Viewer, intake_reference: str, filters: ApplicationFilters
) -> tuple[Intake, Sequence[Any]]:
    """The intake, and every row of the list that the filters show, in its order and with its columns."""
    intake = file.staff_intake(viewer, intake_reference)
    return intake, lists.every(intake.id, filters)


def note_export(viewer: Viewer, intake: Intake, filters: ApplicationFilters, kind: str, count: int) -> None:
    """Write one line into the trail for a list that left as a file: its filters and columns, and the number
    of rows."""
    require(viewer, file.READ, intake.path)
    asked: Mapping[str, str] = filters.arguments()
    if lists.seeks_identity(filters):
        asked = {**asked, "search": "…"}
    after = {"filters": dict(asked), "columns": list(filters.shown), "kind": kind, "rows": count}
    record(viewer, "applications.export", about(intake), after=after)
