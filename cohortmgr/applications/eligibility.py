"""Whether a file meets a programme's conditions, and which it does not. Pure: rules and answers
in, reasons out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from cohortmgr.applications.answers import Answer
from cohortmgr.programmes.rules import EligibilityRule, Operator


@dataclass(frozen=True)
class Assessment:
    """The result of a day: eligible when no reason stands against it. `reasons` are keys of rules,
    in their order."""

    eligible: bool
    reasons: tuple[str, ...]
    on: date


def assess(rules: Iterable[EligibilityRule], answers: Mapping[str, Answer], on: date) -> Assessment:
    """Each rule tested against the canonical answers. An answer that is missing fails the rules
    that ask for it."""
    reasons = tuple(rule.key for rule in rules if not holds(rule, answers))
    return Assessment(not reasons, reasons, on)


def holds(rule: EligibilityRule, answers: Mapping[str, Answer]) -> bool:
    """Whether one rule holds. Bounds are included, but `born_after` and `born_before` leave out
    the day itself."""
    answer = answers.get(rule.question)
    match rule.operator:
        case Operator.NOT_EMPTY:
            return answer not in (None, "", False)
        case Operator.ONE_OF:
            return isinstance(answer, str) and answer in rule.values
        case Operator.BORN_AFTER:
            return (day := _day(answer)) is not None and day > date.fromisoformat(rule.values[0])
        case Operator.BORN_BEFORE:
            return (day := _day(answer)) is not None and day < date.fromisoformat(rule.values[0])
        case Operator.AVERAGE_AT_LEAST:
            return _average_at_least(rule, answers)
        case _:
            return (number := _number(answer)) is not None and _within(rule, number)


def _within(rule: EligibilityRule, number: Decimal) -> bool:
    bounds = [Decimal(value) for value in rule.values]
    match rule.operator:
        case Operator.AT_LEAST:
            return number >= bounds[0]
        case Operator.AT_MOST:
            return number <= bounds[0]
        case Operator.YEAR_BETWEEN:
            return bounds[0] <= number <= bounds[1]
        case _:
            raise ValueError(f"{rule.operator} compares no number")


def _average_at_least(rule: EligibilityRule, answers: Mapping[str, Answer]) -> bool:
    """An exact mean, so that 11.999… is not 12 and 12 is."""
    numbers = [_number(answers.get(question)) for question in rule.subjects]
    known = [Fraction(number) for number in numbers if number is not None]
    if len(known) < len(numbers):
        return False
    return sum(known, Fraction(0)) / len(known) >= Fraction(rule.values[0])


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
