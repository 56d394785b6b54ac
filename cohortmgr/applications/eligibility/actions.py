"""Decide one file's eligibility: by the programme's conditions, or by staff in place of the conditions."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.applications.answers.conditions import counted
from cohortmgr.applications.eligibility import queries
from cohortmgr.applications.eligibility.models import Override
from cohortmgr.applications.eligibility.queries import circumstances_of
from cohortmgr.applications.eligibility.rules import assess
from cohortmgr.applications.file import queries as file_queries
from cohortmgr.applications.file.actions import about_file
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.text import clean

LONGEST_REASON = 1000
_REASON = N_("Dites pourquoi : la raison reste au journal.")
_LONG = N_("La raison dépasse %(most)s caractères.")
_DECIDED = N_(
    "Une autre personne a décidé de ce dossier entre-temps : relisez sa décision, puis décidez de nouveau s’il le faut."
)
_NOT_SENT = N_("Seule une candidature envoyée se décide ainsi.")


def override(
    viewer: Viewer, reference: str, eligible: bool, reason: str, seen: str | None = None
) -> Override:
    """Decide that a sent file is eligible or not, whatever the conditions say; twice is the same as once. Refused if
    `seen`, the reference of the decision that the form showed, or empty for none, is not that of the present one.

    The decision stands in `Application.eligible`, which rankings and readings follow, until it is lifted.
    """
    file = _managed(viewer, reference)
    row, reason = file.application, clean(reason)
    if row.state != ApplicationState.SUBMITTED:
        raise Refused(_NOT_SENT)
    if not reason:
        raise Refused(Problem(_REASON, {}, "reason"))
    if len(reason) > LONGEST_REASON:
        raise Refused(Problem(_LONG, {"most": LONGEST_REASON}, "reason"))
    held = queries.override_of(row)
    if held is not None and held.eligible == eligible:
        return held
    if seen is not None and seen != (held.reference if held else ""):
        raise Refused(_DECIDED)
    if held is not None:
        held.lifted_at = clock.now()
        db.session.flush()
    said = Override(
        institution_id=row.institution_id,
        person_id=row.person_id,
        application_id=row.id,
        eligible=eligible,
        reason=reason,
        by=viewer.reference,
        by_name=viewer.name or viewer.email,
        at=clock.now(),
    )
    db.session.add(said)
    before, row.eligible = row.eligible, eligible
    record(
        viewer,
        "applications.override",
        about_file(viewer, row),
        before={"eligible": before},
        after={"eligible": eligible, "reason": reason},
    )
    return said


def lift(viewer: Viewer, reference: str) -> Application:
    """End staff's decision, so that the conditions decide again; nothing happens if there is none."""
    file = _managed(viewer, reference)
    row = file.application
    held = queries.override_of(row)
    if held is None:
        return row
    held.lifted_at = clock.now()
    db.session.flush()
    before = row.eligible
    reassess(viewer, file)
    record(
        viewer,
        "applications.lift_override",
        about_file(viewer, row),
        before={"eligible": before},
        after={"eligible": row.eligible},
    )
    return row


def reassess(viewer: Viewer, file: File) -> None:
    """Assess a file's answers by the conditions, on the day it was sent; a decision by staff goes before."""
    row = file.application
    day = clock.local(row.sent_at or clock.now()).date()
    answers = counted(file.definition.form, file.answers)
    found = assess(file.definition.eligibility, answers, day, circumstances_of(file))
    held = queries.override_of(row)
    row.eligible = found.verdict if held is None else held.eligible
    row.reasons = list(found.reasons)


def _managed(viewer: Viewer, reference: str) -> File:
    file = file_queries.read_by_staff(viewer, reference)
    require(viewer, file_queries.MANAGE, file.intake.path)
    return file
