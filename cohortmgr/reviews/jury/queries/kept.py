"""Reading what the worker found of the marks of a phase, for the page of the jury and for rankings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.jobs.queries import advance_to, is_due, kept_of
from cohortmgr.jobs.rules import Advance
from cohortmgr.programmes.definition.rules import Rubric, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.harmonising.models import Harmonisation, MarkChoice
from cohortmgr.reviews.harmonising.queries import formulas_in, harmonisation_of
from cohortmgr.reviews.jury.queries.marks import is_decided, stamp_of
from cohortmgr.reviews.jury.rules import FilledSelection, filled_by_reader
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.queries import closings_of
from cohortmgr.reviews.phases.rules import settled_keys
from cohortmgr.reviews.queries import has_many
from cohortmgr.reviews.rules import COUNTING, OPEN

KIND = "reviews.harmonise"
"""The worker's job that harmonises the phases of an intake, and the kind of its kept result."""
_COUNTS = Review.state.in_([state.value for state in COUNTING])
_OPEN = Review.state.in_([state.value for state in OPEN])


def asked_phase(rubric: Rubric, key: str) -> RubricPhase | None:
    """Return the phase with that key if people read in it; without a key that of files, or the first that is read. None
    if there is none."""
    read = [each for each in rubric.phases if each.is_read and each.criteria]
    if key:
        return next((each for each in read if each.key == key), None)
    return next((each for each in read if each is rubric.files), read[0] if read else None)


@dataclass(frozen=True)
class KeptMarks:
    """What is kept of a phase, None before the first time; whether marks, files or seats have changed since; whether
    it is to be asked for, and how far the worker is. Of a large intake no page looks whether it still holds: the
    worker does, once a minute at most."""

    found: Harmonisation | None
    is_stale: bool
    is_due: bool
    advance: Advance


def kept_marks(intake: Intake, phase: str) -> KeptMarks:
    """Return what is kept of a phase, and whether it still holds, in eight statements at most."""
    found, kept = harmonisation_of(intake.id, phase), kept_of(KIND, intake.reference)
    advance = advance_to(kept)
    if has_many(intake):
        return KeptMarks(found, False, is_due(kept), advance)
    known = found.figures.get("stamp") if found is not None else (kept.figures if kept else {}).get("stamp")
    is_stale = known != stamp_of(intake)
    return KeptMarks(found, is_stale, is_stale and is_due(kept), advance)


def still_holds(intake: Intake, stamp: str) -> bool:
    """Whether all that is kept of an intake is of this stamp, and something is."""
    rows = sa.select(Harmonisation.figures).where(Harmonisation.intake_id == intake.id)
    kept = [figures.get("stamp") for figures in db.session.scalars(rows)]
    return bool(kept) and set(kept) == {stamp}


def settled_in(intake: Intake) -> set[str]:
    """Return the keys of the phases that are ranked by harmonised marks and are closed, or counted when a later one
    was, or when all was decided: by those marks people went on or were chosen, and a file that is withdrawn since, or a
    mark that is lost, moves none of them."""
    chosen = set(formulas_in(intake.id))
    if chosen and is_decided(intake):
        return chosen
    return chosen & settled_keys(definition_of(intake).rubric, closings_of(intake))


def readings_of_files(
    intake: Intake, phase: str, numbers: Collection[str]
) -> dict[str, list[tuple[str, int]]]:
    """Return (reader's reference, mark that stands) of the readings of some files in a phase, by number and in the
    order in which they were given."""
    rows = sa.select(Application.number, Person.reference, Review.total_thousandths)
    rows = rows.select_from(Review).join(Application, Application.id == Review.application_id)
    rows = rows.join(Person, Person.id == Review.reviewer_id)
    rows = rows.where(Review.intake_id == intake.id, Review.phase == phase, _COUNTS)
    # With its state, as the index by numbers has it.
    marked = (Application.intake_id == intake.id, Application.state == "submitted")
    rows = rows.where(*marked, Application.number.in_(sorted(numbers)))
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, reader, total in db.session.execute(rows.order_by(Review.id)) if numbers else ():
        found[number].append((reader, total or 0))
    return found


def in_hand(viewer: Viewer, intake: Intake, phase: str) -> frozenset[str]:
    """Return the numbers of the files of which the viewer has not handed in their own reading: what others say of them
    is not for their eyes. No statement for who reads no files."""
    if viewer.person_id is None or not viewer.paths("reviews.score"):
        return frozenset()
    mine = (
        Review.reviewer_id == viewer.person_id,
        Review.intake_id == intake.id,
        Review.phase == phase,
        _OPEN,
    )
    rows = sa.select(Application.number).join(Review, Review.application_id == Application.id)
    return frozenset(db.session.scalars(rows.where(*mine)))


def names_of(references: Collection[str]) -> dict[str, str]:
    """Return the names of readers by their references."""
    rows = sa.select(Person.reference, Person.given_name, Person.family_name)
    rows = rows.where(Person.reference.in_(sorted(references)))
    return {row[0]: f"{row[1]} {row[2]}".strip() for row in db.session.execute(rows)} if references else {}


def choices_of(intake: Intake, phase: str) -> Sequence[Any]:
    """Return (MarkChoice, given and family name of who chose) of a phase, the newest first, those taken back among
    them."""
    rows = sa.select(MarkChoice, Person.given_name, Person.family_name)
    rows = rows.outerjoin(Account, Account.reference == MarkChoice.chosen_by)
    rows = rows.outerjoin(Person, Person.id == Account.person_id)
    mine = (MarkChoice.intake_id == intake.id, MarkChoice.phase == phase)
    return db.session.execute(rows.where(*mine).order_by(MarkChoice.id.desc())).all()


def filled_by_one(intake: Intake, chosen: Collection[int], files: Collection[int]) -> FilledSelection | None:
    """Return that the files which one reader read fill more of a selection than chance would once in a thousand; None
    if none does. `chosen` are the ids of the files that are chosen, `files` those of all that compete. One
    statement."""
    if not chosen:
        return None
    rows = sa.select(Review.reviewer_id, Review.application_id).distinct()
    read: dict[int, list[int]] = defaultdict(list)
    for reader, file in db.session.execute(rows.where(Review.intake_id == intake.id, _COUNTS)):
        read[reader].append(file)
    able, taken = set(files), set(chosen)
    counts = [(len(able.intersection(theirs)), len(taken.intersection(theirs))) for theirs in read.values()]
    return filled_by_reader([each for each in counts if each[0]], len(able), len(taken))
