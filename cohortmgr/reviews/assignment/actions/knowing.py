"""Saying whom a reader knows: these files are not theirs to read, and what they hold of them goes to others."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from cohortmgr.accounts.rules import SYSTEM, Viewer, require
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave
from cohortmgr.base.errors import N_, NotPermitted, Problem, Refused
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.assignment import acquaintance
from cohortmgr.reviews.assignment.actions.giving import intake_locked
from cohortmgr.reviews.assignment.actions.passing import pass_on
from cohortmgr.reviews.assignment.models import ReaderConflict, ReaderDeclaration
from cohortmgr.reviews.assignment.queries import conflicts
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import OPEN, REVIEW_STATES, ReviewState

# What stands as the reason of a reading that ends so.
BECAUSE = "Conflit déclaré."


def declare(viewer: Viewer, intake_reference: str, ticked: Collection[str], typed: str = "") -> int:
    """Say whom one knows among the candidates of an intake: those ticked in the list, by token, and those whose names
    were typed, one a line. Who was ticked before and is no longer is not known; what somebody else said stays.

    A typed name is compared with those of all files, and whether it is one of them is not told. It is not kept. Returns
    how many files are barred to the reader by what they said."""
    intake = conflicts.intake_to_know(viewer, intake_reference)
    require(viewer, "reviews.score", intake.path)
    if viewer.person_id is None:
        raise NotPermitted("nobody's acquaintances")
    names = acquaintance.typed_names(typed)
    if len(names) > acquaintance.MOST_TYPED:
        what = N_("Trop de noms ; au plus : %(most)s.")
        raise Refused(Problem(what, {"most": acquaintance.MOST_TYPED}, "names"))
    listed = {each.application_id for each in conflicts.listed_for(viewer, intake)}
    files = conflicts.files_for(viewer, intake)
    chosen = {each.application_id for each in files if each.token in ticked and each.application_id in listed}
    named = {each.application_id for each in files if names and acquaintance.is_known(each.name, names)}
    before = {row.ReaderConflict.application_id for row in _own(viewer, intake)}
    dropped = (before & listed) - chosen - named
    if dropped:
        gone = sa.delete(ReaderConflict).where(ReaderConflict.application_id.in_(sorted(dropped)))
        db.session.execute(
            gone.where(
                ReaderConflict.reader_id == viewer.person_id, ReaderConflict.by == viewer.person_reference
            )
        )
    _bar(intake, viewer.person_id, chosen | named, viewer.person_reference or "")
    _note(intake, viewer.person_id)
    barred = (before | chosen | named) - dropped
    # How many, and not whom: the trail is read by more people than those who manage readings.
    record(viewer, "reviews.declare", about(intake), after={"count": len(barred)})
    return len(barred)


def _own(viewer: Viewer, intake: Intake) -> list[sa.Row[ReaderConflict, str, str]]:
    rows = conflicts.conflicts_of(intake, viewer.person_id or 0)
    return [row for row in rows if row.ReaderConflict.by == viewer.person_reference]


def _note(intake: Intake, reader_id: int) -> None:
    known = conflicts.declaration_of(intake, reader_id)
    if known is not None:
        known.at = clock.now()
        return
    row = {
        "reference": new_reference(),
        "institution_id": intake.institution_id,
        "intake_id": intake.id,
        "reader_id": reader_id,
        "at": clock.now(),
    }
    insert_or_leave(db.session, ReaderDeclaration, [row])


def bar(viewer: Viewer, intake_reference: str, reader: str, numbers: Collection[str]) -> int:
    """Say, as who manages readings, which files a reader must not read. Returns how many were not barred before.
    Refused if one of the numbers is no file's."""
    intake = intake_locked(viewer, intake_reference)
    person = assignments.reviewer_or_reader(intake, reader)
    wanted = {number.strip().upper() for number in numbers} - {""}
    files = conflicts.files_by_number(intake, wanted)
    if not wanted or wanted - files.keys():
        missing = ", ".join(sorted(wanted - files.keys())[:10])
        what = N_("Aucun dossier ne porte ces numéros : %(files)s.")
        nothing = Problem(N_("Écrivez au moins un numéro de dossier."), {}, "files")
        raise Refused(Problem(what, {"files": missing}, "files") if wanted else nothing)
    known = {row.number for row in conflicts.conflicts_of(intake, person.id)}
    _bar(intake, person.id, set(files.values()), viewer.reference)
    fresh = sorted(wanted - known)
    if fresh:
        record(viewer, "reviews.bar", about(intake), after={"person": reader, "files": fresh})
    return len(fresh)


def unbar(viewer: Viewer, intake_reference: str, reader: str, conflict: str) -> None:
    """Take back that a reader must not read a file. Doing it again changes nothing."""
    intake = intake_locked(viewer, intake_reference)
    person = assignments.reviewer_or_reader(intake, reader)
    for row in conflicts.conflicts_of(intake, person.id):
        if row.ReaderConflict.reference == conflict:
            db.session.delete(row.ReaderConflict)
            record(viewer, "reviews.unbar", about(intake), before={"person": reader, "files": [row.number]})


def _bar(intake: Intake, reader_id: int, files: Collection[int], by: str) -> None:
    rows = [
        {
            "reference": new_reference(),
            "institution_id": intake.institution_id,
            "intake_id": intake.id,
            "reader_id": reader_id,
            "application_id": file,
            "by": by,
            "at": clock.now(),
        }
        for file in sorted(files)
    ]
    insert_or_leave(db.session, ReaderConflict, rows)
    held = sa.select(Review, Application.number).join(Application, Application.id == Review.application_id)
    held = held.where(Review.reviewer_id == reader_id, Review.application_id.in_(sorted(files)))
    held = held.where(Review.state.in_([state.value for state in OPEN]), Application.state == "submitted")
    left = db.session.execute(held.with_for_update(of=Review)).all()
    for review, _number in left:
        REVIEW_STATES.move(review.state, ReviewState.ABSTAINED)
        review.state, review.abstained_because = ReviewState.ABSTAINED.value, BECAUSE
        review.scores, review.total_thousandths = {}, None
    if left:
        # What was handed in stays: its reader, or who manages readings, decides on it.
        key = definition_of(intake).rubric.files.key
        days = {number: review.due_on for review, number in left if review.phase == key}
        pass_on(SYSTEM, intake, dict.fromkeys(days, 1), days)
