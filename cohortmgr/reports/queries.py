"""Reading reports, and reading how far every file of an intake has come, from which they are computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

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
from cohortmgr.placements.models import Placement
from cohortmgr.placements.rules import PlacementState
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Definition, Form
from cohortmgr.programmes.models import Intake
from cohortmgr.reports.figures import FileRecord
from cohortmgr.reports.masking import masked
from cohortmgr.reports.models import Report
from cohortmgr.reports.rules import OFFER_NAMES, Contents, Month, ReportState, from_json, mean_mark
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import COUNTING
from cohortmgr.selection.models import Offer
from cohortmgr.selection.rules import OfferState
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


def received_ids(intake_id: int) -> Sequence[int]:
    """Return the ids of the files of an intake that were sent, including those withdrawn later."""
    sent = (Application.intake_id == intake_id, Application.sent_at.is_not(None))
    return db.session.scalars(sa.select(Application.id).where(*sent).order_by(Application.id)).all()


def records(ids: Sequence[int], readings: int) -> list[FileRecord]:
    """Return the stages that each file ever reached, whatever became of it since, so that no stage holds more
    than the one before. A file counts as read with `readings` readings."""
    rows = db.session.execute(
        sa.select(Application.id, Application.eligible, Application.region, Application.diploma, Person.sex)
        .join(Person, Person.id == Application.person_id)
        .where(Application.id.in_(ids))
        .order_by(Application.id)
    ).all()
    marks, enrolled = _marks(ids), _enrolled(ids)
    offers, accepted = _offers(ids)
    companies, paid = _companies(ids), _paid(ids)
    found = []
    for row in rows:
        reached = {
            "received": True,
            "eligible": bool(row.eligible),
            "read": len(marks[row.id]) >= max(1, readings),
            "chosen": row.id in offers,
            "accepted": row.id in accepted or row.id in enrolled,
            "enrolled": row.id in enrolled,
            "placed": row.id in companies,
            "paid": row.id in paid,
        }
        stages = frozenset(stage for stage, done in reached.items() if done)
        mean = mean_mark(marks[row.id])
        found.append(FileRecord(stages, row.region, row.sex, row.diploma, companies.get(row.id), mean))
    return found


def _marks(ids: Sequence[int]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    counting = Review.state.in_([state.value for state in COUNTING])
    rows = db.session.execute(
        sa.select(Review.application_id, Review.total_thousandths).where(
            Review.application_id.in_(ids), counting, Review.total_thousandths.is_not(None)
        )
    )
    for application_id, total in rows:
        found[application_id].append(int(total or 0))
    return found


def _offers(ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """Return the files that were ever offered a seat, and those whose person ever accepted it."""
    rows = db.session.execute(
        sa.select(Offer.application_id, Offer.state, Offer.accepted_at).where(Offer.application_id.in_(ids))
    ).all()
    taken = {row.application_id for row in rows if row.accepted_at or row.state == OfferState.ACCEPTED}
    return {row.application_id for row in rows}, taken


def _enrolled(ids: Sequence[int]) -> set[int]:
    return set(
        db.session.scalars(sa.select(Enrolment.application_id).where(Enrolment.application_id.in_(ids)))
    )


def _companies(ids: Sequence[int]) -> dict[int, str]:
    """Return application ids with the key of the company where the person is or was."""
    rows = db.session.execute(
        sa.select(Enrolment.application_id, Organisation.key)
        .join(Placement, Placement.enrolment_id == Enrolment.id)
        .join(Organisation, Organisation.id == Placement.company_id)
        .where(Enrolment.application_id.in_(ids), Placement.state.in_(_PLACED))
        .order_by(Placement.id)
    )
    return dict(rows.all())


_APPROVED = (
    StipendLine.state == StipendLineState.PAYABLE.value,
    StipendRun.state.in_([state.value for state in SETTLED]),
)


def _paid(ids: Sequence[int]) -> set[int]:
    return set(
        db.session.scalars(
            sa.select(Enrolment.application_id)
            .join(StipendLine, StipendLine.enrolment_id == Enrolment.id)
            .join(StipendRun, StipendRun.id == StipendLine.run_id)
            .where(Enrolment.application_id.in_(ids), *_APPROVED)
            .distinct()
        )
    )


def offers_by_state(intake_id: int) -> dict[str, int | None]:
    """Return the number of offers of an intake in each state."""
    rows = db.session.execute(
        sa.select(Offer.state, sa.func.count()).where(Offer.intake_id == intake_id).group_by(Offer.state)
    )
    counts = dict(rows.all())
    return {state: counts.get(state, 0) for state in OFFER_NAMES}


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
    placed = (
        sa.select(Organisation.key, Organisation.name)
        .join(Placement, Placement.company_id == Organisation.id)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.intake_id == intake_id)
    )
    companies = db.session.execute(placed).all()
    return {
        "region_names": {key: dict(name) for key, name in REGIONS.items()},
        "sex_names": _options(definition.form, "person.sex"),
        "licence_names": {option.key: dict(option.label) for option in licence.options} if licence else {},
        "company_names": {key: dict(name) for key, name in companies},
    }


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
