"""A programme as data: frozen values that own every section of a definition.

A definition is read from TOML (`reading.py`), checked (`checking.py`), kept in the database as an
immutable version, and carried by every later room. Nothing here knows of files or rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from cohortmgr.base.errors import N_
from cohortmgr.programmes.definition.questions import (
    Condition,
    ConditionOperator,
    Form,
    FormSection,
    Option,
    Question,
    QuestionKind,
)
from cohortmgr.programmes.definition.sections import (
    FULL_MARK,
    AbsenceRule,
    Calendar,
    Criterion,
    GuardianTerms,
    ImportLayout,
    MatchingMethod,
    OfferTerms,
    Payer,
    Period,
    PeriodKind,
    PlacementTerms,
    Purpose,
    Reminders,
    Rubric,
    StipendScheme,
    Text,
)

__all__ = [
    "FULL_MARK", "LANGUAGE_LEVELS", "STATE_MEANINGS", "STATE_TRANSITIONS", "TARGETS",
    "TEXT_LANGUAGES", "AbsenceRule", "Calendar", "Condition", "ConditionOperator", "Criterion",
    "Definition", "EligibilityRule", "Form", "FormSection", "GuardianTerms", "ImportLayout", "IntakeDefinition",
    "IntakeState", "MatchingMethod", "OfferTerms", "OfferingDefinition", "Operator", "Option", "Partner",
    "Payer", "Period", "PeriodKind", "Phase", "PlacementTerms", "Practical", "Purpose", "Question", "QuestionKind",
    "Reminders", "Rubric",
    "StipendScheme", "Text", "Window", "window_of",
]  # fmt: skip

TEXT_LANGUAGES = ("fr", "ar", "en")
LANGUAGE_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")

# Where an answer goes besides the application itself. A question without a target stays an answer.
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
)


class Phase(StrEnum):
    """What the legal basis permits the programme to do with people's data."""

    APPLICATION = "application"
    SELECTION = "selection"
    OFFERS = "offers"
    TRAINING = "training"
    PLACEMENT = "placement"
    STIPEND = "stipend"
    OUTCOMES = "outcomes"


class Operator(StrEnum):
    """The closed set of tests that eligibility is made of. Values are text: keys, numbers, ISO dates."""

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
    """Whether people see an intake. Whether it takes applications is a matter of dates: see `window_of`."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


STATE_MEANINGS: Mapping[IntakeState, str] = {
    IntakeState.DRAFT: N_("En préparation : seules les personnes qui gèrent le programme la voient."),
    IntakeState.PUBLISHED: N_("Publiée : tout le monde la voit, et postule entre ses dates."),
    IntakeState.ARCHIVED: N_("Archivée : elle n’apparaît plus sur les pages publiques."),
}

STATE_TRANSITIONS: Mapping[IntakeState, frozenset[IntakeState]] = {
    IntakeState.DRAFT: frozenset({IntakeState.PUBLISHED}),
    IntakeState.PUBLISHED: frozenset({IntakeState.ARCHIVED}),
    IntakeState.ARCHIVED: frozenset({IntakeState.PUBLISHED}),
}


class Window(StrEnum):
    """Where a moment stands beside the dates of an intake, and whether there is anything left to ask for."""

    UPCOMING = "upcoming"
    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


def window_of(opens_at: datetime, closes_at: datetime, moment: datetime, free: int | None = None) -> Window:
    """Open from the first instant to just before the last one; full meanwhile when no seat is `free`."""
    if moment < opens_at:
        return Window.UPCOMING
    if moment >= closes_at:
        return Window.CLOSED
    return Window.FULL if free is not None and free <= 0 else Window.OPEN


@dataclass(frozen=True)
class EligibilityRule:
    """A condition to be chosen; `reason` is said to who fails it, `advice` what they may still do.

    `also` names the other questions of an average; `field` the part of a group's rows that is averaged. `values`:
    option keys, or regions' codes of a region or an address (one_of, none_of), one number (at_least, at_most,
    average_at_least), one ISO date (born_after, born_before), two years (year_between, both included), a number of
    years and the ISO date on which they are counted (age_at_least, age_at_most, both included), nothing (not_empty,
    and not_enrolled, which reads no question). The rule asks only of those for whom all of `when` holds: an
    employer's letter, of employees.
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

    @property
    def subjects(self) -> tuple[str, ...]:
        """Every question that the rule judges."""
        return (self.question, *self.also) if self.question else ()


@dataclass(frozen=True)
class OfferingDefinition:
    """What a candidate asks for in an intake, with its seats."""

    key: str
    title: Text
    seats: int
    place: Text


def _offered(offering: OfferingDefinition) -> Text:
    """An offering as people choose it: what, and where unless its title already says it."""
    named = {}
    for language, said in offering.title.items():
        place, comma = offering.place[language], "،" if language == "ar" else ","
        named[language] = said if place in said else f"{said}{comma} {place}"
    return named


@dataclass(frozen=True)
class IntakeDefinition:
    """One campaign: aware times in UTC for its window, days of Casablanca for the rest."""

    key: str
    title: Text
    opens_at: datetime
    closes_at: datetime
    decision_by: date
    starts_on: date
    offerings: tuple[OfferingDefinition, ...]

    @property
    def seats(self) -> int:
        """All the seats of the intake."""
        return sum(offering.seats for offering in self.offerings)


@dataclass(frozen=True)
class Partner:
    """A company that takes apprentices, and how many."""

    key: str
    name: Text
    seats: int


@dataclass(frozen=True)
class Practical:
    """What people ask first, for the public page."""

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
    """A programme, whole. `host` is an organisation's key; `imports` says how files are laid out."""

    key: str
    title: Text
    summary: Text
    description: Text
    legal_basis: Text
    phases: tuple[Phase, ...]
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

    def intake(self, key: str) -> IntakeDefinition:
        """The intake of that key; KeyError when there is none."""
        for intake in self.intakes:
            if intake.key == key:
                return intake
        raise KeyError(key)

    def of_intake(self, intake_key: str) -> Definition:
        """The same, its form ranking the offerings of that intake; itself when it ranks none, or has no such one."""
        return self._by_intake.get(intake_key, self)

    @cached_property
    def _by_intake(self) -> Mapping[str, Definition]:
        """Where the form ranks offerings: intake key to the definition that ranks those of that intake."""
        if next(self.form.ranked(), None) is None:
            return {}
        offered = {
            each.key: tuple(Option(offering.key, _offered(offering)) for offering in each.offerings)
            for each in self.intakes
        }
        return {key: replace(self, form=self.form.ranking(options)) for key, options in offered.items()}

    def calendar_of(self, intake_key: str) -> Calendar:
        """The calendar moved to that intake's first day."""
        return self.calendar.shifted((self.intake(intake_key).starts_on - self.calendar.starts_on).days)

    def stipend_of(self, intake_key: str) -> StipendScheme | None:
        """The stipend scheme moved by the months between the calendar's first day and that intake's."""
        if self.stipend is None:
            return None
        start, origin = self.intake(intake_key).starts_on, self.calendar.starts_on
        return self.stipend.shifted((start.year - origin.year) * 12 + start.month - origin.month)
