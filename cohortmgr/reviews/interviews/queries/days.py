"""Reading days: those of an intake, their slots, panels and people, and who of a phase has no slot yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED, NAME
from cohortmgr.applications.file.rules import Consent
from cohortmgr.applications.interests import queries as interests
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.base.paging import ListPlace, Page, page_of
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.definition.rules import RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.rules import IN_A_SLOT, BusyReader, DayPlan, DayState, attended
from cohortmgr.reviews.interviews.timetable import DaySpan
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases import queries as phases
from cohortmgr.reviews.phases.queries import TO_MARK
from cohortmgr.reviews.queries import readers_of, require_unconcerned
from cohortmgr.reviews.rules import OPEN

# The letter that asks somebody to choose a slot.
SLOT_AWAITED = "slot_awaited"
PAGE = 50
# Whether a letter about a file reaches somebody: by mail, by telephone, or a child's guardian.
REACHED = sa.or_(
    sa.func.coalesce(Application.email, Person.email, "") != "",
    Person.phone_sealed.is_not(None),
    Application.consent != Consent.NONE.value,
)
HELD = SlotBooking.state.in_([state.value for state in IN_A_SLOT])


@dataclass(frozen=True)
class DayRow:
    """A day of an intake in a list: its places, how many are taken, and the names of its panel."""

    day: InterviewDay
    places: int
    taken: int
    panel: Sequence[str]


def phase_of(intake: Intake, key: str) -> RubricPhase:
    """Return the phase of an intake to which people come. Raises NotFound for any other."""
    found = phase_named(intake, key)
    if found is None:
        raise NotFound(key)
    return found


def phase_named(intake: Intake, key: str) -> RubricPhase | None:
    """Return the phase of an intake with this key to which people come; None if it has none, or no longer."""
    return next((each for each in attended(definition_of(intake)) if each.key == key), None)


def day_for(
    viewer: Viewer, reference: str, permission: str = "reviews.read", *, lock: bool = False
) -> InterviewDay:
    """Return the day with this reference, if the viewer holds the permission in its intake. Raises NotFound
    otherwise, and Withheld from whoever has an interest in it. With `lock`, a second who changes it waits, and then
    reads the changed row."""
    wanted = sa.select(InterviewDay).join(Intake, Intake.id == InterviewDay.intake_id)
    wanted = wanted.where(InterviewDay.reference == reference, within(viewer, permission, Intake.path))
    if lock:
        wanted = wanted.with_for_update(of=InterviewDay).execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(reference)
    require_unconcerned(viewer, intake_of(found))
    return found


def intake_of(day: InterviewDay) -> Intake:
    """Return the intake of a day."""
    return db.session.get_one(Intake, day.intake_id)


def plan_of(day: InterviewDay) -> DayPlan:
    """Return what is said of a day, as it is planned."""
    breaks = tuple(DaySpan(begins, ends) for begins, ends in day.breaks)
    return DayPlan(
        day.day,
        DaySpan(day.begins, day.ends),
        day.length,
        breaks,
        day.places,
        day.remote,
        day.address,
        day.room,
        day.map_link,
        day.link,
        day.move_until,
    )


def days_of(intake: Intake) -> list[DayRow]:
    """Return the days of an intake, the first one first; two statements."""
    sums = sa.select(
        InterviewSlot.day_id,
        sa.func.sum(InterviewSlot.places).label("places"),
        sa.func.sum(InterviewSlot.taken).label("taken"),
    )
    summed = sums.group_by(InterviewSlot.day_id).subquery()
    rows = db.session.execute(
        sa.select(InterviewDay, summed.c.places, summed.c.taken)
        .outerjoin(summed, summed.c.day_id == InterviewDay.id)
        .where(InterviewDay.intake_id == intake.id)
        .order_by(InterviewDay.day, InterviewDay.begins, InterviewDay.id)
    ).all()
    panels = panels_of([row[0].id for row in rows])
    return [
        DayRow(row[0], int(row[1] or 0), int(row[2] or 0), [each.name for each in panels.get(row[0].id, ())])
        for row in rows
    ]


def panels_of(days: Collection[int]) -> dict[int, list[Person]]:
    """Return the people of the panels of some days, by the day's id, sorted by name."""
    rows = sa.select(PanelMember.day_id, Person).join(Person, Person.id == PanelMember.reader_id)
    rows = rows.where(PanelMember.day_id.in_(sorted(days))).order_by(Person.family_name, Person.id)
    found: dict[int, list[Person]] = defaultdict(list)
    for number, person in db.session.execute(rows) if days else ():
        found[number].append(person)
    return found


def able_in(intake: Intake) -> Mapping[str, Any]:
    """Return who may be on a panel of an intake, by reference: reviewers without an interest in it, by name."""
    return {row.reference: row for row in readers_of(intake)}


def busy_on(day: date, people: Collection[int], without: int | None = None) -> list[BusyReader]:
    """Return when these people are on another panel that day, as far as the viewer's institutions know."""
    rows = (
        sa.select(Person, InterviewDay.begins, InterviewDay.ends, Intake.title)
        .select_from(PanelMember)
        .join(InterviewDay, InterviewDay.id == PanelMember.day_id)
        .join(Intake, Intake.id == InterviewDay.intake_id)
        .join(Person, Person.id == PanelMember.reader_id)
        .where(PanelMember.reader_id.in_(sorted(people)), InterviewDay.day == day)
        .where(InterviewDay.state == DayState.OPEN.value, InterviewDay.id != (without or 0))
        .order_by(Person.family_name, Person.id, InterviewDay.begins)
    )
    found = db.session.execute(rows) if people else ()
    return [BusyReader(row[0].reference, row[0].name, DaySpan(row[1], row[2]), row[3]) for row in found]


def slots_of(day: InterviewDay) -> Sequence[InterviewSlot]:
    """Return the slots of a day, the first one first."""
    rows = sa.select(InterviewSlot).where(InterviewSlot.day_id == day.id).order_by(InterviewSlot.starts_at)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def slot_behind(slot: InterviewSlot) -> InterviewSlot | None:
    """Return the slot that begins when this one ends, on the same day; None if there is none."""
    wanted = (InterviewSlot.day_id == slot.day_id, InterviewSlot.starts_at == slot.ends_at)
    return db.session.scalar(sa.select(InterviewSlot).where(*wanted))


def people_on(day: InterviewDay, viewer: Viewer | None = None) -> Sequence[Any]:
    """Return who has a slot on a day, in the day's order: (SlotBooking, starts_at, ends_at, number, name, the file's
    reference). `ends_at` is that of the slot behind for whoever has two. Names of children without their guardian's
    word are empty, and to a `viewer` those of files that they still read without knowing whose they are."""
    more = sa.orm.aliased(InterviewSlot)
    rows = (
        sa.select(
            SlotBooking,
            InterviewSlot.starts_at,
            sa.func.coalesce(more.ends_at, InterviewSlot.ends_at).label("ends_at"),
            Application.number,
            NAME if viewer is None else sa.case((_read_blind(viewer, day), ""), else_=NAME).label("name"),
            Application.reference.label("file_reference"),
        )
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .outerjoin(more, more.id == SlotBooking.more_slot_id)
        .where(InterviewSlot.day_id == day.id, HELD)
        .order_by(InterviewSlot.starts_at, Application.number)
    )
    return db.session.execute(rows).all()


def _read_blind(viewer: Viewer, day: InterviewDay) -> sa.ColumnElement[bool]:
    """Whether the viewer still reads the file of the statement in another phase, which hides names."""
    phases_read = definition_of(intake_of(day)).rubric.phases
    blind = [each.key for each in phases_read if HiddenPart.NAME in each.hidden and each.key != day.phase]
    reading = sa.select(Review.id).where(
        Review.application_id == Application.id,
        Review.reviewer_id == viewer.person_id,
        Review.phase.in_(blind),
        Review.state.in_([state.value for state in OPEN]),
    )
    return reading.exists()


def free_in(intake: Intake, phase: RubricPhase) -> Sequence[Any]:
    """Return (InterviewSlot, InterviewDay) of the slots of a phase that are to come and have a place, in order."""
    rows = (
        sa.select(InterviewSlot, InterviewDay)
        .join(InterviewDay, InterviewDay.id == InterviewSlot.day_id)
        .where(InterviewDay.intake_id == intake.id, InterviewDay.phase == phase.key)
        .where(InterviewDay.state == DayState.OPEN.value, InterviewDay.day >= clock.today())
        .where(InterviewSlot.taken < InterviewSlot.places, InterviewSlot.starts_at > clock.now())
        .order_by(InterviewSlot.starts_at, InterviewSlot.id)
    )
    return db.session.execute(rows).all()


def in_phase(intake: Intake, phase: RubricPhase) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on a file, a row of the statement, that say that it is in a phase of its intake; not a
    child's without its guardian's word."""
    return (*TO_MARK, AGREED, *phases.in_phase(intake, phase.key))


def without_slot_in(intake: Intake, phase: RubricPhase) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions on a file that say that it is in a phase of its intake and has no slot."""
    held = sa.select(SlotBooking.id).where(
        SlotBooking.application_id == Application.id, SlotBooking.phase == phase.key, HELD
    )
    return (Application.intake_id == intake.id, *in_phase(intake, phase), ~held.exists())


def without_slot(intake: Intake, phase: RubricPhase, place: ListPlace) -> Page:
    """Return a page of who is in a phase and has no slot: (id, number, name, the file's reference), by name."""
    rows = sa.select(Application.id, Application.number, NAME, Application.reference.label("file_reference"))
    rows = rows.where(*without_slot_in(intake, phase)).order_by(Application.sort_name, Application.id)
    return page_of(rows, place, PAGE)


def count_without_slot(intake: Intake, phase: RubricPhase) -> int:
    """Return how many people of a phase have no slot."""
    counted = sa.select(sa.func.count(Application.id)).where(*without_slot_in(intake, phase))
    return int(db.session.scalar(counted) or 0)


def awaited_name(intake: Intake, phase: RubricPhase, day: date) -> str:
    """Return what the letters that ask for a slot on one day have in common: each bears it and its person's
    reference."""
    return f"{SLOT_AWAITED}:{intake.reference}:{phase.key}:{day:%Y%m%d}:"


def was_reminded(intake: Intake, phase: RubricPhase, day: date) -> bool:
    """Whether people of a phase were asked for a slot on that day already."""
    named = Message.once.startswith(awaited_name(intake, phase, day), autoescape=True)
    asked = sa.select(Message.id).where(Message.institution_id == intake.institution_id, named)
    return db.session.scalar(asked.limit(1)) is not None


def to_ask(intake: Intake, phase: RubricPhase, places: int) -> Sequence[Any]:
    """Return whom to ask for a slot: who has none, with what a letter needs."""
    rows = (
        sa.select(
            Application.id,
            Application.number,
            Application.name,
            Application.language,
            Application.reference,
            Application.person_id,
            Person.reference.label("person_reference"),
            sa.func.coalesce(Application.email, Person.email, "").label("address"),
            REACHED.label("reached"),
        )
        .join(Person, Person.id == Application.person_id)
        .where(*without_slot_in(intake, phase))
        .order_by(Application.id)
    )
    return db.session.execute(rows).all() if places else ()


def recipients() -> sa.Select[*tuple[Any, ...]]:
    """Select slots that people have or had with what a letter needs; the caller says which."""
    return (
        sa.select(
            SlotBooking.reference.label("booking"),
            SlotBooking.person_id,
            SlotBooking.institution_id,
            InterviewSlot.starts_at,
            Person.reference.label("person_reference"),
            sa.func.coalesce(Application.email, Person.email, "").label("address"),
            REACHED.label("reached"),
            Application.language,
            Application.name,
            Application.reference,
        )
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .join(Person, Person.id == SlotBooking.person_id)
    )


def file_numbered(intake: Intake, phase: RubricPhase, number: str) -> Application | None:
    """Return the file of a phase with this number, locked; None if there is none."""
    wanted = sa.select(Application).where(Application.intake_id == intake.id, Application.number == number)
    wanted = wanted.where(*in_phase(intake, phase)).with_for_update(of=Application)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def concerned(intake: Intake, people: Sequence[Any]) -> set[str]:
    """Return the references of those who have an interest in an intake, and hear nobody of it."""
    return interests.concerned_in(intake, people)
