"""What a form asks: its sections, its questions of every kind, and when one is shown or required.

Pure values, as `rules.py` beside it, from which they are also importable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from cohortmgr.programmes.definition.sections import Text


class QuestionKind(StrEnum):
    """What an answer is."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    CHOICES = "choices"
    GRADE = "grade"
    NUMBER = "number"
    YEAR = "year"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    CIN = "cin"
    MASSAR = "massar"
    IDENTITY = "identity"
    RIB = "rib"
    REGION = "region"
    CITY = "city"
    ADDRESS = "address"
    LANGUAGE_LEVEL = "language_level"
    LANGUAGE_LEVELS = "language_levels"
    RANKING = "ranking"
    GROUP = "group"
    FILE = "file"
    CONSENT = "consent"


# The kinds answered out of a list that the definition gives; a ranking without one ranks the intake's offerings.
LISTED = frozenset(
    {QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.LANGUAGE_LEVELS, QuestionKind.RANKING}
)
# The kinds whose answer has several parts, each a field of its own.
COMPOSED = frozenset(
    {
        QuestionKind.CHOICES, QuestionKind.IDENTITY, QuestionKind.ADDRESS, QuestionKind.LANGUAGE_LEVELS,
        QuestionKind.RANKING, QuestionKind.GROUP,
    }
)  # fmt: skip
# What a group's rows may not hold: what has parts or a meaning of its own beyond the row.
NOT_IN_GROUPS = COMPOSED | {
    QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.CIN, QuestionKind.MASSAR, QuestionKind.RIB,
}  # fmt: skip
# The most rows, choices or ranks that a question may ask for.
MOST_ROWS = 20


class ConditionOperator(StrEnum):
    """The closed set of tests by which one answer shows or requires another question. Values are text."""

    ONE_OF = "one_of"
    NONE_OF = "none_of"
    NOT_EMPTY = "not_empty"
    EMPTY = "empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True)
class Condition:
    """A test on another question's answer. An answer that is missing, or hidden itself, meets `empty` and
    `none_of` alone. Of several choices, one that is among the `values` is enough for `one_of`."""

    question: str
    operator: ConditionOperator
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """A choice; `aliases` are the spellings that institutions' files use for it."""

    key: str
    label: Text
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of the form, and how a file names it.

    `columns` are the headers under which an institution's file holds the answer. `sealed` answers are
    kept encrypted. `minimum` and `maximum` bound a grade, a number or a year, and how many choices,
    ranks or rows there are, both included.
    `max_length` counts characters, `max_bytes` the size of a file, `accept` its kinds ("pdf"…).
    `only_online`: never expected of an imported row, whatever `required` says. `asked_at_application`
    is false for what is asked once a seat is accepted. `fields` are the questions of a group's row.
    A question is shown when every condition of `show_when` holds, and required when `required` is true
    or when there is a `require_when` and all of it holds.
    A paper is made of at most `max_files` files and `max_pages` pages, and may be promised until `promise_days`
    days after the close. `proof` is the question of the paper on which staff check this figure.
    Where one thing is asked a page, questions that follow one another and name the same `page` stand together.
    """

    key: str
    kind: QuestionKind
    label: Text
    help: Text | None = None
    required: bool = False
    sealed: bool = False
    options: tuple[Option, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    columns: tuple[str, ...] = ()
    target: str | None = None
    accept: tuple[str, ...] = ()
    max_bytes: int | None = None
    only_online: bool = False
    asked_at_application: bool = True
    fields: tuple[Question, ...] = ()
    show_when: tuple[Condition, ...] = ()
    require_when: tuple[Condition, ...] = ()
    max_files: int | None = None
    max_pages: int | None = None
    promise_days: int | None = None
    proof: str | None = None
    page: str = ""

    def option(self, key: str) -> Option:
        """The option of that key; KeyError when there is none."""
        for option in self.options:
            if option.key == key:
                return option
        raise KeyError(key)

    @property
    def most(self) -> int:
        """How many choices, ranks or rows may be given."""
        listed = len(self.options) if self.options else MOST_ROWS
        return listed if self.maximum is None else min(int(self.maximum), listed)


@dataclass(frozen=True)
class FormSection:
    """A page of the form: people answer one section at a time. Hidden unless every `show_when` holds."""

    key: str
    title: Text
    questions: tuple[Question, ...]
    show_when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Form:
    """The sections, in the order in which people meet them."""

    sections: tuple[FormSection, ...] = ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in order. A page asks a dozen times."""
        return tuple(question for section in self.sections for question in section.questions)

    def question(self, key: str) -> Question:
        """The question of that key; KeyError when there is none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)

    def conditions_of(self) -> Mapping[str, tuple[Condition, ...]]:
        """Question key to all that must hold for it to be shown, its section's conditions first; none, no key."""
        return {
            question.key: (*section.show_when, *question.show_when)
            for section in self.sections
            for question in section.questions
            if section.show_when or question.show_when
        }

    def ranked(self) -> Iterator[Question]:
        """The questions that rank the intake's offerings, not options of their own."""
        for question in self.questions:
            if question.kind is QuestionKind.RANKING and not question.options:
                yield question

    def ranking(self, options: tuple[Option, ...]) -> Form:
        """The same form, its rankings of offerings given these to rank."""
        wanted = {question.key for question in self.ranked()}
        return Form(
            tuple(
                replace(
                    section,
                    questions=tuple(
                        replace(question, options=options) if question.key in wanted else question
                        for question in section.questions
                    ),
                )
                for section in self.sections
            )
        )
