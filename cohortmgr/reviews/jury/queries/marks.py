"""Reading what a phase is harmonised from: marks as they were first handed in and as they stand, and who competes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import PhaseKind, Rubric
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, offerings_of
from cohortmgr.reviews.harmonising.queries import formulas_in, letters_in
from cohortmgr.reviews.harmonising.rules import first_total
from cohortmgr.reviews.jury.rules import (
    Contest,
    CountedReading,
    PhaseWork,
    ReadPhase,
)
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.marks import competes, mean_of, tie_key
from cohortmgr.reviews.phases.models import PhaseClosing, PhaseResult
from cohortmgr.reviews.phases.queries import TO_MARK, MarkedFile, marked_files
from cohortmgr.reviews.phases.rules import deciding_place
from cohortmgr.reviews.queries import frozen_file
from cohortmgr.reviews.rules import COUNTING

_COUNTS = Review.state.in_([state.value for state in COUNTING])


def stamp_of(intake: Intake) -> str:
    """Return a text that changes with whatever harmonised marks and chances of an intake rest on: readings, results,
    files, answers where points come from them, closings, seats, the definition, and whether all is decided. Three
    statements.

    Each has a sum of its own: added up, a mark that falls by as much as a version rises would change nothing. Which
    rows there are has one too, and seats are told by offering: one may take the place of another that is like it."""
    rubric = definition_of(intake).rubric
    answers = any(each.kind is PhaseKind.COMPUTED for each in rubric.phases)
    reads = _sums(Review.id, Review.version, Review.total_thousandths).where(
        Review.intake_id == intake.id, _COUNTS
    )
    noted = _sums(PhaseResult.id, PhaseResult.version).where(PhaseResult.intake_id == intake.id)
    files = _sums(Application.id, *((Application.version,) if answers else ()))
    files = files.where(Application.intake_id == intake.id, *TO_MARK)
    closed = _sums(PhaseClosing.id).where(
        PhaseClosing.intake_id == intake.id, PhaseClosing.taken_back_at.is_(None)
    )
    parts = [each.subquery() for each in (reads, noted, files, closed)]
    rows: sa.FromClause = parts[0]
    for part in parts[1:]:  # each has one row
        rows = rows.join(part, sa.true())
    row = db.session.execute(sa.select(*parts).select_from(rows)).one()
    seats = [number for each in offerings_of(intake) for number in (each.id, each.seats)]
    parts_of = (*row, *seats, intake.definition_version_id, is_decided(intake))
    return "-".join(str(int(value)) for value in parts_of)


def is_decided(intake: Intake) -> bool:
    """Whether a batch of decisions rests on every file of an intake that is marked. One statement."""
    waits = sa.select(Application.id).where(Application.intake_id == intake.id, *TO_MARK, ~frozen_file())
    return db.session.scalar(waits.limit(1)) is None


def _sums(*columns: sa.SQLColumnExpression[Any]) -> sa.Select[*tuple[int, ...]]:
    sums = [sa.func.coalesce(sa.func.sum(each), 0).label(f"sum{place}") for place, each in enumerate(columns)]
    return sa.select(sa.func.count().label("rows"), *sums)


def readings_in(intake: Intake) -> dict[str, list[CountedReading]]:
    """Return the readings of an intake that count, of files that are marked, by the phase's key, each file's in the
    order in which they were given. One statement, of columns alone."""
    keys = [each.key for each in definition_of(intake).rubric.phases if each.is_read]
    rows = sa.select(
        Review.phase, Application.number, Person.reference, Review.total_thousandths, Review.earlier
    )
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.join(Person, Person.id == Review.reviewer_id)
    rows = rows.where(Review.intake_id == intake.id, Review.phase.in_(keys), _COUNTS, *TO_MARK)
    found: dict[str, list[CountedReading]] = defaultdict(list)
    for phase, number, reader, total, earlier in db.session.execute(
        rows.order_by(Review.application_id, Review.id)
    ):
        now = total or 0
        found[phase].append(CountedReading(number, reader, first_total(earlier, now) or 0, now))
    return found


def works_in(intake: Intake) -> tuple[dict[str, PhaseWork], Mapping[str, int]]:
    """Return what each phase that people have read is harmonised from, by its key, and the ids of the files by number.
    As many statements whatever the number of files."""
    rubric, readings = definition_of(intake).rubric, readings_in(intake)
    files, formulas, letters = marked_files(intake), formulas_in(intake.id), letters_in(intake.id)
    seats = [(each.reference, each.id, each.seats) for each in offerings_of(intake)]
    read = {
        each.key: ReadPhase(
            each.key,
            each.weight,
            readings[each.key],
            formulas[each.key].formula if each.key in formulas else None,
        )
        for each in rubric.phases
        if readings.get(each.key)
    }
    found = {}
    for key, phase in read.items():
        last = deciding_place(rubric, key)
        counting = [each.key for each in rubric.phases[: last + 1]]
        others = [read[other] for other in counting if other in read and other != key]
        held = {each: {row.file for row in read[each].readings} for each in counting if each in read}
        contests = _contests(intake, key, files, held[key], seats)
        fixed = {file.number: _fixed(rubric, file, last, held) for file in files}
        found[key] = PhaseWork(phase, others, fixed, contests, letters.get(key, {}))
    return found, {file.number: file.application_id for file in files}


def _fixed(rubric: Rubric, file: MarkedFile, last: int, held: Mapping[str, set[str]]) -> tuple[int, Fraction]:
    """What the phases that nobody reads add to a file: computed points, tests, and the nought of who did not come."""
    weights, over = 0, Fraction(0)
    for phase in rubric.phases[: last + 1]:
        mark = mean_of(file.marks.of(phase))
        if mark is not None and file.number not in held.get(phase.key, ()):
            weights, over = weights + phase.weight, over + phase.weight * mark
    return weights, over


def _contests(
    intake: Intake,
    key: str,
    files: Sequence[MarkedFile],
    read: set[str],
    seats: Sequence[tuple[str, int, int]],
) -> list[Contest]:
    """Who stands against whom: of each offering the files that were read and may go on, for as many places as go on.
    They stand in the order in which a ranking tells equals apart."""
    rubric = definition_of(intake).rubric
    last = deciding_place(rubric, key)
    goes_on = rubric.phases[last].goes_on
    able: dict[int, list[str]] = defaultdict(list)
    for file in sorted(files, key=lambda each: tie_key(rubric, each.marks, intake.reference, each.number)):
        if file.number in read and competes(rubric, file.marks, last):
            able[file.offering_id].append(file.number)
    return [
        Contest(reference, goes_on or number, able[offering_id]) for reference, offering_id, number in seats
    ]
