"""What of the payments waits for somebody: for who prepares them, who approves them, and who hears from the bank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.registries.waiting import same_for_all
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.stipends.models import StipendLine, StipendRun
from cohortmgr.stipends.months import unprepared
from cohortmgr.stipends.queries import runs as queries
from cohortmgr.stipends.rules import WITH_BANK, RunState


@dataclass(frozen=True)
class RunAwaited:
    """A run, how many of its lines the bank returned that no later month took over, and of how many it said nothing."""

    run: StipendRun
    cohort: Cohort
    returned: int
    silent: int


@dataclass(frozen=True)
class MonthAwaited:
    """A month that may be paid and has no run."""

    month: date
    cohort: Cohort


def to_approve(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the (Run, Cohort) that wait for the viewer's agreement, the oldest month first: not their own."""
    return db.session.execute(
        sa.select(StipendRun, Cohort)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(StipendRun.state == RunState.COMPUTED.value, cohorts.within(viewer, "stipends.approve"))
        .where(StipendRun.computed_by.is_distinct_from(viewer.reference))
        .order_by(StipendRun.month, StipendRun.id)
    ).all()


def to_follow(viewer: Viewer) -> Sequence[RunAwaited]:
    """Return the runs that the viewer prepares and that are not at their end, the oldest month first: to compute, to
    have approved, to hand to the bank, without its whole word, or with lines that it returned and nobody took over."""
    back, silent = sa.func.coalesce(_returned(), 0), sa.func.coalesce(_silent(), 0)
    open_ones = StipendRun.state.in_(
        [each.value for each in (RunState.DRAFT, RunState.COMPUTED, RunState.APPROVED, RunState.EXPORTED)]
    )
    answered = sa.and_(StipendRun.state == RunState.PAID.value, back > 0)
    rows = db.session.execute(
        sa.select(StipendRun, Cohort, back, silent)
        .join(Cohort, Cohort.id == StipendRun.cohort_id)
        .where(cohorts.within(viewer, "stipends.prepare"), sa.or_(open_ones, answered))
        .order_by(StipendRun.month, StipendRun.id)
    )
    return [
        RunAwaited(run, cohort, *((a, b) if run.state in WITH_BANK else (0, 0))) for run, cohort, a, b in rows
    ]


def _returned() -> sa.ScalarSelect[int]:
    """How many lines of a run the bank gave back and no later month took over."""
    return _counted(StipendLine.returned_on.is_not(None), StipendLine.taken_by_id.is_(None))


def _silent() -> sa.ScalarSelect[int]:
    return _counted(*queries.UNANSWERED)


def _counted(*which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    counted = sa.select(sa.func.count()).select_from(StipendLine)
    return counted.where(StipendLine.run_id == StipendRun.id, *which).correlate(StipendRun).scalar_subquery()


def to_prepare(viewer: Viewer) -> Iterator[MonthAwaited]:
    """Yield the first month of each cohort that may be paid today, has somebody to pay and has no run."""
    members = sa.exists().where(Enrolment.cohort_id == Cohort.id)
    for cohort in db.session.scalars(cohorts.visible(viewer, "stipends.prepare").where(members)).all():
        scheme = queries.scheme_of(cohort)
        if scheme is None:
            continue
        known = {each.month for each in queries.runs_of(cohort.id) if each.state != RunState.CANCELLED}
        for month in unprepared(scheme.starts_month, scheme.months, scheme.arrears, known, clock.today()):
            if queries.to_pay(cohort.id, month):
                yield MonthAwaited(month, cohort)
                break


@same_for_all
def awaits_somebody(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    """Whether a run of an intake's cohort waits to be computed, approved or handed to the bank, for who reads them."""
    states = [each.value for each in (RunState.DRAFT, RunState.COMPUTED, RunState.APPROVED)]
    runs = sa.select(StipendRun.id).join(Cohort, Cohort.id == StipendRun.cohort_id)
    return runs.where(Cohort.intake_id == intake_id, StipendRun.state.in_(states)).exists()
