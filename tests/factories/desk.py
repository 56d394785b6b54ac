"""Makes what staff did with the files of the year: a note, a view, a bulk act, a correction that waits, a merge."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.deadlines.actions import late_starts
from cohortmgr.applications.deadlines.models import LateStart
from cohortmgr.applications.desk.actions import bulk, notes
from cohortmgr.applications.desk.actions.bulk import Act, Wanted
from cohortmgr.applications.duplicates.actions import merging as merges
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.journey.actions import sending
from cohortmgr.applications.lists import actions as lists_actions
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.tasks import export
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.programmes.models import Intake
from cohortmgr.selection.models import Offer


def at_desk(manager: Viewer, intake: str, application: str, open_offer: str) -> dict[str, str]:
    """Make them, but the merge. Returns references by the names of the table's addresses.

    `asked` is the file of the person with the open offer."""
    offered = sa.select(Application).join(Offer, Offer.application_id == Application.id)
    asked = db.session.scalars(offered.where(Offer.reference == open_offer)).one()
    until = clock.instant(clock.today(), 23, 59) + bulk.UNDONE_WITHIN * 7
    items = {"s1": "incorrect", "motivation": "incomplete"}
    filters, wanted = ApplicationFilters(search=asked.number), Wanted(text="Dossier complet.", count=1)
    with writing() as session:
        note = notes.write(manager, application, "A rappelé, pièce attendue.", pinned=True)
        view = lists_actions.save_view(manager, intake, "Éligibles", ApplicationFilters(eligible="yes"), True)
        lot = bulk.carry_out(manager, intake, Act.NOTE, filters, wanted)
        correction = corrections.ask(manager, asked.reference, items, "Le semestre 1 ne se lit pas.", until)
        kept = lists_actions.ask_export(manager, intake, ApplicationFilters(), "fr").reference
        session.flush()
        made = {
            "export": kept,
            "note": note.reference,
            "view": view.reference,
            "lot": lot.reference,
            "correction": correction.reference,
            "asked": asked.reference,
        }
    export({"export": kept}, lambda done, total: None)
    return made


def put_aside(manager: Viewer, open_intake: str, one: Viewer, other: Viewer) -> dict[str, str]:
    """Let two people of staff begin an application each; the second one's is merged into the first one's."""
    with writing() as session:
        kept, aside = (sending.start(viewer, open_intake) for viewer in (one, other))
        session.flush()
        merge = merges.merge(manager, kept.reference, aside.reference, "Même personne au téléphone.")
        session.flush()
        return {"twin": kept.reference, "merge": merge.reference}


def late_start(manager: Viewer, intake: Intake) -> str:
    """Allow a late start to somebody who has begun nothing. Returns its reference."""
    until = intake.closes_at + timedelta(days=2)
    with writing():
        late_starts.allow(manager, intake.reference, contact_of("retard@exemple.ma"), until, "Panne.")
    return db.session.scalars(sa.select(LateStart.reference)).one()
