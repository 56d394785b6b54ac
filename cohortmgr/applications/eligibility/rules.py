"""Decide whether a file meets a programme's conditions, and name those that it does not meet.

Pure: rules, answers and facts in, reasons out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from cohortmgr.applications.answers.conditions import holds as is_met
from cohortmgr.applications.answers.conditions import parts
from cohortmgr.applications.answers.provinces import region_of_province
from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.programmes.definition.rules import EligibilityRule, Form, Operator, Question, QuestionKind


@dataclass(frozen=True)
class Circumstances:
    """What conditions read besides answers: the questions whose paper is there, and whether the person is in another
    programme at this time. What is not known counts against nobody."""

    papers: Collection[str] = field(default=())
    enrolled: bool = False


@dataclass(frozen=True)
class Assessment:
    """The result on a day. `reasons` are the keys of the rules that fail, in order; eligible if none. It `waits` for a
    person if each of them is one that the person's own words may answer, and these are there."""

    eligible: bool
    reasons: tuple[str, ...]
    on: date
    waits: bool = False

    @property
    def sendable(self) -> bool:
        """Whether the file may be sent: to be read, or for a person to decide."""
        return self.eligible or self.waits

    @property
    def verdict(self) -> bool | None:
        """Whether the file is eligible; None until a person has decided."""
        return None if self.waits else self.eligible


NOTHING_KNOWN = Circumstances()


def assess(
    rules: Iterable[EligibilityRule],
    answers: Mapping[str, Answer],
    on: date,
    circumstances: Circumstances = NOTHING_KNOWN,
) -> Assessment:
    """Test each rule against the canonical answers. A missing answer fails the rules that ask for it."""
    failed = [rule for rule in rules if asks(rule, answers) and not holds(rule, answers, circumstances)]
    waits = bool(failed) and all(is_given(answers.get(rule.named_in)) for rule in failed)
    return Assessment(not failed, tuple(rule.key for rule in failed), on, waits)


def closing(
    rules: Iterable[EligibilityRule],
    answers: Mapping[str, Answer],
    shown: Collection[str],
    circumstances: Circumstances = NOTHING_KNOWN,
) -> list[EligibilityRule]:
    """The rules that what is answered already fails: the person should read them at that answer, and not once
    everything is filled in. What is not answered yet closes nothing, nor does what may still be named in one of the
    `shown` questions."""
    return [
        rule
        for rule in rules
        if asks(rule, answers)
        and rule.named_in not in shown
        and all(is_given(answers.get(key)) for key in rule.subjects)
        and not holds(rule, answers, circumstances)
    ]


def asks(rule: EligibilityRule, answers: Mapping[str, Answer]) -> bool:
    """Whether a rule applies to the person who gave these answers."""
    return all(is_met(each, answers.get(each.question)) for each in rule.when)


def holds(
    rule: EligibilityRule, answers: Mapping[str, Answer], circumstances: Circumstances = NOTHING_KNOWN
) -> bool:
    """Whether one rule holds. Bounds are included, but `born_after` and `born_before` leave out
    the day itself."""
    answer = answers.get(rule.question)
    match rule.operator:
        case Operator.NOT_EMPTY:
            return rule.question in circumstances.papers or is_given(answer)
        case Operator.ONE_OF:
            return any(each in rule.values for each in _chosen(answer))
        case Operator.NONE_OF:
            return is_given(answer) and not any(each in rule.values for each in _chosen(answer))
        case Operator.NOT_ENROLLED:
            return not circumstances.enrolled
        case Operator.AVERAGE_AT_LEAST:
            return _average_at_least(rule, answers)
        case Operator.AT_LEAST | Operator.AT_MOST | Operator.YEAR_BETWEEN:
            return (number := _number(answer)) is not None and _within(rule, number)
        case _:
            return (day := _day(answer)) is not None and _born(rule, day)


def _chosen(answer: Answer) -> list[str]:
    """The keys that were chosen. An address stands for the region of its province; one abroad has none."""
    if isinstance(answer, Mapping) and "province" in answer:
        region = region_of_province(str(answer["province"]))
        return [region] if region else []
    return parts(answer)


def age_on(born: date, day: date) -> int:
    """The age on a day, in whole years. For 29 February the birthday is 1 March in other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _born(rule: EligibilityRule, born: date) -> bool:
    day = date.fromisoformat(rule.values[-1])
    match rule.operator:
        case Operator.BORN_AFTER:
            return born > day
        case Operator.BORN_BEFORE:
            return born < day
        case Operator.AGE_AT_LEAST:
            return age_on(born, day) >= int(rule.values[0])
        case Operator.AGE_AT_MOST:
            return age_on(born, day) <= int(rule.values[0])
        case _:
            raise ValueError(f"{rule.operator} compares no day")


def _within(rule: EligibilityRule, number: Decimal) -> bool:
    bounds = [Decimal(value) for value in rule.values]
    match rule.operator:
        case Operator.AT_LEAST:
            return number >= bounds[0]
        case Operator.AT_MOST:
            return number <= bounds[0]
        case _:
            return bounds[0] <= number <= bounds[1]


def _average_at_least(rule: EligibilityRule, answers: Mapping[str, Answer]) -> bool:
    """Whether the mean is high enough. The mean is exact, so that 11.999… is not 12 and 12 is. If one number
    is missing, there is no mean."""
    numbers = [_number(each) for each in _averaged(rule, answers)]
    known = [Fraction(number) for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return False
    return sum(known, Fraction(0)) / len(known) >= Fraction(rule.values[0])


def _averaged(rule: EligibilityRule, answers: Mapping[str, Answer]) -> Iterator[Answer]:
    for question in rule.subjects:
        answer = answers.get(question)
        if rule.field:
            rows = answer if isinstance(answer, list) else []
            yield from (row.get(rule.field) for row in rows if isinstance(row, Mapping))
        else:
            yield answer


def _number(answer: Answer) -> Decimal | None:
    if not isinstance(answer, str):
        return None
    try:
        number = Decimal(answer)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(answer: Answer) -> date | None:
    try:
        return date.fromisoformat(answer) if isinstance(answer, str) else None
    except ValueError:
        return None


def questions_read(form: Form, rules: Iterable[EligibilityRule]) -> tuple[Question, ...]:
    """The questions that somebody answers to learn whether they may apply, in the order of the form: those
    that the rules read, and those on which showing these depends. Papers are not asked for there."""
    conditions = form.conditions_of()
    waiting = [key for rule in rules for key in (*rule.subjects, *(each.question for each in rule.when))]
    wanted: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [each.question for each in conditions.get(key, ())]
    asked = [question for question in form.questions if question.asked_at_application]
    return tuple(each for each in asked if each.key in wanted and each.kind is not QuestionKind.FILE)


def left_open(form: Form, rules: Iterable[EligibilityRule]) -> list[EligibilityRule]:
    """The rules that no answer can decide: those on a paper, and those on what only our own records say."""
    papers = {question.key for question in form.questions if question.kind is QuestionKind.FILE}
    return [rule for rule in rules if not rule.question or rule.question in papers]
