"""Reading what further readings are found from: the harmonised marks that are kept, and who holds what of each file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db, table_of
from cohortmgr.base.errors import N_, Problem
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import kept_of
from cohortmgr.programmes.definition.rubric_changes import title_of
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.assignment.queries import giving as assignments
from cohortmgr.reviews.assignment.queries.giving import ReadingStanding
from cohortmgr.reviews.further.outlook import PlacedFile, ReadingState
from cohortmgr.reviews.harmonising import queries as harmonising
from cohortmgr.reviews.harmonising.models import Harmonisation, HarmonisedFile
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.marks import competes, share_in, whole_mark
from cohortmgr.reviews.phases.rules import deciding_place
from cohortmgr.reviews.queries import is_frozen, of_files
from cohortmgr.reviews.rules import HOLDING, OPEN, ReviewState

KIND = "reviews.further"
"""The worker's job that finds what further readings of an intake promise, and the kind of its kept result."""
GIVE = "reviews.give_further"
"""The worker's job that gives further readings out in a large intake."""
_FILES = table_of(HarmonisedFile)
_CLOSED = N_("Cette phase est close : ses notes ne changent plus, et rien ne s’y lit davantage.")
_GONE_ON = N_(
    "« %(phase)s » est close : qui va plus loin est dit, et une lecture de plus n’y changerait rien."
)
_DECIDED = N_(
    "Des décisions sont proposées ou prises sur ces lectures : rien ne se lit davantage tant qu’elles tiennent."
)
_UNFOUND = N_(
    "Les notes ne sont pas encore harmonisées : sans elles, on ne sait pas quelles lectures de plus comptent."
)


@dataclass(frozen=True)
class FurtherGround:
    """What further readings of an intake's files are found from, as it stands: the harmonised marks of its files, how
    many are chosen of each offering, who reads what, and the noise of one reading in points."""

    intake: Intake
    phase: RubricPhase
    files: Sequence[PlacedFile]
    places: Mapping[int, int]
    standing: ReadingStanding
    state: ReadingState
    noise: float


def in_the_way(intake: Intake, phase: RubricPhase) -> list[Problem]:
    """Return why nothing more is read in a phase: it is closed, or the one that its marks decide is; decisions rest on
    it; its marks are not harmonised. At most three statements, and one an offering."""
    closed = phases.closings_of(intake)
    if phase.key in closed:
        return [Problem(_CLOSED)]
    rubric = definition_of(intake).rubric
    deciding = rubric.phases[deciding_place(rubric, phase.key)]
    if deciding.key in closed:
        return [Problem(_GONE_ON, {"phase": title_of(deciding)})]
    if any(is_frozen(file) for file in phases.one_of_each_offering(intake)):
        return [Problem(_DECIDED)]
    return [] if harmonising.harmonisation_of(intake.id, phase.key) else [Problem(_UNFOUND)]


def ground_of(intake: Intake, found: Harmonisation) -> FurtherGround:
    """Return what further readings are found from, by a harmonisation of the phase in which files are read; all of it
    in one number of statements, however many files there are. For the system."""
    phase, standing = definition_of(intake).rubric.files, assignments.standing_in(intake)
    files = [file for file in _placed(intake, found) if file.number in standing.files]
    held, pending = Counter[str](), Counter[str]()
    for row in _holding(intake):
        held[row.number] += 1
        if row.id not in standing.stranded and not _is_counted(row, found.made_at):
            pending[row.number] += 1
    kept_from: dict[str, set[str]] = defaultdict(set)
    for reader, number in standing.closed:
        kept_from[number].add(reader)
    loads = dict.fromkeys(standing.people, 0)
    for number, readers in standing.done.items():
        kept_from[number] |= set(readers)
        for reader in loads.keys() & set(readers):
            loads[reader] += 1
    state = ReadingState(held, pending, kept_from, loads, standing.limits, phase.most_readings)
    return FurtherGround(
        intake, phase, files, _places(intake, phase), standing, state, float(found.figures["noise"])
    )


def _places(intake: Intake, phase: RubricPhase) -> dict[int, int]:
    """How many of each offering go on where the marks of a phase decide, or are chosen."""
    rubric = definition_of(intake).rubric
    goes_on = rubric.phases[deciding_place(rubric, phase.key)].goes_on
    return {each.id: each.seats if goes_on is None else goes_on for each in offerings_of(intake)}


def basis_of(intake: Intake, phase: RubricPhase) -> MarkBasis:
    """Return by which harmonised marks files are placed: those of the choice, and where raw marks count, or nothing is
    chosen yet, those in which all readers weigh the same."""
    chosen = harmonising.choice_of(intake.id, phase.key)
    is_weighted = chosen is not None and chosen.basis == MarkBasis.WEIGHTED
    return MarkBasis.WEIGHTED if is_weighted else MarkBasis.HARMONISED


def _placed(intake: Intake, found: Harmonisation) -> list[PlacedFile]:
    """The files that stand against each other, by their marks of all phases that count: not those whom a criterion
    knocks out, nor who did not come."""
    rubric = definition_of(intake).rubric
    phase, marks = rubric.files, _FILES.c
    last = deciding_place(rubric, phase.key)
    columns = (marks.harmonised, marks.error, marks.chance)
    if basis_of(intake, phase) is MarkBasis.WEIGHTED:
        columns = (marks.weighted, marks.weighted_error, marks.weighted_chance)
    rows = sa.select(Application.number, *columns).join(_FILES, marks.application_id == Application.id)
    kept = {row[0]: row[1:] for row in db.session.execute(rows.where(marks.harmonisation_id == found.id))}
    placed = []
    for file in phases.marked_files(intake):
        if file.number in kept and competes(rubric, file.marks, last):
            mark, error, chance = kept[file.number]
            by_these = replace(file.marks, harmonised={**file.marks.harmonised, phase.key: mark})
            whole = whole_mark(rubric, by_these, last) or Fraction(mark)
            share = share_in(rubric, by_these, phase, last)
            placed.append(PlacedFile(file.number, file.offering_id, mark, error, chance, whole, share))
    return placed


def _holding(intake: Intake) -> Sequence[Any]:
    rows = sa.select(Application.number, Review.id, Review.state, Review.submitted_at, Review.earlier)
    rows = rows.join(Application, Application.id == Review.application_id)
    holds = Review.state.in_([state.value for state in HOLDING])
    return db.session.execute(rows.where(Review.intake_id == intake.id, of_files(intake), holds)).all()


def _is_counted(row: Any, made_at: datetime) -> bool:
    """Whether the mark first handed in of a reading was there when marks were harmonised."""
    moments = [datetime.fromisoformat(was["at"]) for was in row.earlier if was.get("at")]
    if row.state == ReviewState.SUBMITTED and row.submitted_at is not None:
        moments.append(row.submitted_at)
    return bool(moments) and min(moments) <= made_at


def last_given(intake: Intake) -> int:
    """Return the id of the reading of its files that was given last in an intake; 0 before the first. By the index."""
    rows = sa.select(Review.id).where(Review.intake_id == intake.id, of_files(intake))
    return db.session.scalar(rows.order_by(Review.id.desc()).limit(1)) or 0


def given_in(intake: Intake) -> tuple[int, int]:
    """Return how many readings of its files were ever given in an intake, and how many of them wait. One statement."""
    waits = sa.case((Review.state.in_([state.value for state in OPEN]), 1), else_=0)
    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(waits), 0))
    row = db.session.execute(counted.where(Review.intake_id == intake.id, of_files(intake))).one()
    return int(row[0]), int(row[1])


def stamp_of(intake: Intake, found: Harmonisation) -> str:
    """Return a text that changes with whatever an outlook rests on: the harmonisation, the choice, the readings that
    are given and those that wait. Two statements."""
    basis = basis_of(intake, definition_of(intake).rubric.files)
    return " ".join(map(str, (found.reference, found.made_at.isoformat(), basis.value, *given_in(intake))))


def kept_outlook(intake: Intake) -> KeptResult | None:
    """Return what is kept of the outlook of an intake: its figures and of which `stamp` they are; None before it was
    ever asked for."""
    return kept_of(KIND, intake.reference)
