"""Reading one person's way to a company: placements, wishes, who is around them, for the page of that person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.desk.history import HistoryEntry
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import File
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import Placement, Position, Score, Wish
from cohortmgr.placements.queries.around import people_with
from cohortmgr.placements.rules import HOSTED, PRESENT, PlacementState

PERMISSION = "placements.read"
# Of what is known by its day alone, the path says no better hour.
NOON = 12
_PRESENT = [state.value for state in PRESENT]
_HOSTED = [state.value for state in HOSTED]
Rows = Sequence[sa.Row[*tuple[Any, ...]]]


@dataclass(frozen=True)
class CompanyLife:
    """An enrolment with its cohort: `placements` (Placement, company, path), the newest first; `wishes` (rank,
    company, score, consented_at), best first; tutors and contacts of the company that has them."""

    enrolment: Enrolment
    cohort: Cohort
    placements: Rows
    wishes: Rows
    tutors: Rows = field(default=())
    contacts: Rows = field(default=())


def company_life_of(viewer: Viewer, application: Application) -> CompanyLife | None:
    """Return a person's way to a company, to whoever reads the placements of their cohort; None without one. Four
    statements."""
    found = cohorts.enrolment_of(viewer, application, PERMISSION)
    if found is None:
        return None
    enrolment, cohort = found
    placements = db.session.execute(_placements(enrolment.id)).all()
    wishes = db.session.execute(_wishes(enrolment.id)).all()
    hosting = next((row for row in placements if row[0].state in PRESENT), None)
    if hosting is None:
        return CompanyLife(enrolment, cohort, placements, wishes)
    people = people_with([Role.TUTOR, Role.COMPANY_CONTACT], hosting.path)
    by_role = {
        role: [row for row in people if row.role == role] for role in (Role.TUTOR, Role.COMPANY_CONTACT)
    }
    return CompanyLife(
        enrolment, cohort, placements, wishes, by_role[Role.TUTOR], by_role[Role.COMPANY_CONTACT]
    )


def _placements(enrolment_id: int) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Placement, Organisation.name.label("company"), Organisation.path.label("path"))
        .join(Organisation, Organisation.id == Placement.company_id)
        .where(Placement.enrolment_id == enrolment_id)
        .order_by(Placement.id.desc())
    )


def _wishes(enrolment_id: int) -> sa.Select[*tuple[Any, ...]]:
    given = sa.and_(Score.position_id == Wish.position_id, Score.enrolment_id == Wish.enrolment_id)
    return (
        sa.select(Wish.rank, Organisation.name.label("company"), Score.score, Wish.consented_at)
        .join(Position, Position.id == Wish.position_id)
        .join(Organisation, Organisation.id == Position.company_id)
        .outerjoin(Score, given)
        .where(Wish.enrolment_id == enrolment_id)
        .order_by(Wish.rank)
    )


def company_name(_viewer: Viewer, file: File) -> sa.ColumnElement[Any]:
    """The company that has a file's person, for the head of their page; NULL without one."""
    return (
        sa.select(Organisation.name)
        .join(Placement, Placement.company_id == Organisation.id)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(Enrolment.application_id == file.application.id, Placement.state.in_(_PRESENT))
        .order_by(Placement.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def told_of(viewer: Viewer, application: Application) -> list[HistoryEntry]:
    """Return which company a file's person was placed in, and what was broken off, for the path of their page. One
    statement; what waits for a second person is not told."""
    wish = sa.and_(Wish.enrolment_id == Placement.enrolment_id, Wish.position_id == Placement.position_id)
    rows = db.session.execute(
        sa.select(Placement, Organisation.name.label("company"), Wish.rank)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Organisation, Organisation.id == Placement.company_id)
        .outerjoin(Wish, wish)
        .where(Enrolment.application_id == application.id, Placement.state.in_(_HOSTED))
        .where(cohorts.within(viewer, PERMISSION))
    ).all()
    told = []
    for placement, company, rank in rows:
        what = Problem(N_("Affectation : %(company)s"), {"company": company})
        wished = Problem(N_("Vœu %(rank)s"), {"rank": rank}) if rank else ""
        told.append(HistoryEntry(placement.placed_at, what, more=wished))
        if placement.state == PlacementState.BROKEN and placement.ends_on is not None:
            broken = Problem(N_("Période en entreprise interrompue : %(company)s"), {"company": company})
            told.append(HistoryEntry(clock.instant(placement.ends_on, NOON), broken))
    return told


def traces(file: File) -> sa.Select[str, str]:
    """Select the placements of a file's person, as the trail names them."""
    kind = sa.literal(Placement.__trail__, sa.String).label("kind")
    mine = sa.select(kind, Placement.reference).join(Enrolment, Enrolment.id == Placement.enrolment_id)
    return mine.where(Enrolment.application_id == file.application.id)
