"""What a form asks: its sections, its questions of every kind, and when each is shown or required.

Pure values, like those of `rules.py` beside it, from which they can be imported too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from cohortmgr.programmes.definition.rubric import HiddenPart
from cohortmgr.programmes.definition.texts import ONE_OR_MORE, Text


class QuestionKind(StrEnum):
    """What kind of answer a question takes."""

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


# The kinds answered from a list in the definition; a ranking without a list ranks the intake's offerings.
LISTED = frozenset(
    {QuestionKind.CHOICE, QuestionKind.CHOICES, QuestionKind.LANGUAGE_LEVELS, QuestionKind.RANKING}
)
# The kinds whose answer has several parts, each in a field of its own.
COMPOSED = frozenset(
    {
        QuestionKind.CHOICES, QuestionKind.IDENTITY, QuestionKind.ADDRESS, QuestionKind.LANGUAGE_LEVELS,
        QuestionKind.RANKING, QuestionKind.GROUP,
    }
)  # fmt: skip
# The kinds that a group's rows may not hold: those that have parts, or a meaning beyond the row.
NOT_IN_GROUPS = COMPOSED | {
    QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.CIN, QuestionKind.MASSAR, QuestionKind.RIB,
}  # fmt: skip
# The most rows, choices or ranks that a question may ask for.
MOST_ROWS = 20


class ConditionOperator(StrEnum):
    """The only tests by which an answer can show or require another question. Their values are text."""

    ONE_OF = "one_of"
    NONE_OF = "none_of"
    NOT_EMPTY = "not_empty"
    EMPTY = "empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True)
class Condition:
    """A test on another question's answer. An answer that is missing, or hidden itself, meets only `empty`
    and `none_of`. If several choices were made, `one_of` needs only one of them among the `values`."""

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

    `columns` are the headers under which an institution's file holds the answer. `sealed` answers are kept
    encrypted. `minimum` and `maximum` are the bounds, both included, of a grade, a number or a year, or of
    how many choices, ranks or rows there are. `max_length` counts characters; `max_bytes` is the largest size
    of a file, and `accept` its kinds ("pdf"…).

    `only_online`: an imported row never needs an answer, whatever `required` says. `asked_at_application` is
    false for questions that are asked after a seat is accepted. `fields` are the questions of a group's row.

    A question is shown when every condition of `show_when` holds. It is required when `required` is true, or
    when `require_when` has conditions and all of them hold.

    A paper is made of at most `max_files` files and `max_pages` pages, and may be promised until
    `promise_days` days after the close. `proof` is the question of the paper on which staff check this
    figure. When the form asks one thing a page, questions in sequence with the same `page` stand together.

    `application_intakes` are the keys of the intakes in which the application asks it; in any other intake it is asked
    after a seat is accepted. Without any, `asked_at_application` says it for all (see `Form.of_intake`).

    Of the questions with the same `either`, one answer suffices, and one there must be. `required_in_files`: an
    imported row needs this answer, even where a person who fills in the form may give another instead.

    `reveals` are the parts of a file that the answer tells, such as its person's school: who reads files without one of
    these does not see the answer. `reader_title` is what it is called for those who read files: the label speaks to the
    candidate.
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
    either: str = ""
    required_in_files: bool = False
    application_intakes: tuple[str, ...] = ()
    reveals: Annotated[tuple[HiddenPart, ...], ONE_OR_MORE] = ()
    reader_title: Text | None = None

    def option(self, key: str) -> Option:
        """The option with that key; KeyError if there is none."""
        for option in self.options:
            if option.key == key:
                return option
        raise KeyError(key)

    @property
    def most(self) -> int:
        """The largest number of choices, ranks or rows that may be given."""
        listed = len(self.options) if self.options else MOST_ROWS
        return listed if self.maximum is None else min(int(self.maximum), listed)


@dataclass(frozen=True)
class FormSection:
    """A section of the form; people answer one section at a time. It is hidden unless every condition of
    `show_when` holds. `reader_title` is what it is called for those who read files."""

    key: str
    title: Text
    questions: tuple[Question, ...]
    show_when: tuple[Condition, ...] = ()
    reader_title: Text | None = None


@dataclass(frozen=True)
class Form:
    """The sections, in the order in which people meet them."""

    sections: tuple[FormSection, ...] = ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question, in order. It is kept, since one page asks for it a dozen times."""
        return tuple(question for section in self.sections for question in section.questions)

    def question(self, key: str) -> Question:
        """The question with that key; KeyError if there is none."""
        for question in self.questions:
            if question.key == key:
                return question
        raise KeyError(key)

    def instead_of(self, question: Question) -> tuple[Question, ...]:
        """The questions of which one answer suffices, this one among them and in their order; empty for a question
        that nothing replaces."""
        if not question.either:
            return ()
        return tuple(each for each in self.questions if each.either == question.either)

    def conditions_of(self) -> Mapping[str, tuple[Condition, ...]]:
        """The conditions that must all hold for a question to be shown, by its key, its section's first. A
        question without conditions has no key here."""
        return {
            question.key: (*section.show_when, *question.show_when)
            for section in self.sections
            for question in section.questions
            if section.show_when or question.show_when
        }

    @property
    def varies(self) -> bool:
        """Whether the application asks a question in some intakes alone."""
        return any(question.application_intakes for question in self.questions)

    def of_intake(self, key: str) -> Form:
        """The same form as that intake asks it: what its application does not ask is asked after a seat is accepted."""
        return self._each(
            lambda each: (
                replace(each, asked_at_application=key in each.application_intakes)
                if each.application_intakes
                else each
            )
        )

    def _each(self, change: Callable[[Question], Question]) -> Form:
        sections = (replace(each, questions=tuple(map(change, each.questions))) for each in self.sections)
        return Form(tuple(sections))

    def ranked(self) -> Iterator[Question]:
        """The questions that rank the intake's offerings rather than options of their own."""
        for question in self.questions:
            if question.kind is QuestionKind.RANKING and not question.options:
                yield question

    def ranking(self, options: tuple[Option, ...]) -> Form:
        """The same form, with these options in its rankings of offerings."""
        wanted = {question.key for question in self.ranked()}
        return self._each(lambda each: replace(each, options=options) if each.key in wanted else each)
