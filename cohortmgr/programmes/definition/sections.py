"""The later sections of a programme's definition: how it chooses, trains, places and pays people.

Pure values, like those of `rules.py` beside it, from which they can be imported too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from cohortmgr.programmes.definition.texts import Text

# The best mark of whatever is graded, twice: in the points that people write, and in the thousandths of a point in
# which marks are reckoned and kept, so that they are compared as integers.
FULL_MARK_POINTS = 20
FULL_MARK_THOUSANDTHS = FULL_MARK_POINTS * 1000


@dataclass(frozen=True)
class OfferTerms:
    """The terms of offers: days to answer, when reminders are sent (hours before the end), size of the
    waiting list, and the last day on which a seat is offered (of the first intake, as the calendar's days)."""

    days_to_answer: int = 0
    reminders_hours: tuple[int, ...] = ()
    waiting_list: int = 0
    last_day: date | None = None


@dataclass(frozen=True)
class ReminderWindow:
    """A reminder: how many hours before the end it is due, and from when until when (excluded) it is the
    current one."""

    hours: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Reminders:
    """When people who have begun an application but not sent it are reminded: whole hours before the intake
    closes."""

    draft_hours: tuple[int, ...] = ()

    def due(self, closes_at: datetime, moment: datetime) -> ReminderWindow | None:
        """The reminder that is current: the last one whose hour has come, until that of the next one or the
        close."""
        hours = [each for each in self.draft_hours if closes_at - timedelta(hours=each) <= moment < closes_at]
        if not hours:
            return None
        nearest = min(hours)
        later = [each for each in self.draft_hours if each < nearest]
        until = closes_at - timedelta(hours=max(later, default=0))
        return ReminderWindow(nearest, closes_at - timedelta(hours=nearest), until)


@dataclass(frozen=True)
class Purpose:
    """What a guardian may agree to or not, for one child. Without agreement to a `required` one there is no
    file."""

    key: str
    title: Text
    text: Text
    required: bool = False


@dataclass(frozen=True)
class GuardianTerms:
    """Below which age a guardian must agree, and to what. `language` is that of the guardian's pages until
    they choose another."""

    under: int
    purposes: tuple[Purpose, ...]
    language: str = "fr"

    @property
    def required(self) -> frozenset[str]:
        """The keys of the purposes that must be agreed to."""
        return frozenset(purpose.key for purpose in self.purposes if purpose.required)


@dataclass(frozen=True)
class DefinedBound:
    """How many of a group an intake is to choose, as its rules begin: `where` names questions and the answer that each
    has, and several mean all. `hard` ones hold whatever it costs. `offering` is the one that it speaks of, where an
    intake has several. `intakes` are the keys of those that have it; without any, all have."""

    where: Mapping[str, str]
    at_least: int | None = None
    at_most: int | None = None
    hard: bool = True
    offering: str = ""
    intakes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SelectionTerms:
    """By which rules an intake chooses, before people seal them: bounds, and the criteria that decide between equal
    marks, the first one first; without any, all of the rubric by what they weigh."""

    bound: tuple[DefinedBound, ...] = ()
    ties: tuple[str, ...] = ()

    def bounds_of(self, intake_key: str) -> tuple[DefinedBound, ...]:
        """The bounds of an intake, by its key."""
        return tuple(each for each in self.bound if not each.intakes or intake_key in each.intakes)


class ProgrammeKind(StrEnum):
    """What kind of training a programme is; its programmes stand together on the home page, in this order."""

    DEGREE = "degree"
    SHORT = "short"
    CONTINUING = "continuing"
    RESEARCH = "research"
    YOUTH = "youth"


class AudienceGroup(StrEnum):
    """Whom a programme is for."""

    PUPILS = "pupils"
    STUDENTS = "students"
    GRADUATES = "graduates"
    WORKERS = "workers"
    TEACHERS = "teachers"


class StudyLevel(StrEnum):
    """The level of studies that a programme asks for."""

    NONE = "none"
    BACCALAUREATE = "baccalaureate"
    TWO_YEARS = "two_years"
    LICENCE = "licence"
    MASTER = "master"


@dataclass(frozen=True)
class Profile:
    """By what a programme is grouped and filtered on the home page. `regions` are codes of those in which people train;
    without any it is offered in the whole country."""

    kind: ProgrammeKind
    audiences: tuple[AudienceGroup, ...] = ()
    level: StudyLevel | None = None
    regions: tuple[str, ...] = ()


class PeriodKind(StrEnum):
    """What a cohort does in a period of its calendar."""

    TRAINING = "training"
    COMPANY = "company"
    EXAMS = "exams"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class Period:
    """A span of days, both ends included."""

    key: str
    title: Text
    starts_on: date
    ends_on: date
    kind: PeriodKind


@dataclass(frozen=True)
class Calendar:
    """The days of the first intake; `shifted` gives those of another one."""

    starts_on: date
    company_from: date | None = None
    periods: tuple[Period, ...] = ()

    def shifted(self, days: int) -> Calendar:
        """The same calendar, moved by that many days."""
        gap = timedelta(days=days)
        return Calendar(
            self.starts_on + gap,
            self.company_from + gap if self.company_from else None,
            tuple(replace(p, starts_on=p.starts_on + gap, ends_on=p.ends_on + gap) for p in self.periods),
        )


class AbsenceRule(StrEnum):
    """What an absence without a reason does to a month's stipend."""

    NONE = "none"
    PER_WORKING_DAY = "per_working_day"


class Payer(StrEnum):
    """Who pays the stipend."""

    COMPANY = "company"
    HOST = "host"
    STATE = "state"


@dataclass(frozen=True)
class StipendScheme:
    """A monthly sum in centimes, for `months` months from that of `starts_month` (given as its first day).

    `working_days_basis` is the number of working days in a full month when days are deducted. `arrears` says
    that a month is paid after it has ended.
    """

    key: str
    title: Text
    monthly_cents: int
    currency: str
    starts_month: date
    months: int
    absence_rule: AbsenceRule
    working_days_basis: int
    payer: Payer
    arrears: bool

    def shifted(self, months: int) -> StipendScheme:
        """The same scheme, starting that many months later."""
        years, month = divmod(self.starts_month.month - 1 + months, 12)
        return replace(self, starts_month=date(self.starts_month.year + years, month + 1, 1))


class MatchingMethod(StrEnum):
    """How wishes and companies' scores are turned into placements."""

    DEFERRED_ACCEPTANCE = "deferred_acceptance"


@dataclass(frozen=True)
class PlacementTerms:
    """How many positions an apprentice ranks, and the scale on which companies score an apprentice."""

    wishes_max: int
    company_score_min: int
    company_score_max: int
    method: MatchingMethod = MatchingMethod.DEFERRED_ACCEPTANCE


@dataclass(frozen=True)
class ImportLayout:
    """How an institution's files are laid out, besides the questions' own columns.

    `sent_at_column` names the column with the time of sending. The formats are those of `strptime`, tried in
    order, for times in Casablanca. `value_aliases` maps, for a question, a value found in files to the key of
    an option, where the options' own aliases do not.
    """

    sent_at_column: str = ""
    sent_at_formats: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ()
    value_aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
