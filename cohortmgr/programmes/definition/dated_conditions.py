"""Conditions that count from a day, such as an age: how they move with a campaign, and which one has outgrown. Pure."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cohortmgr.base.typed import day
from cohortmgr.programmes.definition.checks.eligibility import AGED, DATED
from cohortmgr.programmes.definition.rules import (
    Definition,
    EligibilityRule,
    IntakeDefinition,
    Operator,
)

# An age is counted within so many days before the first day of a training, or it is that of another campaign.
_FAR_DAYS = 275


@dataclass(frozen=True)
class OutgrownCondition:
    """A condition that counts an age on a day of an earlier campaign than the last one."""

    rule: EligibilityRule
    day: date
    intake: IntakeDefinition


def moved(rule: EligibilityRule, days: int, years: int) -> EligibilityRule:
    """The rule for a campaign that begins so many days later, and so many years: the day on which an age is counted,
    and the day or the years that bound a birth or a diploma, move as its dates do. What is no day stays."""
    values = list(rule.values)
    places = range(1, len(values)) if rule.operator in AGED else range(len(values))
    if rule.operator is Operator.YEAR_BETWEEN:
        values = [str(int(each) + years) if each.isdecimal() else each for each in values]
    elif rule.operator in (*AGED, *DATED):
        for place in places:
            found = day(values[place])
            values[place] = _later(found, days, years).isoformat() if found else values[place]
    return replace(rule, values=tuple(values))


def _later(counted: date, days: int, years: int) -> date:
    """The day for a campaign that begins so many days later, and so many years: the end of a month and the first of a
    year stay what they are. Another day is that of the training."""
    in_year = counted.year + years
    if counted.day == monthrange(counted.year, counted.month)[1]:
        return date(in_year, counted.month, monthrange(in_year, counted.month)[1])
    return date(in_year, 1, 1) if (counted.month, counted.day) == (1, 1) else counted + timedelta(days=days)


def outgrown(definition: Definition) -> list[OutgrownCondition]:
    """The conditions whose age is counted long before the last campaign begins, in their order. All campaigns have the
    same conditions, so that none of them moves when a campaign is made like another."""
    if not definition.intakes:
        return []
    last = max(definition.intakes, key=lambda each: each.starts_on)
    found = []
    for rule in definition.eligibility:
        counted = day(rule.values[1]) if rule.operator in AGED and len(rule.values) > 1 else None
        if counted is not None and (last.starts_on - counted).days > _FAR_DAYS:
            found.append(OutgrownCondition(rule, counted, last))
    return found
