"""Reading the progress of readings: summed up now, or as the worker last did in a large intake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import within
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs.queries import kept_of, kept_of_each
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.rules import narrowing_before
from cohortmgr.reviews.queries import late, may_read, of_files, readers_of, require_unconcerned, to_read_in
from cohortmgr.reviews.rules import (
    COUNTING,
    HOLDING,
    MOST_AT_ONCE,
    OPEN,
    Reader,
    ReadingProgress,
    ReviewState,
    is_stranded,
    severity_of,
)

KIND = "reviews.progress"
"""The worker's job that sums up a large intake, and the kind of its kept result."""


def intake_with_files(viewer: Viewer, reference: str) -> tuple[Intake, int]:
    """Return an intake whose readings the viewer reads, and how many of its files are to be read, in one statement.
    Raises NotFound otherwise, and Withheld from whoever has an interest in it."""
    chosen = sa.select(Intake, to_read_in(Intake.id).scalar_subquery()).where(Intake.reference == reference)
    row = db.session.execute(chosen.where(within(viewer, "reviews.read"))).first()
    if row is None:
        raise NotFound(reference)
    require_unconcerned(viewer, row[0])
    return row[0], int(row[1] or 0)


def summed_at_once(intake: Intake, files: int | None = None) -> ReadingProgress | None:
    """Return the progress of an intake with so few files to read that its page sums it up; None of a larger one.
    `files` is how many they are, if that is known."""
    files = _files(intake) if files is None else files
    return _summed(intake, files) if files <= MOST_AT_ONCE else None


def is_summed_at_once(intake: Intake) -> bool:
    """Whether an intake has so few files to read that its page sums them up, and shares them out."""
    return _files(intake) <= MOST_AT_ONCE


def tally_of(intake: Intake) -> tuple[int, int] | None:
    """Return how many readings of an intake are handed in, and how many were given to somebody in all; of a large
    intake as the worker last summed them up, None before the first. Two statements."""
    if not is_summed_at_once(intake):
        kept = kept_of(KIND, intake.reference)
        if kept is None or not kept.made_at:
            return None
        return int(kept.figures["handed_in"]), int(kept.figures["assigned"]) + int(kept.figures["stranded"])
    counted = _readings(intake, Review.state, sa.func.count().label("number")).group_by(Review.state)
    states = {state: (int(number), 0) for state, number in db.session.execute(counted)}
    return _count(states, COUNTING), _count(states, HOLDING)


def lacking_in(files: Mapping[Intake, int]) -> dict[int, int]:
    """Return by its id how many readings the files of each intake lack, of as many files as are given; of a large one
    as the worker last summed them up, as it does when it assigns, and all before the first. What is open with somebody
    who may read no longer is lacking. As many statements whatever the number of intakes."""
    readings = {intake.id: programmes.definition_of(intake).rubric.files for intake in files}
    files = {intake: _narrowed(intake, number) for intake, number in files.items()}
    small = {intake.id: intake for intake, number in files.items() if number <= MOST_AT_ONCE}
    held = _held_in(list(small.values()), readings) if small else {}
    found = {
        each.id: readings[each.id].readings * count - held.get(each.id, 0) for each, count in files.items()
    }
    large = {intake.reference: intake.id for intake in files if intake.id not in small}
    for kept in kept_of_each(KIND, large):
        wanted = int(kept.figures["files"]) * int(kept.figures["readings"])
        given = int(kept.figures["assigned"]) - int(kept.figures.get("extra", 0))
        found[large[kept.subject]] = wanted - given
    return {number: max(0, count) for number, count in found.items()}


def _narrowed(intake: Intake, number: int) -> int:
    rubric = programmes.definition_of(intake).rubric
    return phases.count_in(intake, rubric.files.key) if narrowing_before(rubric, rubric.files.key) else number


def _held_in(intakes: Sequence[Intake], readings: Mapping[int, RubricPhase]) -> dict[int, int]:
    asked = {intake.id: readings[intake.id] for intake in intakes}
    rows = sa.select(Review.intake_id, Review.reviewer_id).where(Review.state.in_(OPEN)).distinct()
    holders = db.session.execute(rows.where(Review.intake_id.in_(sorted(asked)))).all()
    concerned = interests.interests_in(intakes, {row.reviewer_id for row in holders}) if holders else {}
    gone = [(each.intake_id, person) for person, found in concerned.items() for each in found]
    joined = sa.and_(Intake.id == Review.intake_id, may_read())
    able = sa.select(Intake.id).where(joined).correlate(Review).exists()
    stands = sa.and_(able, sa.tuple_(Review.intake_id, Review.reviewer_id).not_in(gone)) if gone else able
    return {row[0]: int(row[1]) for row in db.session.execute(_needed_in(asked, stands))}


def _needed_in(readings: Mapping[int, RubricPhase], stands: sa.ColumnElement[bool]) -> sa.Select[int, int]:
    """Select (intake's id, how many readings somebody holds or has handed in) of some intakes; of each file at most as
    many as are asked for, for one that has more makes up for none. What is open counts if it `stands`: its reader may
    read it."""
    least = {intake_id: phase.readings for intake_id, phase in readings.items()}
    keys = {intake_id: phase.key for intake_id, phase in readings.items()}
    asked, number = sa.case(least, value=Review.intake_id, else_=0), sa.func.count()
    of_files = Review.phase == sa.case(keys, value=Review.intake_id, else_="")
    chosen = sa.select(Review.intake_id, sa.case((number > asked, asked), else_=number).label("needed"))
    joined = chosen.join(Application, Application.id == Review.application_id)
    holds = sa.or_(Review.state.in_(COUNTING), sa.and_(Review.state.in_(OPEN), stands))
    read = (Application.state == "submitted", Application.eligible.is_(True), holds)
    held = joined.where(Review.intake_id.in_(sorted(readings)), of_files, *read)
    file = held.group_by(Review.intake_id, Review.application_id).subquery()
    needed = sa.func.sum(file.c.needed).label("needed")
    return sa.select(file.c.intake_id, needed).group_by(file.c.intake_id)


def as_kept(progress: ReadingProgress) -> dict[str, Any]:
    """Return the figures of a progress as they are kept. Names are not kept: people change them."""
    figures = {name: getattr(progress, name) for name in _NUMBERS}
    readers = [{name: getattr(reader, name) for name in _OF_READER} for reader in progress.readers]
    return {**figures, "readers": readers, "spread": progress.spread, "totals": progress.totals}


def from_kept(figures: Mapping[str, Any]) -> ReadingProgress:
    """Return a progress that was kept, its readers sorted by the names that they bear now."""
    names = _names_of([reader["reference"] for reader in figures["readers"]])
    readers = [Reader(name=names.get(each["reference"], "").strip(), **each) for each in figures["readers"]]
    return ReadingProgress(
        **{name: figures[name] for name in _NUMBERS if name in figures},
        readers=tuple(sorted(readers, key=lambda reader: reader.name)),
        spread=tuple((value, count) for value, count in figures["spread"]),
        totals=tuple((value, count) for value, count in figures["totals"]),
    )


_NUMBERS = ("files", "complete", "assigned", "stranded", "handed_in", "readings", "extra")
_OF_READER = ("reference", "held", "handed_in", "waiting", "abstained", "mean", "severity", "late")


def progress_of(intake: Intake) -> ReadingProgress:
    """Return the progress of an intake, in as many statements and as few rows whatever the number of files: the
    database sums. A file that was withdrawn or put aside waits for nobody, so it is left out, as in the readers' own
    lists."""
    return _summed(intake, _files(intake))


def _summed(intake: Intake, files: int) -> ReadingProgress:
    phase = programmes.definition_of(intake).rubric.files
    readings, able = phase.readings, readers_of(intake)
    names = {row.reference: f"{row.given_name} {row.family_name}" for row in able}
    stands = Review.reviewer_id.in_([row.person_id for row in able])
    is_late = sa.and_(*late())
    columns = (Person.reference, Review.state, sa.func.count(), sa.func.sum(Review.total_thousandths))
    needed = _needed_in({intake.id: phase}, stands).subquery()
    whole = sa.select(needed.c.needed).scalar_subquery().label("needed")
    held = db.session.execute(
        _readings(intake, whole, *columns, sa.func.sum(sa.case((is_late, 1), else_=0)))
        .join(Intake, Intake.id == Review.intake_id)
        .join(Person, Person.id == Review.reviewer_id)
        .group_by(Person.reference, Review.state)
    ).all()
    work: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    overdue = Counter[str]()
    for _whole, reference, state, count, total, over in held:
        work[reference][state] = (count, int(total or 0))
        overdue[reference] += int(over)
    stranded = sum(row[3] for row in held if is_stranded(row[2], row[1], names))
    names |= _names_of(work.keys() - names.keys())
    complete, spread, totals = _spread(intake, readings)
    given = sum(_count(states, HOLDING) for states in work.values())
    return ReadingProgress(
        files=files,
        complete=complete,
        assigned=given - stranded,
        stranded=stranded,
        handed_in=sum(_count(states, COUNTING) for states in work.values()),
        readings=readings,
        readers=_readers(work, names, _severities(intake), overdue),
        spread=_filled(spread),
        totals=_filled(totals),
        extra=given - stranded - (int(held[0].needed or 0) if held else 0),
    )


def _files(intake: Intake) -> int:
    """How many files were sent and meet the conditions, by the counters; counted one by one where only some of them go
    on to be read."""
    rubric = programmes.definition_of(intake).rubric
    if narrowing_before(rubric, rubric.files.key):
        return phases.count_in(intake, rubric.files.key)
    return int(db.session.scalar(to_read_in(intake.id)) or 0)


def _readings(intake: Intake, *wanted: Any) -> sa.Select[Any]:
    """Select of the readings of the files that are to be read, in the phase in which files are."""
    files = (
        Application.intake_id == intake.id,
        Application.state == "submitted",
        Application.eligible.is_(True),
    )
    chosen = sa.select(*wanted).select_from(Review).join(Application, Application.id == Review.application_id)
    return chosen.where(Review.intake_id == intake.id, of_files(intake), *files)


def _by_file(intake: Intake) -> sa.Subquery:
    """For each file: how many readings were handed in, the least and the greatest total, and their sum."""
    total = Review.total_thousandths
    measured = _readings(
        intake,
        Review.application_id,
        sa.func.count().label("readers"),
        sa.func.min(total).label("least"),
        sa.func.max(total).label("most"),
        sa.func.sum(total).label("whole"),
    )
    return measured.where(Review.state.in_(COUNTING)).group_by(Review.application_id).subquery()


def _spread(intake: Intake, readings: int) -> tuple[int, Counter[int], Counter[int]]:
    """How many files have enough readings; and how many there are with each gap between readings, and with each mean,
    in whole points."""
    file = _by_file(intake)
    gap = sa.case((file.c.readers > 1, (file.c.most - file.c.least) // 1000)).label("gap")
    mean = (file.c.whole // file.c.readers // 1000).label("mean")
    enough = sa.case((file.c.readers >= readings, 1), else_=0).label("enough")
    complete, gaps, means = 0, Counter[int](), Counter[int]()
    for wide, high, is_enough, count in db.session.execute(
        sa.select(gap, mean, enough, sa.func.count()).group_by("gap", "mean", "enough")
    ):
        complete += count if is_enough else 0
        means[int(high)] += count
        if wide is not None:
            gaps[int(wide)] += count
    return complete, gaps, means


def _severities(intake: Intake) -> dict[str, int | None]:
    """Each reviewer's severity, by reference."""
    file = _by_file(intake)
    over = sa.func.sum(Review.total_thousandths * file.c.readers - file.c.whole)
    rows = db.session.execute(
        _readings(intake, Person.reference, file.c.readers, sa.func.count(), over)
        .join(Person, Person.id == Review.reviewer_id)
        .join(file, file.c.application_id == Review.application_id)
        .where(Review.state.in_(COUNTING), file.c.readers > 1)
        .group_by(Person.reference, file.c.readers)
    )
    shared: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for reference, readers, files, gap in rows:
        shared[reference].append((readers, files, int(gap)))
    return {reference: severity_of(each) for reference, each in shared.items()}


def _names_of(references: Collection[str]) -> dict[str, str]:
    if not references:
        return {}
    wanted = sa.select(Person.reference, Person.given_name, Person.family_name)
    rows = db.session.execute(wanted.where(Person.reference.in_(sorted(references))))
    return {row.reference: f"{row.given_name} {row.family_name}" for row in rows}


def _count(states: Mapping[str, tuple[int, int]], wanted: Collection[str]) -> int:
    return sum(count for state, (count, _total) in states.items() if state in wanted)


def _readers(
    work: Mapping[str, Mapping[str, tuple[int, int]]],
    names: Mapping[str, str],
    severity: Mapping[str, int | None],
    late: Mapping[str, int],
) -> tuple[Reader, ...]:
    found = []
    for reference, name in sorted(names.items(), key=lambda item: item[1]):
        own = work.get(reference, {})
        handed_in = _count(own, COUNTING)
        whole = sum(total for state, (_number, total) in own.items() if state in COUNTING)
        found.append(
            Reader(
                reference=reference,
                name=name.strip(),
                held=_count(own, HOLDING),
                handed_in=handed_in,
                waiting=_count(own, OPEN),
                abstained=_count(own, {ReviewState.ABSTAINED}),
                mean=round(whole / handed_in) if handed_in else None,
                severity=severity.get(reference),
                late=late.get(reference, 0),
            )
        )
    return tuple(found)


def _filled(counts: Counter[int]) -> tuple[tuple[int, int], ...]:
    """Each value from the least to the greatest with how often it occurs."""
    return tuple((value, counts[value]) for value in range(min(counts), max(counts) + 1)) if counts else ()
