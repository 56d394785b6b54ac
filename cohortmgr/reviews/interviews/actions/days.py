"""Making days of interviews and tests, changing them, and cancelling them with a reason that everybody is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.actions import hold
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.i18n import quoted
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.actions.giving import intake_locked
from cohortmgr.reviews.interviews.actions import letters, readings
from cohortmgr.reviews.interviews.actions.booking import lock_slots
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries import days
from cohortmgr.reviews.interviews.rules import (
    DAY_STATES,
    BookingState,
    DayPlan,
    DayState,
    clashes,
    plan_problems,
    reason_given,
    settled,
)
from cohortmgr.reviews.interviews.timetable import A_DAY

_MANAGE = "reviews.assign"
_STRANGER = N_("Choisissez des personnes qui évaluent dans ce programme et n’y ont pas d’intérêt.")
_OVER = N_("Cette journée est annulée : faites-en une autre.")
_PAST = N_("Cette journée est passée : elle ne change plus.")
_BOOKED_DAY = N_(
    "Des personnes ont un créneau ce jour-là : la date ne change plus. Annulez la journée, et faites-en une autre."
)
_BOOKED_SLOTS = N_(
    "Ces heures enlèvent un créneau qui est pris, à %(hours)s. Gardez-le, ou donnez d’abord un autre créneau à ces "
    "personnes."
)
_BOOKED_PLACES = N_("Un créneau a plus de personnes que cela. Écrivez au moins : %(taken)s.")


def add_day(
    viewer: Viewer, intake_reference: str, phase: str, plan: DayPlan, readers: Sequence[str]
) -> InterviewDay:
    """Make a day of a phase, with its slots and its panel. Refused with all that is wrong with it, and if a member of
    the panel is on another at these hours, by name."""
    intake = intake_locked(viewer, intake_reference)
    chosen, plan = days.phase_of(intake, phase), settled(plan)
    panel = _panel(intake, plan, readers)
    day = InterviewDay(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        phase=chosen.key,
        **_columns(plan),
    )
    db.session.add(day)
    db.session.flush()
    _add_slots(day, plan, _instants(plan))
    _set_panel(day, panel.values())
    record(viewer, "interviews.add_day", about(day), after=_said(day, readers))
    return day


def _panel(
    intake: Intake, plan: DayPlan, readers: Sequence[str], without: int | None = None
) -> Mapping[str, int]:
    """Return the ids of the panel by reference. Refused with all that is wrong with the plan and with them."""
    problems = plan_problems(plan, readers, clock.today())
    able = days.able_in(intake)
    panel = {each: able[each].person_id for each in dict.fromkeys(readers) if each in able}
    if set(readers) - panel.keys():
        problems.append(Problem(_STRANGER, {}, "readers"))
    problems += clashes(plan.hours, days.busy_on(plan.day, panel.values(), without))
    if problems:
        raise Refused(*problems)
    return panel


def _columns(plan: DayPlan) -> dict[str, Any]:
    return {
        "day": plan.day,
        "begins": plan.hours.begins,
        "ends": plan.hours.ends,
        "length": plan.length,
        "breaks": [[each.begins, each.ends] for each in plan.breaks],
        "places": plan.places,
        "remote": plan.remote,
        "address": plan.address,
        "room": plan.room,
        "map_link": plan.map_link,
        "link": plan.link,
        "move_until": plan.move_until,
    }


def _instants(plan: DayPlan) -> dict[datetime, datetime]:
    """When each slot of a plan begins and ends."""

    def instant(minute: int) -> datetime:
        if minute == A_DAY:
            return clock.instant(plan.day + timedelta(days=1))
        return clock.instant(plan.day, *divmod(minute, 60))

    return {instant(each.begins): instant(each.ends) for each in plan.slots}


def _add_slots(day: InterviewDay, plan: DayPlan, spans: Mapping[datetime, datetime]) -> None:
    db.session.add_all(
        InterviewSlot(
            reference=new_reference(),
            institution_id=day.institution_id,
            day_id=day.id,
            starts_at=begins,
            ends_at=ends,
            places=plan.places,
            taken=0,
        )
        for begins, ends in spans.items()
    )
    db.session.flush()


def _set_panel(day: InterviewDay, people: Collection[int]) -> None:
    held = sa.select(PanelMember).where(PanelMember.day_id == day.id)
    known = {row.reader_id: row for row in db.session.scalars(held)}
    for number, row in known.items():
        if number not in people:
            db.session.delete(row)
    db.session.add_all(
        PanelMember(
            reference=new_reference(), institution_id=day.institution_id, day_id=day.id, reader_id=number
        )
        for number in sorted(set(people) - known.keys())
    )
    db.session.flush()


def _said(day: InterviewDay, readers: Sequence[str]) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "phase": day.phase,
        "hours": [day.begins, day.ends],
        "length": day.length,
        "places": day.places,
        "panel": sorted(readers),
    }


def change_day(
    viewer: Viewer, reference: str, plan: DayPlan, readers: Sequence[str], version: int | None
) -> InterviewDay:
    """Change a day that is to come. Who has a slot keeps it, and is told if the place has changed; their readings go
    to the new panel.

    Refused if a slot that is taken would go, or another date if anybody has one. Raises Stale if somebody else changed
    the day meanwhile."""
    found = days.day_for(viewer, reference, _MANAGE)
    intake = intake_locked(viewer, days.intake_of(found).reference)
    day = days.day_for(viewer, reference, _MANAGE, lock=True)
    if version is not None and version != day.version:
        raise Stale(f"{reference} is of version {day.version}")
    _require_to_come(day)
    plan = settled(plan)
    panel = _panel(intake, plan, readers, without=day.id)
    before = _said(day, [each.reference for each in days.panels_of([day.id]).get(day.id, ())])
    place = letters.place_of(day)
    _set_slots(viewer, day, plan)
    for name, value in _columns(plan).items():
        setattr(day, name, value)
    _set_panel(day, panel.values())
    record(viewer, "interviews.change_day", about(day), before=before, after=_said(day, readers))
    rows = days.people_on(day)
    phase = days.phase_of(intake, day.phase)
    readings.settle(viewer, intake, phase, [row[0].application_id for row in rows])
    if letters.place_of(day) != place:
        _tell_booked(viewer, letters.CHANGED, intake, phase, day, rows)
    return day


def _require_to_come(day: InterviewDay) -> None:
    if day.state != DayState.OPEN:
        raise Refused(_OVER)
    if day.day < clock.today():
        raise Refused(_PAST)


def _set_slots(viewer: Viewer, day: InterviewDay, plan: DayPlan) -> None:
    """Bring the slots of a day to a plan: new ones come, free ones that it has no longer go."""
    rows = {row.starts_at: row for row in days.slots_of(day)}
    lock_slots(viewer, [row.id for row in rows.values()])
    rows = {row.starts_at: row for row in days.slots_of(day)}
    spans = _instants(plan)
    ever = set(db.session.scalars(sa.select(SlotBooking.slot_id).where(SlotBooking.slot_id.in_(_ids(rows)))))
    taken = [row for row in rows.values() if row.taken]
    if taken and plan.day != day.day:
        raise Refused(Problem(_BOOKED_DAY, {}, "day"))
    lost = [row for row in taken if spans.get(row.starts_at) != row.ends_at]
    if lost:
        hours = quoted(f"{clock.local(row.starts_at):%H:%M}" for row in lost)
        raise Refused(Problem(_BOOKED_SLOTS, {"hours": hours}, "length"))
    most = max((row.taken for row in taken), default=0)
    if most > plan.places:
        raise Refused(Problem(_BOOKED_PLACES, {"taken": most}, "places"))
    for begins, row in rows.items():
        if spans.get(begins) == row.ends_at:
            row.places = plan.places
        elif row.id in ever:
            # Somebody had it once: the row stays, and nobody can choose it.
            row.places = 0
        else:
            db.session.delete(row)
    db.session.flush()
    _add_slots(day, plan, {begins: ends for begins, ends in spans.items() if begins not in rows})


def _ids(rows: Mapping[datetime, InterviewSlot]) -> list[int]:
    return [row.id for row in rows.values()]


def _tell_booked(
    viewer: Viewer,
    key: str,
    intake: Intake,
    phase: RubricPhase,
    day: InterviewDay,
    rows: Sequence[Any],
    **more: Any,
) -> None:
    waiting = [row[0].id for row in rows if row[0].state == BookingState.BOOKED]
    letters.tell(viewer, key, waiting, day, letters.shared_by(intake, phase), **more)


def cancel_day(viewer: Viewer, reference: str, reason: str) -> int:
    """Cancel a day, with the reason that everybody who had a slot is told; they may choose another. Returns how many
    had one. Cancelled already, nothing happens."""
    found = days.day_for(viewer, reference, _MANAGE)
    intake = intake_locked(viewer, days.intake_of(found).reference)
    on_it = sa.select(SlotBooking.application_id).join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
    hold(viewer, on_it.where(InterviewSlot.day_id == found.id))
    day = days.day_for(viewer, reference, _MANAGE, lock=True)
    if day.state == DayState.CANCELLED:
        return 0
    reason = reason_given(reason)
    _require_to_come(day)
    DAY_STATES.move(day.state, DayState.CANCELLED)
    rows = [row for row in days.people_on(day) if row[0].state == BookingState.BOOKED]
    day.state, day.cancelled_because = DayState.CANCELLED.value, reason
    freed = sa.update(InterviewSlot).where(InterviewSlot.day_id == day.id)
    db.session.execute(freed.values(taken=0).execution_options(synchronize_session="fetch"))
    for row in rows:
        row[0].state, row[0].ended_because = BookingState.CALLED_OFF.value, reason
    db.session.flush()
    after = {"reason": reason, "files": [row.number for row in rows]}
    record(viewer, "interviews.cancel_day", about(day), after=after)
    phase = days.phase_of(intake, day.phase)
    readings.settle(viewer, intake, phase, [row[0].application_id for row in rows])
    shared = letters.shared_by(intake, phase)
    letters.tell(viewer, letters.CALLED_OFF, [row[0].id for row in rows], day, shared, reason=reason)
    return len(rows)
