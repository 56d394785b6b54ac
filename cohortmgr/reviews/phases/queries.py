"""Reading phases: which one an intake is in, which files are in one, and what each file has got so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME
from cohortmgr.base.db import db
from cohortmgr.base.paging import ListPlace, Page, Total, page_of
from cohortmgr.programmes.definition.rules import Definition, NoShow, PhaseKind, Rubric, RubricPhase
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.harmonising.queries import as_kept, choices_in, formulas_in, stamp_of_choices, told
from cohortmgr.reviews.harmonising.rules import ChosenFormula, ToldChoice
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.display import name_of
from cohortmgr.reviews.phases.marks import FileMarks, Reading
from cohortmgr.reviews.phases.models import PhaseAdvance, PhaseClosing, PhaseResult
from cohortmgr.reviews.phases.points import points_of
from cohortmgr.reviews.phases.rules import current_place, narrowing_before, reached_place
from cohortmgr.reviews.queries import visible
from cohortmgr.reviews.rules import COUNTING, HOLDING, ReviewState, total_thousandths

_STANDS = PhaseClosing.taken_back_at.is_(None)
# In which a reading of a phase says that the phase has begun.
_BEGUN = (ReviewState.DRAFTED, ReviewState.SUBMITTED, ReviewState.REOPENED)
# The files of one page of who went on.
PAGE = 50
TO_MARK = (Application.state == "submitted", Application.eligible.is_(True))
"""The files that are marked: sent, and of people who meet the conditions."""


def closings_of(intake: Intake) -> dict[str, PhaseClosing]:
    """Return the closings of an intake that stand, by the key of their phase."""
    rows = db.session.scalars(sa.select(PhaseClosing).where(PhaseClosing.intake_id == intake.id, _STANDS))
    return {row.phase: row for row in rows}


def story_of(intake: Intake) -> Sequence[Any]:
    """Return (PhaseClosing, name of who closed it) of an intake, the newest first, those taken back among them."""
    rows = sa.select(PhaseClosing, Person.given_name, Person.family_name)
    rows = rows.outerjoin(Account, Account.reference == PhaseClosing.closed_by)
    rows = rows.outerjoin(Person, Person.id == Account.person_id)
    return db.session.execute(
        rows.where(PhaseClosing.intake_id == intake.id).order_by(PhaseClosing.id.desc())
    ).all()


def current_phase(intake: Intake) -> RubricPhase | None:
    """Return the phase that an intake is in; None if nothing is marked. No statement where there is but one."""
    rubric = definition_of(intake).rubric
    if len(rubric.phases) < 2:
        return rubric.phases[0] if rubric.phases else None
    return rubric.phases[current_place(rubric, closings_of(intake))]


def open_phase(intake: Intake) -> RubricPhase | None:
    """Return the phase that must be closed before anybody is in the last one; None if all are."""
    current = current_phase(intake)
    return current if current is not None and current.goes_on is not None else None


def in_phase(intake: Intake, key: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on a file that say that it is in a phase of its intake; none where nobody stayed behind."""
    narrowing = narrowing_before(definition_of(intake).rubric, key)
    return [Application.id.in_(_gone_on_from(intake, phase.key)) for phase in narrowing]


def _gone_on_from(intake: Intake, key: str) -> sa.Select[int]:
    standing = (PhaseClosing.intake_id == intake.id, PhaseClosing.phase == key, _STANDS)
    gone = sa.select(PhaseAdvance.application_id).join(
        PhaseClosing, PhaseClosing.id == PhaseAdvance.closing_id
    )
    return gone.where(*standing)


def is_in(application: Application, key: str) -> bool:
    """Whether a file that is marked is in a phase of its intake."""
    intake = db.session.get_one(Intake, application.intake_id)
    wanted = sa.select(Application.id).where(Application.id == application.id, *TO_MARK)
    return db.session.scalar(wanted.where(*in_phase(intake, key))) is not None


def count_in(intake: Intake, key: str) -> int:
    """Return how many files are in a phase of an intake."""
    files = sa.select(sa.func.count()).select_from(Application)
    files = files.where(Application.intake_id == intake.id, *TO_MARK, *in_phase(intake, key))
    return db.session.scalar(files) or 0


def closing_over(review: Review) -> PhaseClosing | None:
    """Return the closing of the phase of a reading: its marks change no more. None while it is open; no statement where
    nobody closes it."""
    rubric = definition_of(db.session.get_one(Intake, review.intake_id)).rubric
    if all(each.key != review.phase or each.goes_on is None for each in rubric.phases):
        return None
    mine = (PhaseClosing.intake_id == review.intake_id, PhaseClosing.phase == review.phase, _STANDS)
    return db.session.scalar(sa.select(PhaseClosing).where(*mine))


def is_over() -> sa.ColumnElement[bool]:
    """Return the condition on a reading that its phase is closed: its marks change no more."""
    of_phase = (PhaseClosing.intake_id == Review.intake_id, PhaseClosing.phase == Review.phase)
    return sa.exists().where(*of_phase, _STANDS)


def discussed_in(intake: Intake, key: str) -> int:
    """Return how many files are discussed in a phase by readers who have not all settled it."""
    files = sa.select(sa.func.count(sa.distinct(Review.application_id))).select_from(Review)
    files = files.join(Application, Application.id == Review.application_id)
    mine = (Review.intake_id == intake.id, Review.phase == key, Application.state == "submitted")
    waits = (Review.state == ReviewState.SUBMITTED.value, Review.discussed_at.is_not(None))
    return db.session.scalar(files.where(*mine, *waits, Review.settled_at.is_(None))) or 0


def has_begun(intake: Intake, key: str) -> bool:
    """Whether anything was marked in a phase of an intake, or somebody did not come."""
    read = (
        Review.intake_id == intake.id,
        Review.phase == key,
        Review.state.in_([state.value for state in _BEGUN]),
    )
    if db.session.scalar(sa.select(Review.id).where(*read).limit(1)) is not None:
        return True
    noted = (PhaseResult.intake_id == intake.id, PhaseResult.phase == key)
    return db.session.scalar(sa.select(PhaseResult.id).where(*noted).limit(1)) is not None


def result_of(application: Application, key: str) -> PhaseResult | None:
    """Return what is noted of a file in a phase that nobody reads; None without."""
    mine = (PhaseResult.application_id == application.id, PhaseResult.phase == key)
    return db.session.scalar(sa.select(PhaseResult).where(*mine))


@dataclass(frozen=True)
class MarkedFile:
    """A file of an intake with what it has got so far, by its offering's id."""

    application_id: int
    number: str
    offering_id: int
    marks: FileMarks


def marked_files(intake: Intake) -> list[MarkedFile]:
    """Return the files of an intake that are marked, by number, each with its marks; in five statements at most."""
    first = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id).scalar_subquery()
    offering = sa.func.coalesce(Application.offering_id, first).label("offering_id")
    files = sa.select(Application.id, Application.number, offering)
    files = files.where(Application.intake_id == intake.id, *TO_MARK).order_by(Application.number)
    marks = marks_in(intake)
    return [MarkedFile(row[0], row[1], row[2], marks.of(row[0])) for row in db.session.execute(files)]


@dataclass(frozen=True)
class IntakeMarks:
    """All marks that count in an intake: by the file's id and the phase's key; which files went on from which phases,
    and which phases are closed; who did not come; the formulas of the phases that are ranked by harmonised marks."""

    rubric: Rubric
    readings: Mapping[int, Mapping[str, Sequence[Reading]]]
    gone_on: Mapping[int, Collection[str]]
    closed: Collection[str]
    absent: Mapping[int, Collection[str]]
    formulas: Mapping[str, ChosenFormula] = field(default_factory=dict)

    def of(self, application_id: int) -> FileMarks:
        """What one file has got. Its harmonised marks follow from its readings as they stand, and from numbers that are
        kept: a calculator gives them."""
        reached = reached_place(self.rubric, self.gone_on.get(application_id, ()), self.closed)
        readings = self.readings.get(application_id, {})
        harmonised = {
            key: chosen.formula.mark((each.reader, each.total) for each in readings[key])
            for key, chosen in self.formulas.items()
            if _is_read_by_people(readings.get(key, ()))
        }
        absent = frozenset(self.absent.get(application_id, ()))
        return FileMarks(readings, reached, absent, harmonised)


def _is_read_by_people(readings: Sequence[Reading]) -> bool:
    """Whether there are readings, and none is the nought of who did not come: that is nobody's, and stays one."""
    return bool(readings) and all(each.reader for each in readings)


def marks_in(intake: Intake, application_id: int | None = None) -> IntakeMarks:
    """Return all marks that count in an intake, or those of one file. Answers are read only where points come from
    them, and who read only where marks are harmonised."""
    definition = definition_of(intake)
    rubric = definition.rubric
    formulas = formulas_in(intake.id) if any(each.is_read for each in rubric.phases) else {}
    readings: dict[int, dict[str, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    absent: dict[int, set[str]] = defaultdict(set)
    _read(readings, intake, application_id, with_readers=bool(formulas))
    if any(not each.is_read for each in rubric.phases) or not rubric.is_plain:
        _noted(readings, absent, rubric, intake, application_id)
    if any(each.kind is PhaseKind.COMPUTED for each in rubric.phases):
        _computed(readings, definition, intake, application_id)
    closed, gone_on = _gone_on(rubric, intake, application_id)
    formulas = {
        key: chosen.knowing(
            each.reader for file in readings.values() for each in file.get(key, ()) if each.reader
        )
        for key, chosen in formulas.items()
    }
    return IntakeMarks(rubric, readings, gone_on, closed, absent, formulas)


_Found = dict[int, dict[str, list[Reading]]]


def _read(found: _Found, intake: Intake, application_id: int | None, *, with_readers: bool) -> None:
    reader = Person.reference if with_readers else sa.literal("")
    columns = (Review.application_id, Review.phase, Review.total_thousandths, Review.scores)
    rows = sa.select(*columns, reader.label("reader"))
    rows = rows.join(Person, Person.id == Review.reviewer_id) if with_readers else rows
    rows = rows.where(Review.intake_id == intake.id, Review.state.in_([each.value for each in COUNTING]))
    if application_id is not None:
        rows = rows.where(Review.application_id == application_id)
    for row in db.session.execute(rows.order_by(Review.id)):
        reading = Reading(row.total_thousandths or 0, row.scores, row.reader)
        found[row.application_id][row.phase].append(reading)


def _noted(
    found: _Found,
    absent: dict[int, set[str]],
    rubric: Rubric,
    intake: Intake,
    application_id: int | None,
) -> None:
    rows = sa.select(PhaseResult).where(PhaseResult.intake_id == intake.id)
    if application_id is not None:
        rows = rows.where(PhaseResult.application_id == application_id)
    known = {each.key: each for each in rubric.phases}
    for row in db.session.scalars(rows.order_by(PhaseResult.id)):
        phase = known.get(row.phase)
        if phase is None:
            continue
        if not row.absent:
            found[row.application_id][row.phase].append(Reading(row.total_thousandths or 0, row.scores))
        elif phase.no_show is NoShow.NOUGHT:
            nothing = {each.key: each.scale_min for each in phase.criteria}
            found[row.application_id][row.phase] = [Reading(0, nothing)] * phase.asked
        else:
            absent[row.application_id].add(row.phase)
            found[row.application_id].pop(row.phase, None)


def _computed(found: _Found, definition: Definition, intake: Intake, application_id: int | None) -> None:
    rows = sa.select(Application.id, Application.answers).where(Application.intake_id == intake.id, *TO_MARK)
    if application_id is not None:
        rows = rows.where(Application.id == application_id)
    phases = [each for each in definition.rubric.phases if each.kind is PhaseKind.COMPUTED]
    for number, answers in db.session.execute(rows):
        for phase in phases:
            reading = computed_of(phase, definition, answers or {})
            if reading is not None:
                found[number][phase.key].append(reading)


def computed_of(phase: RubricPhase, definition: Definition, answers: Mapping[str, Any]) -> Reading | None:
    """Return what a file's answers give in a phase that is computed; None if no criterion can be."""
    scores = points_of(phase, definition.form, answers)
    return Reading(total_thousandths(phase, scores, part=True), scores) if scores else None


def _gone_on(
    rubric: Rubric, intake: Intake, application_id: int | None
) -> tuple[Collection[str], dict[int, set[str]]]:
    if all(each.goes_on is None for each in rubric.phases):
        return (), {}
    closed = closings_of(intake)
    rows = sa.select(PhaseAdvance.application_id, PhaseClosing.phase)
    rows = rows.join(PhaseClosing, PhaseClosing.id == PhaseAdvance.closing_id)
    rows = rows.where(PhaseClosing.intake_id == intake.id, _STANDS)
    if application_id is not None:
        rows = rows.where(PhaseAdvance.application_id == application_id)
    found: dict[int, set[str]] = defaultdict(set)
    for number, phase in db.session.execute(rows):
        found[number].add(phase)
    return closed.keys(), found


def stamp_of(intake: Intake) -> str:
    """Return a text that changes with whatever the marks of an intake rest on: readings, results, files with their
    answers, closings, by which marks phases are ranked and with which numbers."""
    # Each in a sum of its own: added up, a mark that falls by as much as a version rises would change nothing. Which
    # rows there are has one too: one may take the place of another that is like it.
    reads = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(Review.id), 0),
        sa.func.coalesce(sa.func.sum(Review.version), 0),
        sa.func.coalesce(sa.func.sum(Review.total_thousandths), 0),
    )
    reads = reads.where(Review.intake_id == intake.id, Review.state.in_([each.value for each in COUNTING]))
    noted = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(PhaseResult.id), 0),
        sa.func.coalesce(sa.func.sum(PhaseResult.version), 0),
    )
    noted = noted.where(PhaseResult.intake_id == intake.id)
    files = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(Application.id), 0),
        sa.func.coalesce(sa.func.sum(Application.version), 0),
    )
    files = files.where(Application.intake_id == intake.id, *TO_MARK)
    closed = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(PhaseClosing.id), 0))
    closed = closed.where(PhaseClosing.intake_id == intake.id, _STANDS)
    parts = [int(part) for asked in (reads, noted, files, closed) for part in db.session.execute(asked).one()]
    return "-".join(map(str, [*parts, intake.definition_version_id, stamp_of_choices(intake.id)]))


def files_in(intake: Intake, key: str) -> dict[str, Application]:
    """Return the files that are in a phase of an intake, by their number."""
    files = sa.select(Application).where(Application.intake_id == intake.id, *TO_MARK, *in_phase(intake, key))
    return {file.number: file for file in db.session.scalars(files.order_by(Application.number))}


def results_of(intake: Intake, key: str) -> Sequence[PhaseResult]:
    """Return what is noted of the files of an intake in a phase that nobody reads."""
    mine = (PhaseResult.intake_id == intake.id, PhaseResult.phase == key)
    return db.session.scalars(sa.select(PhaseResult).where(*mine).order_by(PhaseResult.id)).all()


def one_of_each_offering(intake: Intake) -> Sequence[Application]:
    """Return one file of each offering of an intake that is marked, and one that names none: a batch decides about all
    of an offering. The first that is found of each, so that no other is read."""
    marked = sa.select(Application.id).where(Application.intake_id == intake.id, *TO_MARK).limit(1)
    of_one = marked.where(Application.offering_id == Offering.id).correlate(Offering).scalar_subquery()
    named = sa.select(of_one).where(Offering.intake_id == intake.id)
    unnamed = sa.select(marked.where(Application.offering_id.is_(None)).scalar_subquery())
    # One list of ids: by either of two conditions the database would look at every file.
    found = sa.select(Application).where(Application.id.in_(named.union_all(unnamed)))
    return db.session.scalars(found).all()


def may_note(viewer: Viewer, application: Application, key: str) -> bool:
    """Whether the viewer is to mark a file in a phase, and so may say that its person did not come."""
    mine = (
        Review.application_id == application.id,
        Review.phase == key,
        Review.reviewer_id == viewer.person_id,
        Review.state.in_([state.value for state in HOLDING]),
    )
    return (
        viewer.person_id is not None and db.session.scalar(visible(viewer).where(*mine).limit(1)) is not None
    )


def advanced_page(closing: PhaseClosing, place: ListPlace) -> Page:
    """Return a page of who went on when a phase was closed: rows of (number, name, the file's reference, mark, place,
    key and title of the choice), by place."""
    rows = sa.select(
        Application.number, NAME, Application.reference, PhaseAdvance.mark_thousandths, PhaseAdvance.place,
        Offering.key.label("offering"), Offering.title.label("offering_title"),
    )  # fmt: skip
    rows = rows.join(Application, Application.id == PhaseAdvance.application_id)
    rows = rows.outerjoin(Offering, Offering.id == Application.offering_id)
    rows = rows.where(PhaseAdvance.closing_id == closing.id)
    return page_of(rows.order_by(PhaseAdvance.place, Application.id), place, PAGE, Total(closing.gone_on))


def is_marked(intake: Intake, phase: RubricPhase) -> bool:
    """Whether every file that is in a phase has as many marks of it as it asks for, by counting; a phase that a rule
    marks always is."""
    if phase.kind is PhaseKind.COMPUTED:
        return True
    counts = Review.state.in_([each.value for each in COUNTING])
    read = sa.select(sa.func.count()).select_from(Review).where(Review.application_id == Application.id)
    marks = read.where(Review.phase == phase.key, counts).scalar_subquery()
    noted = sa.select(PhaseResult.id).where(
        PhaseResult.application_id == Application.id, PhaseResult.phase == phase.key
    )
    lacking = sa.select(Application.id).where(Application.intake_id == intake.id, *TO_MARK)
    lacking = lacking.where(*in_phase(intake, phase.key), marks < phase.asked, ~noted.exists())
    return db.session.scalar(lacking.limit(1)) is None


def chosen_marks(
    intake: Intake, kept: Sequence[Mapping[str, str]] | None = None
) -> list[tuple[str, ToldChoice]]:
    """Return by which marks phases are ranked for which that was chosen, each with the phase's name: of today, or what
    a batch kept. Two statements at most."""
    names = {each.key: name_of(each) for each in definition_of(intake).rubric.phases}
    found = told(as_kept(choices_in(intake.id).values()) if kept is None else kept)
    return [(names.get(each.phase, each.phase), each) for each in found]
