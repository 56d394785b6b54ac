"""Decide which questions a person's answers hide or require. Pure: a form and canonical answers in, keys out.

The answer to a hidden question does not count: it is not required, not judged and not sent. A draft keeps it,
so that it comes back with its condition. A hidden answer also hides the questions that depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.programmes.definition.rules import (
    LANGUAGE_LEVELS,
    Condition,
    ConditionOperator,
    Form,
    Question,
    Text,
)

# Question key to whether it is shown, None while that is worked out. A form without circular conditions never
# nests deeper than it has questions; in a stored form with a circle, the questions of the circle are hidden.
_Known = dict[str, bool | None]
_OR: Mapping[str, str] = {"fr": " ou ", "ar": " أو ", "en": " or "}


def hidden(form: Form, answers: Mapping[str, Answer]) -> frozenset[str]:
    """The keys of the questions whose conditions do not hold."""
    conditions = form.conditions_of()
    if not conditions:
        return frozenset()
    known: _Known = {}
    return frozenset(key for key in conditions if not _is_shown(key, conditions, answers, known))


def _is_shown(
    key: str, conditions: Mapping[str, tuple[Condition, ...]], answers: Mapping[str, Answer], known: _Known
) -> bool:
    if key not in conditions:
        return True
    if key not in known:
        known[key] = None  # being worked out: if it is met again below, it depends on itself
        known[key] = all(
            holds(
                each,
                answers.get(each.question) if _is_shown(each.question, conditions, answers, known) else None,
            )
            for each in conditions[key]
        )
    return bool(known[key])


def counted(form: Form, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers without those of hidden questions."""
    out = hidden(form, answers)
    return {key: value for key, value in answers.items() if key not in out}


def is_required(question: Question, answers: Mapping[str, Answer]) -> bool:
    """Whether a shown question must be answered, given the other answers that count."""
    if question.required or not question.require_when:
        return question.required
    return all(holds(each, answers.get(each.question)) for each in question.require_when)


def lacking_of(
    form: Form, question: Question, answers: Mapping[str, Answer], out: frozenset[str]
) -> tuple[Question, ...]:
    """The shown questions of which one must still be answered, of those that may replace this one; empty if one is
    answered, or if nothing replaces it. `out` are the keys of hidden questions."""
    known = tuple(each for each in form.instead_of(question) if each.key not in out)
    return () if any(is_given(answers.get(each.key)) for each in known) else known


def either_of(questions: Sequence[Question]) -> Text:
    """The questions of which one suffices, as one text: « Adresse e-mail ou Téléphone »."""
    return {
        language: word.join(each.label.get(language, "") for each in questions)
        for language, word in _OR.items()
    }


def holds(condition: Condition, answer: Answer) -> bool:
    """Whether one condition holds for an answer; pass None when no answer counts."""
    match condition.operator:
        case ConditionOperator.NOT_EMPTY:
            return is_given(answer)
        case ConditionOperator.EMPTY:
            return not is_given(answer)
        case ConditionOperator.ONE_OF:
            return any(each in condition.values for each in parts(answer))
        case ConditionOperator.NONE_OF:
            return not any(each in condition.values for each in parts(answer))
        case _:
            return _compares(condition, answer)


def parts(answer: Answer) -> list[str]:
    """The texts of an answer: its keys if it has several parts, otherwise its one text."""
    if isinstance(answer, list | dict):
        return [str(each) for each in answer]
    if answer is True:
        return ["true"]
    return [answer] if isinstance(answer, str) and answer else []


def _compares(condition: Condition, answer: Answer) -> bool:
    given, bound = _size(answer), _size(condition.values[0])
    if given is None or bound is None:
        return False
    return given >= bound if condition.operator is ConditionOperator.AT_LEAST else given <= bound


def _size(answer: Answer) -> Decimal | None:
    """The answer as a number: a language level is its place among the six. None if it cannot be compared."""
    if not isinstance(answer, str):
        return None
    if answer in LANGUAGE_LEVELS:
        return Decimal(LANGUAGE_LEVELS.index(answer))
    try:
        number = Decimal(answer)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
