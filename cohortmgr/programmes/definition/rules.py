"""A programme as data: the frozen values for every section of a definition.

A definition is read from TOML (`toml.py`), checked (`checks/`), kept in the database as a version that never
changes, and used by all higher rooms. Nothing here knows of files or rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table
from cohortmgr.programmes.definition.questions import (
    Condition,
    ConditionOperator,
    Form,
    FormSection,
    Option,
    Question,
    QuestionKind,
)
from cohortmgr.programmes.definition.rubric import (
    Criterion,
    HiddenPart,
    NoShow,
    PaperView,
    PhaseKind,
    PointBand,
    PointKind,
    PointSource,
    Rubric,
    RubricPhase,
)
from cohortmgr.programmes.definition.sections import (
    FULL_MARK_POINTS,
    FULL_MARK_THOUSANDTHS,
    AbsenceRule,
    AudienceGroup,
    Calendar,
    DefinedBound,
    GuardianTerms,
    ImportLayout,
    MatchingMethod,
    OfferTerms,
    Payer,
    Period,
    PeriodKind,
    PlacementTerms,
    Profile,
    ProgrammeKind,
    Purpose,
    Reminders,
    SelectionTerms,
    StipendScheme,
    StudyLevel,
)
from cohortmgr.programmes.definition.texts import Text

__all__ = [
    "FULL_MARK_POINTS", "FULL_MARK_THOUSANDTHS", "INTAKE_STATES", "LANGUAGE_LEVELS", "TARGETS",
    "TEXT_LANGUAGES", "AbsenceRule", "AudienceGroup", "Calendar", "Condition", "ConditionOperator", "Criterion",
    "DefinedBound", "Definition", "EligibilityRule", "Form", "FormSection", "GuardianTerms", "HiddenPart",
    "ImportLayout", "IntakeDefinition", "IntakeState", "MatchingMethod", "NoShow", "OfferTerms", "OfferingDefinition",
    "Operator", "Option", "PaperView", "Partner", "Payer", "Period", "PeriodKind", "PhaseKind", "PlacementTerms",
    "PointBand", "PointKind", "PointSource", "Practical", "Profile",
    "ProgrammeKind", "ProgrammeStage", "Purpose", "Question", "QuestionKind", "Reminders", "Rubric", "RubricPhase",
    "SelectionTerms", "StipendScheme", "StudyLevel", "Text", "Window", "window_of",
]  # fmt: skip

TEXT_LANGUAGES = ("fr", "ar", "en")
LANGUAGE_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")

# Where an answer is kept besides the application itself. Without a target it is only an answer.
TARGETS = (
    "person.family_name",
    "person.given_name",
    "person.family_name_ar",
    "person.given_name_ar",
    "person.sex",
    "person.birth_date",
    "person.email",
    "person.phone",
    "identifier.cin",
    "identifier.massar",
    "bank.rib",
    "guardian.name",
    "guardian.capacity",
    "guardian.phone",
    "guardian.email",
    "child.place",
)


class ProgrammeStage(StrEnum):
    """What the legal basis allows the programme to do with people's data."""

    APPLICATION = "application"
    SELECTION = "selection"
    TEST = "test"
    INTERVIEW = "interview"
    OFFERS = "offers"
    TRAINING = "training"
    PLACEMENT = "placement"
    STIPEND = "stipend"
    OUTCOMES = "outcomes"


class Operator(StrEnum):
    """The only tests that conditions of eligibility can use. Their values are text: keys, numbers, ISO dates."""

    ONE_OF = "one_of"
    NOT_EMPTY = "not_empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BORN_AFTER = "born_after"
    BORN_BEFORE = "born_before"
    AVERAGE_AT_LEAST = "average_at_least"
    YEAR_BETWEEN = "year_between"
    NONE_OF = "none_of"
    AGE_AT_LEAST = "age_at_least"
    AGE_AT_MOST = "age_at_most"
    NOT_ENROLLED = "not_enrolled"


class IntakeState(StrEnum):
    """Whether people see an intake. Whether it takes applications depends on its dates: see `window_of`."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


INTAKE_STATES = Table(
    {
        IntakeState.DRAFT: Stage(
            N_("En préparation : seules les personnes qui gèrent le programme la voient."),
            to=(IntakeState.PUBLISHED,),
        ),
        IntakeState.PUBLISHED: Stage(
            N_("Publiée : tout le monde la voit, et postule entre ses dates."), to=(IntakeState.ARCHIVED,)
        ),
        IntakeState.ARCHIVED: Stage(
            N_("Archivée : elle n’apparaît plus sur les pages publiques."), to=(IntakeState.PUBLISHED,)
        ),
    }
)


class Window(StrEnum):
    """Where a moment stands beside an intake's dates, and whether it has seats left to ask for."""

    UPCOMING = "upcoming"
    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


def window_of(opens_at: datetime, closes_at: datetime, moment: datetime, free: int | None = None) -> Window:
    """The window at a moment: open from `opens_at` until just before `closes_at`, and full then if no seat is
    `free`."""
    if moment < opens_at:
        return Window.UPCOMING
    if moment >= closes_at:
        return Window.CLOSED
    return Window.FULL if free is not None and free <= 0 else Window.OPEN


@dataclass(frozen=True)
class EligibilityRule:
    """A condition of eligibility. `reason` is told to those who fail it, `advice` says what they may still
    do.

    `also` names the other questions of an average, `field` the part of a group's rows that is averaged. The
    rule asks only those for whom every condition of `when` holds, for example employees for an employer's
    letter.

    `values` are, by the test: option keys, or codes of regions for a region or an address (one_of, none_of);
    one number (at_least, at_most, average_at_least); one ISO date (born_after, born_before); two years, both
    included (year_between); a number of years, included, and the ISO date on which the age is counted
    (age_at_least, age_at_most); nothing (not_empty, and not_enrolled, which reads no question).

    `named_in` is the question in which whoever fails the rule names what they have instead, such as another subject:
    with that answer the file is sent, and a person decides.
    """

    key: str
    operator: Operator
    reason: Text
    advice: Text
    question: str = ""
    values: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    field: str = ""
    when: tuple[Condition, ...] = ()
    named_in: str = ""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every question that the rule reads."""
        return (self.question, *self.also) if self.question else ()


@dataclass(frozen=True)
class OfferingDefinition:
    """What a candidate can ask for in an intake, with its seats."""

    key: str
    title: Text
    seats: int
    place: Text


def _offered(offering: OfferingDefinition) -> Text:
    """The text of an offering as people choose it: its title, and its place unless the title names it
    already."""
    named = {}
    for language, said in offering.title.items():
        place, comma = offering.place[language], "،" if language == "ar" else ","
        named[language] = said if place in said else f"{said}{comma} {place}"
    return named


@dataclass(frozen=True)
class IntakeDefinition:
    """One campaign. Its opening and close are aware times in UTC; the other dates are days in Casablanca."""

    key: str
    title: Text
    opens_at: datetime
    closes_at: datetime
    decision_by: date
    starts_on: date
    offerings: tuple[OfferingDefinition, ...]

    @property
    def seats(self) -> int:
        """The number of seats in the intake."""
        return sum(offering.seats for offering in self.offerings)

    @property
    def named(self) -> Mapping[str, Text]:
        """What each offering is called among the others, by its key: with its place where two bear the same title."""
        titles = [each.title for each in self.offerings]
        return {
            each.key: _offered(each) if titles.count(each.title) > 1 else each.title
            for each in self.offerings
        }


@dataclass(frozen=True)
class Partner:
    """A company that takes apprentices, and how many."""

    key: str
    name: Text
    seats: int


@dataclass(frozen=True)
class Practical:
    """The answers to what people ask first, for the public page."""

    audience: Text
    duration: Text
    place: Text
    schedule: Text
    cost: Text
    pay: Text
    housing: Text
    papers: Text


@dataclass(frozen=True)
class Definition:
    """A whole programme. `host` is the key of an organisation; `imports` says how imported files are laid
    out."""

    key: str
    title: Text
    summary: Text
    description: Text
    legal_basis: Text
    stages: tuple[ProgrammeStage, ...]
    host: str
    practical: Practical
    intakes: tuple[IntakeDefinition, ...]
    form: Form
    calendar: Calendar
    partners: tuple[Partner, ...] = ()
    eligibility: tuple[EligibilityRule, ...] = ()
    rubric: Rubric = Rubric()
    reminders: Reminders = Reminders()
    offers: OfferTerms = OfferTerms()
    stipend: StipendScheme | None = None
    placement: PlacementTerms | None = None
    imports: ImportLayout = ImportLayout()
    guardians: GuardianTerms | None = None
    assumptions: tuple[str, ...] = ()
    profile: Profile | None = None
    selection: SelectionTerms = SelectionTerms()

    def intake(self, key: str) -> IntakeDefinition:
        """The intake with that key; KeyError if there is none."""
        for intake in self.intakes:
            if intake.key == key:
                return intake
        raise KeyError(key)

    def of_intake(self, intake_key: str) -> Definition:
        """The definition whose form ranks the offerings of this intake and asks what this intake asks; the same one if
        all intakes have the same form, or it has no such intake."""
        return self._by_intake.get(intake_key, self)

    @cached_property
    def every_offering(self) -> Form:
        """The form whose rankings hold the offerings of all intakes, which its conditions may name."""
        options = {
            each.key: Option(each.key, each.title) for intake in self.intakes for each in intake.offerings
        }
        return self.form.ranking(tuple(options.values()))

    @cached_property
    def _by_intake(self) -> Mapping[str, Definition]:
        """The definitions by intake key, each with that intake's form; empty if all have the same."""
        if next(self.form.ranked(), None) is None and not self.form.varies:
            return {}
        offered = {
            each.key: tuple(Option(offering.key, _offered(offering)) for offering in each.offerings)
            for each in self.intakes
        }
        return {
            key: replace(self, form=self.form.ranking(options).of_intake(key))
            for key, options in offered.items()
        }

    def calendar_of(self, intake_key: str) -> Calendar:
        """The calendar, moved to that intake's first day."""
        return self.calendar.shifted((self.intake(intake_key).starts_on - self.calendar.starts_on).days)

    def last_offer_day(self, intake_key: str) -> date:
        """The last day on which a seat of that intake is offered: the one that is named, moved as the calendar
        is, or the first day of the training."""
        first = self.intake(intake_key).starts_on
        if self.offers.last_day is None:
            return first
        return self.offers.last_day + (first - self.calendar.starts_on)

    def stipend_of(self, intake_key: str) -> StipendScheme | None:
        """The stipend scheme, moved by the months from the calendar's first day to that intake's; None if
        there is none."""
        if self.stipend is None:
            return None
        start, origin = self.intake(intake_key).starts_on, self.calendar.starts_on
        return self.stipend.shifted((start.year - origin.year) * 12 + start.month - origin.month)
