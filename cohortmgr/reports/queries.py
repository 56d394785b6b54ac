"""Reading reports, and reading how far every file of an intake has come, from which they are computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import PERMISSIONS, Role, Viewer, allows
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import diploma_question
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import LOST
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.placements.models import Placement, Position
from cohortmgr.placements.rules import PlacementState, PositionState
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition, Form
from cohortmgr.programmes.models import Intake
from cohortmgr.reports.figures import FileRecord, Marks
from cohortmgr.reports.masking import masked
from cohortmgr.reports.models import Report
from cohortmgr.reports.rules import OFFER_NAMES, Contents, Month, ReportState, from_json
from cohortmgr.reviews.harmonising.rules import MarkBasis
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import COUNTING
from cohortmgr.selection.models import Batch, Decision, Offer
from cohortmgr.selection.rules import BatchState, OfferState, Outcome
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.rules import SETTLED, StipendLineState

READ = "reports.read"
_WHOLE = PERMISSIONS[READ] - {Role.OBSERVER}
_PLACED = [
    state.value
    for state in PlacementState
    if state not in (PlacementState.PROPOSED, PlacementState.CANCELLED)
]


@dataclass(frozen=True)
class ReportProgress:
    """The progress of a report: whole percent, and whether its computation has failed for good."""

    percentage: int
    failed: bool


def visible(viewer: Viewer) -> sa.Select[Report, Intake]:
    """Select the reports of programmes whose figures the viewer may see, with their intakes, newest first."""
    return (
        sa.select(Report, Intake)
        .join(Intake, Intake.id == Report.intake_id)
        .where(within(viewer, READ, Intake.path))
        .order_by(Report.asked_at.desc(), Report.id.desc())
    )


def get_for(viewer: Viewer, reference: str) -> tuple[Report, Intake]:
    """Return the report with this public reference and its intake. Raises NotFound if the viewer may not see it."""
    row = db.session.execute(visible(viewer).where(Report.reference == reference)).first()
    if row is None:
        raise NotFound(reference)
    return row[0], row[1]


def intake_for(viewer: Viewer, reference: str) -> Intake:
    """Return an intake whose figures the viewer may see. Raises NotFound otherwise."""
    intake = programmes.get_intake(reference)
    if not allows(viewer, READ, intake.path):
        raise NotFound(reference)
    return intake


def of_intake(viewer: Viewer, intake_id: int) -> Sequence[sa.Row[Report, int]]:
    """Return the last fifty reports of an intake as (Report, percent of its job or None)."""
    return db.session.execute(
        visible(viewer)
        .with_only_columns(Report, Job.percent)
        .outerjoin(Job, Job.reference == Report.job_reference)
        .where(Report.intake_id == intake_id)
        .limit(50)
    ).all()


def sees_whole(viewer: Viewer, path: str) -> bool:
    """Whether a viewer also sees small counts: any role allows it but that of an observer."""
    if viewer.is_system:
        return True
    return any(grant.role in _WHOLE and grant.scope.holds(path) for grant in viewer.grants)


def sees_figures_alone(viewer: Viewer, path: str) -> bool:
    """Whether a viewer is there an observer and nothing else, so that every page hides small counts."""
    held = {grant.role for grant in viewer.grants if grant.scope.holds(path)}
    return held == {Role.OBSERVER}


def contents_for(viewer: Viewer, report: Report, path: str) -> Contents | None:
    """Return the contents of a finished report as this viewer may see them; None if it is not finished."""
    if report.figures is None:
        return None
    whole = from_json(report.figures)
    return whole if sees_whole(viewer, path) else masked(whole)


def progress_of(report: Report) -> ReportProgress:
    """Return the progress of a report's job."""
    if report.state != ReportState.COMPUTING:
        return ReportProgress(100, report.state == ReportState.FAILED)
    row = db.session.execute(
        sa.select(Job.percent, Job.state).where(Job.reference == report.job_reference)
    ).first()
    return ReportProgress(row.percent, row.state in LOST) if row else ReportProgress(0, False)


def computing_of(intake_id: int, language: str) -> Report | None:
    """Return the report of an intake that is being computed in a language, or None."""
    wanted = (Report.intake_id == intake_id, Report.language == language)
    return db.session.scalar(sa.select(Report).where(*wanted, Report.state == ReportState.COMPUTING))


def to_compute(reference: str) -> sa.Row[int, str, str, str] | None:
    """Return what the worker needs to compute a report; None if it already has its figures."""
    return db.session.execute(
        sa.select(Report.intake_id, Report.language, Intake.reference, Intake.fingerprint)
        .join(Intake, Intake.id == Report.intake_id)
        .where(Report.reference == reference, Report.state == ReportState.COMPUTING)
    ).first()


_APPROVED = (
    StipendLine.state == StipendLineState.PAYABLE.value,
    StipendRun.state.in_([state.value for state in SETTLED]),
)


def records(intake_id: int, readings: int, phase: str | None = None) -> list[FileRecord]:
    """Return how many files of an intake, sent or withdrawn later, ever reached which stages, whatever became of them
    since, so that no stage holds more than the one before; and the marks of those that were read. A file counts as
    read with `readings` readings of the phase with that key, or of any. Two statements, and a record for each kind of
    file: the database sums."""
    reads, offers, placed = _reads(intake_id, phase), _offers(intake_id), _placed(intake_id)
    enrolled, paid = _enrolments(intake_id).distinct().subquery(), _paid(intake_id)
    is_read = sa.func.coalesce(reads.c.readings, 0) >= max(1, readings)
    reached = {
        "eligible": sa.func.coalesce(Application.eligible, sa.false()),
        "read": is_read,
        "chosen": offers.c.application_id.is_not(None),
        "accepted": sa.or_(offers.c.taken == 1, enrolled.c.application_id.is_not(None)),
        "enrolled": enrolled.c.application_id.is_not(None),
        "placed": placed.c.id.is_not(None),
        "paid": paid.c.application_id.is_not(None),
    }
    stages = [sa.case((done, 1), else_=0).label(stage) for stage, done in reached.items()]
    kinds = (Application.region, Person.sex, Application.diploma, Organisation.key)
    files = sa.select(*kinds, *stages, sa.func.count().label("files")).select_from(Application)
    files = files.join(Person, Person.id == Application.person_id)
    for each in (reads, offers, enrolled, placed, paid):
        files = files.outerjoin(each, each.c.application_id == Application.id)
    files = files.outerjoin(Placement, Placement.id == placed.c.id)
    files = files.outerjoin(Organisation, Organisation.id == Placement.company_id)
    found = []
    files = files.where(*_received(intake_id)).group_by(*kinds, *reached)
    for row in db.session.execute(files):
        done = frozenset({"received", *(stage for stage in reached if getattr(row, stage))})
        found.append(FileRecord(done, row[0], row[1], row[2], row[3], files=row.files))
    return [*found, *_marked(intake_id, reads, is_read)]


def _marked(intake_id: int, reads: sa.Subquery, is_read: sa.ColumnElement[bool]) -> Iterator[FileRecord]:
    """The marks of the files that were read, a record for each group and point of the scale."""
    mean = _mean(reads)
    kinds = (Application.region, Person.sex, Application.diploma, (mean // 1000).label("point"))
    marked = sa.select(*kinds, sa.func.count(), sa.func.sum(mean)).select_from(Application)
    marked = marked.join(Person, Person.id == Application.person_id)
    marked = marked.join(reads, reads.c.application_id == Application.id)
    marked = marked.where(*_received(intake_id), is_read).group_by(*kinds[:3], "point")
    for region, sex, licence, point, count, whole in db.session.execute(marked):
        marks = Marks(int(point), count, int(whole))
        yield FileRecord(frozenset(), region, sex, licence, files=0, marks=marks)


def _received(intake_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (Application.intake_id == intake_id, Application.sent_at.is_not(None))


def _mean(reads: sa.Subquery) -> sa.ColumnElement[int]:
    """The mean of a file's readings, half to even, as whole numbers on either database."""
    whole, rest = reads.c.total // reads.c.readings, reads.c.total % reads.c.readings
    is_up = sa.or_(2 * rest > reads.c.readings, sa.and_(2 * rest == reads.c.readings, whole % 2 == 1))
    return whole + sa.case((is_up, 1), else_=0)


def _reads(intake_id: int, phase: str | None) -> sa.Subquery:
    counting = Review.state.in_([state.value for state in COUNTING])
    summed = sa.select(
        Review.application_id,
        sa.func.count().label("readings"),
        sa.func.sum(Review.total_thousandths, type_=sa.Integer).label("total"),
    ).where(Review.intake_id == intake_id, counting, Review.total_thousandths.is_not(None))
    if phase is not None:
        summed = summed.where(Review.phase == phase)
    return summed.group_by(Review.application_id).subquery()


def _offers(intake_id: int) -> sa.Subquery:
    """The files that were ever offered a seat, and whether their person ever accepted it."""
    taken = sa.or_(Offer.accepted_at.is_not(None), Offer.state == OfferState.ACCEPTED.value)
    offered = sa.select(Offer.application_id, sa.func.max(sa.case((taken, 1), else_=0)).label("taken"))
    return offered.where(Offer.intake_id == intake_id).group_by(Offer.application_id).subquery()


def _enrolments(intake_id: int) -> sa.Select[Any]:
    chosen = sa.select(Enrolment.application_id).join(Application, Application.id == Enrolment.application_id)
    return chosen.where(Application.intake_id == intake_id)


def _placed(intake_id: int) -> sa.Subquery:
    """The last placement of each file's person."""
    placed = _enrolments(intake_id).join(Placement, Placement.enrolment_id == Enrolment.id)
    last = placed.add_columns(sa.func.max(Placement.id).label("id")).where(Placement.state.in_(_PLACED))
    return last.group_by(Enrolment.application_id).subquery()


def _paid(intake_id: int) -> sa.Subquery:
    lines = _enrolments(intake_id).join(StipendLine, StipendLine.enrolment_id == Enrolment.id)
    return lines.join(StipendRun, StipendRun.id == StipendLine.run_id).where(*_APPROVED).distinct().subquery()


def offers_by_state(intake_id: int) -> dict[str, int | None]:
    """Return the number of offers of an intake in each state."""
    rows = db.session.execute(
        sa.select(Offer.state, sa.func.count()).where(Offer.intake_id == intake_id).group_by(Offer.state)
    )
    counts = dict(rows.all())
    return {state: counts.get(state, 0) for state in OFFER_NAMES}


def line_of(intake_id: int) -> int | None:
    """Return the mean of the last one chosen, in thousandths; None before decisions are approved, where each of several
    offerings has a line of its own, and where it is one of harmonised marks: what a report shows are those given."""
    chosen = sa.select(Batch.id, Batch.offering_id, sa.func.min(Decision.mean_thousandths).label("line"))
    chosen = chosen.join(Decision, Decision.batch_id == Batch.id).where(
        Batch.intake_id == intake_id,
        Batch.state == BatchState.APPROVED.value,
        Decision.outcome == Outcome.OFFER.value,
    )
    lines = db.session.execute(chosen.group_by(Batch.id)).all()
    if len(lines) != 1 or lines[0].offering_id is None:
        return None
    summary = db.session.scalar(sa.select(Batch.summary).where(Batch.id == lines[0].id)) or {}
    raw = all(each["basis"] == MarkBasis.RAW for each in summary.get("marks", ()))
    return lines[0].line if raw else None


def stipends_by_month(intake_id: int) -> tuple[Month, ...]:
    """Return the approved stipends of an intake's cohort, month by month."""
    rows: Iterable[tuple[date, int, int]] = db.session.execute(
        sa.select(StipendRun.month, sa.func.count(), sa.func.sum(StipendLine.net_cents))
        .join(StipendLine, StipendLine.run_id == StipendRun.id)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(Cohort.intake_id == intake_id, StipendLine.returned_on.is_(None), *_APPROVED)
        .group_by(StipendRun.month)
        .order_by(StipendRun.month)
    )
    return tuple(Month(f"{month:%Y-%m}", people, int(cents)) for month, people, cents in rows)


def names_of(definition: Definition, intake_id: int) -> dict[str, dict[str, dict[str, str]]]:
    """Return the present names of regions, sexes, licences and companies, in three languages."""
    licence = diploma_question(definition)
    named = sa.select(Organisation.key, Organisation.name)
    placed = (
        named.join(Placement, Placement.company_id == Organisation.id)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.intake_id == intake_id)
    )
    offering = named.where(Organisation.id.in_(_seats(intake_id).with_only_columns(Position.company_id)))
    companies = [*db.session.execute(placed), *db.session.execute(offering)]
    return {
        "region_names": {key: dict(name) for key, name in REGIONS.items()},
        "sex_names": _options(definition.form, "person.sex"),
        "licence_names": {option.key: dict(option.label) for option in licence.options} if licence else {},
        "company_names": {key: dict(name) for key, name in companies},
    }


def seats_by_company(intake_id: int) -> dict[str, int]:
    """Return how many seats each company offered to the cohort of an intake, by its key."""
    counted = _seats(intake_id).join(Organisation, Organisation.id == Position.company_id)
    rows = db.session.execute(counted.with_only_columns(Organisation.key, Position.seats))
    return {row.key: row.seats for row in rows}


def _seats(intake_id: int) -> sa.Select[Any]:
    offered = sa.select(Position).join(Cohort, Cohort.id == Position.cohort_id)
    return offered.where(Cohort.intake_id == intake_id, Position.state != PositionState.CANCELLED.value)


def _options(form: Form, target: str) -> dict[str, dict[str, str]]:
    return {
        option.key: dict(option.label)
        for question in form.questions
        if question.target == target
        for option in question.options
    }


def stored_keys() -> set[str]:
    """The keys of all workbooks in the storage."""
    rows = db.session.execute(sa.select(Report.storage_key, Report.masked_storage_key))
    return {key for row in rows for key in row if key}
