"""Place somebody by hand, who came after the matching or whose company broke off, and break a placement off.

Two people place, and a reason stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer, require, require_second_person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PRESENT
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.actions import runs
from cohortmgr.placements.models import Placement, Position
from cohortmgr.placements.queries import placements, standing
from cohortmgr.placements.rules import (
    PLACEMENT_STATES,
    MatchingState,
    PlacementState,
    PositionState,
    after_leaving,
    check_reason,
)

_OPEN = (PositionState.OPEN.value, PositionState.CLOSED.value)


def propose(
    viewer: Viewer, enrolment_reference: str, position_reference: str, starts_on: date, reason: str
) -> Placement:
    """Propose a company for somebody who has none, in a seat that is free. A second person approves.

    Refused while no matching is approved (they may still enter it), for somebody placed or proposed already, and
    without a free seat or a reason. The same proposal again is the same one."""
    enrolment, cohort = cohorts.enrolment_for(viewer, enrolment_reference)
    require(viewer, "cohorts.manage", cohort.path)
    # Two who propose at once queue on the cohort's row, so that no seat is taken twice.
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    position = _position(cohort, position_reference)
    known = standing.proposed_or_placed(enrolment.id)
    if known is not None and known.state == PlacementState.PROPOSED and known.position_id == position.id:
        return known
    _require_placeable(enrolment, cohort, known)
    problems = check_reason(reason)
    if standing.seats_taken(cohort.id).get(position.id, 0) >= position.seats:
        problems.append(
            Problem(N_("Cette entreprise n’a plus de place libre : choisissez-en une autre."), {}, "position")
        )
    if starts_on < enrolment.starts_on:
        what = N_("La personne est en formation depuis le %(day)s : elle n’entre pas en entreprise avant.")
        problems.append(Problem(what, {"day": enrolment.starts_on}, "starts_on"))
    if problems:
        raise Refused(*problems)
    placement = Placement(
        institution_id=cohort.institution_id,
        person_id=enrolment.person_id,
        enrolment_id=enrolment.id,
        position_id=position.id,
        company_id=position.company_id,
        state=PlacementState.PROPOSED.value,
        starts_on=starts_on,
        placed_at=clock.now(),
        because=reason.strip(),
        proposed_by=viewer.reference,
    )
    db.session.add(placement)
    db.session.flush()
    after = {"enrolment": enrolment.reference, "position": position.reference, "reason": placement.because}
    _note(viewer, "placements.propose", placement, after)
    return placement


def approve(viewer: Viewer, reference: str) -> Placement:
    """Approve a proposal as a second person, and tell the apprentice and the company. Again, it changes nothing."""
    placement, cohort = standing.placement_for(viewer, reference, lock=True)
    require(viewer, "placements.manage", cohort.path)
    if placement.approved_by is not None:
        return placement
    PLACEMENT_STATES.move(placement.state, PlacementState.CONFIRMED)
    require_second_person(placement.proposed_by or "", viewer.reference)
    placement.state, placement.approved_by = PlacementState.CONFIRMED.value, viewer.reference
    db.session.flush()
    _note(viewer, "placements.approve", placement, {"state": placement.state})
    placed = {
        "person": db.session.get_one(Person, placement.person_id),
        "company": db.session.get_one(Organisation, placement.company_id).name,
        "company_id": placement.company_id,
        "starts_on": placement.starts_on,
    }
    runs.tell(viewer, cohort, [placed])
    return placement


def call_off(viewer: Viewer, reference: str) -> Placement:
    """Call off a proposal before it is approved; its seat is free again. Again, it changes nothing."""
    placement, cohort = standing.placement_for(viewer, reference, lock=True)
    require(viewer, "cohorts.manage", cohort.path)
    if placement.state == PlacementState.CANCELLED:
        return placement
    if placement.state != PlacementState.PROPOSED:
        raise Refused(N_("Cette affectation est approuvée : elle ne s’annule plus, elle s’interrompt."))
    placement.state = PlacementState.CANCELLED.value
    db.session.flush()
    _note(viewer, "placements.call_off", placement, {"state": placement.state})
    return placement


def break_off(viewer: Viewer, reference: str, last_day: date, reason: str) -> Placement:
    """Note that a placement ended before its time, with its last day and the reason; the person can be placed anew.

    The company no longer sees the person, and pays up to that day. Again, it changes nothing."""
    placement, cohort = standing.placement_for(viewer, reference, lock=True)
    require(viewer, "cohorts.manage", cohort.path)
    if placement.state in (PlacementState.BROKEN, PlacementState.CANCELLED):
        return placement
    problems = check_reason(reason)
    if last_day > clock.today():
        problems.append(Problem(N_("Ce jour n’est pas encore venu."), {}, "last_day"))
    if problems:
        raise Refused(*problems)
    to = after_leaving(PlacementState(placement.state), placement.starts_on <= last_day)
    if to is None:
        raise Refused(N_("Cette période en entreprise est arrivée à son terme."))
    before = {"state": placement.state}
    placement.state, placement.ends_on = to.value, last_day
    db.session.flush()
    _note(
        viewer,
        "placements.end",
        placement,
        {"state": to.value, "ends_on": last_day, "reason": reason.strip()},
        before,
    )
    return placement


def _position(cohort: Cohort, reference: str) -> Position:
    for row in placements.positions_of(cohort.id):
        if row.Position.reference == reference and row.Position.state in _OPEN:
            return row.Position
    raise Refused(Problem(N_("Choisissez une entreprise de la liste."), {}, "position"))


def _require_placeable(enrolment: Enrolment, cohort: Cohort, known: Placement | None) -> None:
    run = placements.latest_run(cohort.id)
    if run is None or run.state != MatchingState.APPROVED:
        raise Refused(
            N_("L’affectation n’est pas encore approuvée : cette personne peut y entrer avec ses vœux.")
        )
    if known is not None:
        raise Refused(N_("Cette personne a déjà une entreprise, ou une proposition qui attend."))
    file = sa.select(Application.id).where(Application.id == enrolment.application_id, AGREED)
    if enrolment.state not in PRESENT or db.session.scalar(file) is None:
        raise Refused(N_("Cette personne n’est plus dans la promotion, ou l’accord de son tuteur manque."))


def _note(
    viewer: Viewer,
    act: str,
    placement: Placement,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
) -> None:
    subject = db.session.get(Person, placement.person_id)
    if subject is None:
        raise NotFound(placement.reference)
    record(viewer, act, about(placement, subject.reference), before=before, after=after)
