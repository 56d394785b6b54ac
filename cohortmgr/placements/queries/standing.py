"""Reading placements one by one: which stand or are proposed, which hosted somebody last, and which seats are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, NotFound, Problem, Quantity
from cohortmgr.base.registries.waiting import same_for_all
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import EnrolmentState
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import MatchingRun, Placement, Position
from cohortmgr.placements.rules import HOSTED, PRESENT, SEATED, STANDING, MatchingState, PositionState

_APPRENTICES = NN_("%(num)s apprenti", "%(num)s apprentis")
_HAS = N_("%(people)s de « %(cohort)s » : l’affectation y court encore.")
_HOSTED = [state.value for state in HOSTED]
# Made once: an alias learns its columns anew, at each page that asks, in a millisecond.
_OTHER = sa.orm.aliased(Placement)


def proposed_or_placed(enrolment_id: int) -> Placement | None:
    """Return the placement of an enrolment that stands, or waits for a second person; None if there is none."""
    states = [state.value for state in STANDING]
    return db.session.scalar(
        sa.select(Placement).where(Placement.enrolment_id == enrolment_id, Placement.state.in_(states))
    )


def last_hosting(enrolment_id: Any, until: date | None = None) -> sa.ScalarSelect[Any]:
    """Return the id, as a subquery, of the last placement in which a company has, or had, an apprentice; of those
    that began up to the day `until` if there is one."""
    order = [_OTHER.id.desc()] if until is None else [(_OTHER.starts_on <= until).desc(), _OTHER.id.desc()]
    hosted = sa.select(_OTHER.id).where(_OTHER.enrolment_id == enrolment_id, _OTHER.state.in_(_HOSTED))
    return hosted.order_by(*order).limit(1).correlate_except(_OTHER).scalar_subquery()


def seats_taken(cohort_id: int) -> Mapping[int, int]:
    """Return by position id how many of its seats are taken, or proposed by hand."""
    rows = db.session.execute(
        sa.select(Placement.position_id, sa.func.count())
        .join(Position, Position.id == Placement.position_id)
        .where(Position.cohort_id == cohort_id, Placement.state.in_([state.value for state in SEATED]))
        .group_by(Placement.position_id)
    )
    return dict(rows.all())


def placements_in(cohort_id: int) -> Sequence[Placement]:
    """Return every placement of a cohort, the oldest first."""
    rows = sa.select(Placement).join(Position, Position.id == Placement.position_id)
    return db.session.scalars(rows.where(Position.cohort_id == cohort_id).order_by(Placement.id)).all()


def placement_for(viewer: Viewer, reference: str, *, lock: bool = False) -> tuple[Placement, Cohort]:
    """Return a placement and its cohort if the viewer may read the cohort's placements. Raises NotFound otherwise."""
    wanted = (
        sa.select(Placement, Cohort)
        .join(Position, Position.id == Placement.position_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(Placement.reference == reference, cohorts.within(viewer, "placements.read"))
    )
    if lock:
        wanted = wanted.with_for_update(of=Placement).execution_options(populate_existing=True)
    found = db.session.execute(wanted).first()
    if found is None:
        raise NotFound(reference)
    return found[0], found[1]


@same_for_all
def awaits_approval(intake_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[bool]:
    """Whether a matching of an intake's cohort waits for a second person, for who reads the placements."""
    runs = sa.select(MatchingRun.id).join(Cohort, Cohort.id == MatchingRun.cohort_id)
    return runs.where(Cohort.intake_id == intake_id, MatchingRun.state == MatchingState.DRAFT.value).exists()


def hosted_of(intake_id: int) -> sa.Row[int, int]:
    """Return of an intake's cohort (people whose placement stands and is confirmed, companies that have them)."""
    people, companies = sa.func.count(), sa.func.count(Placement.company_id.distinct())
    return db.session.execute(
        sa.select(people, companies)
        .select_from(Placement)
        .join(Position, Position.id == Placement.position_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(Cohort.intake_id == intake_id, Placement.state.in_([state.value for state in PRESENT]))
    ).one()


def to_match(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (intake_id, reference, name) of the cohorts with confirmed members and open positions in which nobody was
    placed yet, nor matched, and whose placements the viewer manages; the first to begin comes first."""
    positions = Position.cohort_id == Cohort.id
    running = (MatchingRun.cohort_id == Cohort.id, MatchingRun.state != MatchingState.CANCELLED.value)
    placed = sa.exists().where(positions, Placement.position_id == Position.id)
    confirmed = (Enrolment.cohort_id == Cohort.id, Enrolment.state == EnrolmentState.ACTIVE.value)
    offered = (positions, Position.state == PositionState.OPEN.value)
    return db.session.execute(
        sa.select(Cohort.intake_id, Cohort.reference, Cohort.name)
        .where(cohorts.within(viewer, "placements.manage"), sa.exists().where(*confirmed))
        .where(sa.exists().where(*offered), ~sa.exists().where(*running), ~placed)
        .order_by(Cohort.starts_on, Cohort.id)
    ).all()


def to_approve(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (intake_id, reference, name) of the cohorts whose matching waits for the viewer's agreement: one that they
    did not run, the oldest first."""
    return db.session.execute(
        sa.select(Cohort.intake_id, Cohort.reference, Cohort.name)
        .join(MatchingRun, MatchingRun.cohort_id == Cohort.id)
        .where(MatchingRun.state == MatchingState.DRAFT.value, MatchingRun.run_by != viewer.reference)
        .where(cohorts.within(viewer, "placements.manage"))
        .order_by(MatchingRun.id)
    ).all()


def depending_on(organisation: Organisation) -> list[Problem]:
    """Return, for each cohort, how many apprentices a company has or is to have, also of an archived campaign; one
    statement."""
    here = (Placement.company_id == organisation.id, Placement.state.in_([state.value for state in SEATED]))
    goes_on = sa.or_(Placement.ends_on.is_(None), Placement.ends_on >= clock.today())
    rows = db.session.execute(
        sa.select(Cohort.name, sa.func.count(Placement.id))
        .join(Position, Position.id == Placement.position_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(*here, goes_on)
        .group_by(Cohort.id)
        .order_by(Cohort.id)
    )
    return [
        Problem(_HAS, {"people": Quantity(*_APPRENTICES, number), "cohort": name}) for name, number in rows
    ]
