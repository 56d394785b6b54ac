"""Reading who of a panel hears whom: its members may read in the intake, and know nobody whom they mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.programmes.definition.rules import PhaseKind, RubricPhase
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.assignment.queries import bars
from cohortmgr.reviews.interviews.models import InterviewDay, InterviewSlot, PanelMember, SlotBooking
from cohortmgr.reviews.interviews.queries.days import able_in, in_phase, panels_of, phase_named
from cohortmgr.reviews.interviews.rules import EXPECTED, DayState, may_be_heard
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.rules import OPEN, ReviewState

_EXPECTED = SlotBooking.state.in_([state.value for state in EXPECTED])
# So long after a day the worker still looks whether its panel may read.
LOOKED_BACK = timedelta(days=30)
# How many intakes the page of today asks about.
MOST = 20


@dataclass(frozen=True)
class PanelHearing:
    """Who hears in some days of an intake: the panel of each by the day's id, who of all may read there, and the files
    that some must not mark, as (file's id, reader's id)."""

    panels: Mapping[int, Collection[int]]
    able: Collection[int]
    barred: Collection[tuple[int, int]]
    people: Mapping[int, Person] = field(default_factory=dict)

    def unmarked_by(self, day_id: int, file_id: int, person_id: int) -> set[int]:
        """The ids of those of a day's panel who do not mark a file: they know its person, or are that person."""
        panel = self.panels.get(day_id, ())
        return {each for each in panel if each == person_id or (file_id, each) in self.barred}

    def gone(self, day_id: int) -> set[int]:
        """The ids of those of a day's panel who hear nobody any longer: their role ended, or they have an interest."""
        return set(self.panels.get(day_id, ())) - set(self.able)

    def hears(self, phase: RubricPhase, day_id: int, file: Application) -> bool:
        """Whether enough of a day's panel may mark a file. Nobody marks a test one by one."""
        if phase.kind is not PhaseKind.INTERVIEW:
            return True
        able = set(self.panels.get(day_id, ())) - self.gone(day_id)
        return may_be_heard(phase.readings, able, self.unmarked_by(day_id, file.id, file.person_id))


def hearing_in(intake: Intake, days: Collection[int]) -> PanelHearing:
    """Return who hears in some days of an intake; no statement without days."""
    if not days:
        return PanelHearing({}, (), ())
    panels = panels_of(days)
    return PanelHearing(
        {day: [each.id for each in people] for day, people in panels.items()},
        {row.person_id for row in able_in(intake).values()},
        bars.barred_ids(intake),
        {each.id: each for people in panels.values() for each in people},
    )


def unmarked_on(viewer: Viewer, day: InterviewDay) -> set[int]:
    """Return the ids of the files of a day's intake that the viewer does not mark, for they know their persons."""
    mine = (Application.intake_id == day.intake_id, Application.person_id == viewer.person_id)
    own = set(db.session.scalars(sa.select(Application.id).where(*mine)))
    pairs = bars.barred_ids(db.session.get_one(Intake, day.intake_id))
    return own | {file_id for file_id, reader_id in pairs if reader_id == viewer.person_id}


@dataclass(frozen=True)
class HearingChange:
    """What of the readings of a phase does not follow from who hears whom: (file's id, reader's id) that have none yet,
    readings that are to be given back, and readings that are to be taken back."""

    lacking: Collection[tuple[int, int]]
    again: Sequence[Review]
    left: Sequence[Review]

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.lacking or self.again or self.left)


def change_in(
    intake: Intake, phase: RubricPhase, applications: Collection[int] | None = None, *, lock: bool = False
) -> HearingChange:
    """Return what is to change in the readings of some files of a phase, or of all that ever had a slot of it. With
    `lock`, who writes one of these readings waits."""
    wanted = _heard(intake, phase, applications)
    booked = sa.select(SlotBooking.application_id)
    booked = booked.where(SlotBooking.intake_id == intake.id, SlotBooking.phase == phase.key)
    rows = sa.select(Review).where(Review.intake_id == intake.id, Review.phase == phase.key)
    chosen = booked if applications is None else sorted(applications)
    rows = rows.where(Review.application_id.in_(chosen)).order_by(Review.id)
    if lock:
        rows = rows.with_for_update(of=Review).execution_options(populate_existing=True)
    held = {(row.application_id, row.reviewer_id): row for row in db.session.scalars(rows)}
    return HearingChange(
        sorted(wanted - held.keys()),
        [row for pair, row in held.items() if pair in wanted and row.state == ReviewState.RECALLED],
        [row for pair, row in held.items() if pair not in wanted and row.state in OPEN],
    )


def _heard(intake: Intake, phase: RubricPhase, applications: Collection[int] | None) -> set[tuple[int, int]]:
    """(file's id, reader's id) of who marks whom."""
    rows = (
        sa.select(SlotBooking.application_id, PanelMember.reader_id)
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(PanelMember, PanelMember.day_id == InterviewSlot.day_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .where(SlotBooking.intake_id == intake.id, SlotBooking.phase == phase.key, _EXPECTED)
        .where(Application.person_id != PanelMember.reader_id)
    )
    if applications is not None:
        rows = rows.where(SlotBooking.application_id.in_(sorted(applications)))
    pairs = {(row[0], row[1]) for row in db.session.execute(rows)}
    if not pairs:
        return set()
    able = {row.person_id for row in able_in(intake).values()}
    return {pair for pair in pairs - bars.barred_ids(intake) if pair[1] in able}


def phases_adrift() -> list[tuple[int, str]]:
    """Return (intake's id, phase's key) of the interviews of late or to come whose readings do not follow from who
    hears whom: somebody's role began or ended, or they came to have an interest, or to know somebody."""
    since = clock.today() - LOOKED_BACK
    rows = sa.select(InterviewDay.intake_id, InterviewDay.phase).distinct()
    rows = rows.where(InterviewDay.state == DayState.OPEN.value, InterviewDay.day >= since)
    found = []
    for number, key in db.session.execute(rows.order_by(InterviewDay.intake_id, InterviewDay.phase)).all():
        intake = db.session.get_one(Intake, number)
        phase = phase_named(intake, key)
        if phase is not None and phase.kind is PhaseKind.INTERVIEW and change_in(intake, phase):
            found.append((number, key))
    return found


def unheard_in(intake: Intake, phase: RubricPhase) -> list[str]:
    """Return the numbers of the files of a phase that nobody may mark, sorted: the panel of their slot knows them, or
    they have none and every panel to come does. Only who is known to a reader, or reads themself, can be one."""
    if phase.kind is not PhaseKind.INTERVIEW:
        return []
    days = sa.select(InterviewDay.id).where(
        InterviewDay.intake_id == intake.id,
        InterviewDay.phase == phase.key,
        InterviewDay.state == DayState.OPEN.value,
        InterviewDay.day >= clock.today(),
    )
    numbers = db.session.scalars(days).all()
    hearing = hearing_in(intake, numbers)
    known = {file_id for file_id, _reader in hearing.barred}
    mine = Application.person_id.in_(sorted(hearing.people))
    rows = (
        sa.select(Application, InterviewSlot.day_id)
        .outerjoin(
            SlotBooking,
            sa.and_(SlotBooking.application_id == Application.id, SlotBooking.phase == phase.key, _EXPECTED),
        )
        .outerjoin(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .where(Application.intake_id == intake.id, *in_phase(intake, phase))
        .where(sa.or_(Application.id.in_(sorted(known)), mine))
    )
    found = []
    for file, booked in db.session.execute(rows) if numbers else ():
        asked = numbers if booked is None else [booked] if booked in numbers else ()
        if asked and not any(hearing.hears(phase, day, file) for day in asked):
            found.append(file.number)
    return sorted(found)


@dataclass(frozen=True)
class LackingPanel:
    """A day to come with a member of its panel who hears nobody any longer: how many there are."""

    day: InterviewDay
    intake: Intake
    people: int


def lacking_panels(viewer: Viewer, permission: str) -> list[LackingPanel]:
    """Return the days to come whose panel has members who may not hear any longer, where the viewer holds the
    permission; of the first intakes."""
    rows = (
        sa.select(InterviewDay, Intake)
        .join(Intake, Intake.id == InterviewDay.intake_id)
        .where(within(viewer, permission, Intake.path))
        .where(InterviewDay.state == DayState.OPEN.value, InterviewDay.day >= clock.today())
        .order_by(InterviewDay.day, InterviewDay.begins, InterviewDay.id)
    )
    by_intake: dict[int, list[tuple[InterviewDay, Intake]]] = defaultdict(list)
    for day, intake in db.session.execute(rows):
        by_intake[intake.id].append((day, intake))
    found = []
    for days in list(by_intake.values())[:MOST]:
        hearing = hearing_in(days[0][1], [day.id for day, _intake in days])
        found += [
            LackingPanel(day, intake, len(gone)) for day, intake in days if (gone := hearing.gone(day.id))
        ]
    return found
