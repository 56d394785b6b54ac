"""Checks well-shaped conditions of eligibility: their questions, and how many and which values they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from cohortmgr.base.errors import N_
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.checks.form import check_conditions, unique
from cohortmgr.programmes.definition.rules import (
    LANGUAGE_LEVELS,
    Definition,
    EligibilityRule,
    Operator,
    Question,
    QuestionKind,
)
from cohortmgr.programmes.definition.source_lines import Path

# How many values each test takes: (least, most), None for no limit.
_VALUES: Mapping[Operator, tuple[int, int | None]] = {
    Operator.ONE_OF: (1, None),
    Operator.NONE_OF: (1, None),
    Operator.NOT_EMPTY: (0, 0),
    Operator.AT_LEAST: (1, 1),
    Operator.AT_MOST: (1, 1),
    Operator.AVERAGE_AT_LEAST: (1, 1),
    Operator.BORN_AFTER: (1, 1),
    Operator.BORN_BEFORE: (1, 1),
    Operator.YEAR_BETWEEN: (2, 2),
    Operator.AGE_AT_LEAST: (2, 2),
    Operator.AGE_AT_MOST: (2, 2),
    Operator.NOT_ENROLLED: (0, 0),
}
# Tests of chosen answers, of an age on a day, and of a date of birth.
CHOSEN = (Operator.ONE_OF, Operator.NONE_OF)
AGED = (Operator.AGE_AT_LEAST, Operator.AGE_AT_MOST)
DATED = (Operator.BORN_AFTER, Operator.BORN_BEFORE)
_NUMBERED = (Operator.AT_LEAST, Operator.AT_MOST, Operator.AVERAGE_AT_LEAST, Operator.YEAR_BETWEEN)
OLDEST = 120
_A_NUMBER = N_("Un nombre est attendu.")
_AN_AGE = N_("Un âge en années entières est attendu, de 1 à %(most)s.")
_A_DAY = N_("Une date est attendue, par exemple 2025-09-22 (année-mois-jour).")


def check_eligibility(definition: Definition) -> Iterator[Fault]:
    """All faults of the conditions, in their order."""
    yield from unique(("eligibility",), (rule.key for rule in definition.eligibility))
    questions = {question.key: question for question in definition.every_offering.questions}
    for place, rule in enumerate(definition.eligibility):
        path: Path = ("eligibility", place)
        yield from _questions(path, rule, questions)
        yield from _values(path, rule, questions.get(rule.question))
        yield from check_conditions((*path, "when"), rule.when, questions, secret=False)


def _questions(path: Path, rule: EligibilityRule, questions: Mapping[str, Question]) -> Iterator[Fault]:
    reads_none = rule.operator is Operator.NOT_ENROLLED
    if reads_none == bool(rule.question):
        what = (
            N_("Le test « %(operator)s » ne lit aucune question.")
            if reads_none
            else N_("Le test « %(operator)s » lit une question : dites laquelle.")
        )
        yield Fault((*path, "question"), what, {"operator": rule.operator.value})
        return
    for rank, key in enumerate(rule.subjects):
        if key not in questions:
            where = (*path, "also", rank - 1) if rank else (*path, "question")
            what = N_("La question « %(question)s » n’existe pas dans le formulaire.")
            yield Fault(where, what, {"question": key})
    if rule.named_in and rule.named_in not in questions:
        what = N_("La question « %(question)s » n’existe pas dans le formulaire.")
        yield Fault((*path, "named_in"), what, {"question": rule.named_in})
    if rule.also and rule.operator is not Operator.AVERAGE_AT_LEAST:
        yield Fault((*path, "also"), N_("Seule une moyenne lit plusieurs questions."))
    yield from _field(path, rule, questions.get(rule.question))


def _field(path: Path, rule: EligibilityRule, question: Question | None) -> Iterator[Fault]:
    """A fault if a test reads a group other than by one of its parts, or names a part of another kind of
    question."""
    if question is None:
        return
    is_group = question.kind is QuestionKind.GROUP
    known = [part.key for part in question.fields] if is_group else []
    if is_group and rule.operator is not Operator.AVERAGE_AT_LEAST:
        yield Fault((*path, "operator"), N_("D’un groupe, seule une moyenne se calcule."))
    elif is_group != bool(rule.field) or (rule.field and rule.field not in known):
        what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
        yield Fault((*path, "field"), what, {"value": rule.field, "known": ", ".join(known)})


def _values(path: Path, rule: EligibilityRule, question: Question | None) -> Iterator[Fault]:
    least, most = _VALUES[rule.operator]
    if len(rule.values) < least or (most is not None and len(rule.values) > most):
        what = N_("Le test « %(operator)s » attend un autre nombre de valeurs.")
        yield Fault((*path, "values"), what, {"operator": rule.operator.value})
        return
    known = _known(question)
    for place, value in enumerate(rule.values):
        where = (*path, "values", place)
        if rule.operator in CHOSEN and known and value not in known:
            what = N_("« %(value)s » n’est pas permis ici. Valeurs possibles : %(known)s.")
            yield Fault(where, what, {"value": value, "known": ", ".join(known)})
        elif _is_a_day(rule.operator, place) and not _is_day(value):
            yield Fault(where, _A_DAY)
        elif rule.operator in AGED and place == 0 and not _is_an_age(value):
            yield Fault(where, _AN_AGE, {"most": OLDEST})
        elif rule.operator in _NUMBERED and not _is_number(value):
            yield Fault(where, _A_NUMBER)


def _is_a_day(operator: Operator, place: int) -> bool:
    return operator in DATED or (operator in AGED and place == 1)


def _known(question: Question | None) -> list[str]:
    """The values that a chosen answer may have; empty if any is allowed."""
    if question is None:
        return []
    if question.kind in (QuestionKind.REGION, QuestionKind.ADDRESS):
        return list(REGIONS)
    if question.kind is QuestionKind.LANGUAGE_LEVEL:
        return list(LANGUAGE_LEVELS)
    return [option.key for option in question.options]


def _is_an_age(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 4 and 1 <= int(value) <= OLDEST


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False
