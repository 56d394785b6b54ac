"""Write answers in the language of the page, as people read them or as they would type them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from cohortmgr.accounts.contacts import as_dialled
from cohortmgr.applications.answers.composed import IDENTITY_DOCUMENTS
from cohortmgr.applications.answers.conditions import either_of
from cohortmgr.applications.answers.provinces import ABROAD, ABROAD_NAME, province_name, region_of_province
from cohortmgr.applications.answers.values import Answer
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import decimal, language, localized, quoted, say, told, whole_day
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.rules import (
    LANGUAGE_LEVELS,
    Condition,
    ConditionOperator,
    Definition,
    Form,
    Question,
    QuestionKind,
    Text,
)

_AND = {"fr": " ; ", "ar": "؛ ", "en": "; "}
_CHOSEN = frozenset({QuestionKind.CHOICE, QuestionKind.REGION, QuestionKind.LANGUAGE_LEVEL})
_SAID: Mapping[ConditionOperator, str] = {
    ConditionOperator.ONE_OF: N_("la réponse à « %(question)s » est %(values)s"),
    ConditionOperator.NONE_OF: N_("la réponse à « %(question)s » est autre que %(values)s"),
    ConditionOperator.NOT_EMPTY: N_("« %(question)s » a une réponse"),
    ConditionOperator.EMPTY: N_("« %(question)s » n’a pas de réponse"),
    ConditionOperator.AT_LEAST: N_("la réponse à « %(question)s » est au moins %(values)s"),
    ConditionOperator.AT_MOST: N_("la réponse à « %(question)s » est au plus %(values)s"),
}


def choices_of(question: Question) -> dict[str, Text]:
    """The choices of a question, key to label."""
    if question.options:
        return {option.key: option.label for option in question.options}
    if question.kind is QuestionKind.REGION:
        return dict(REGIONS)
    if question.kind is QuestionKind.LANGUAGE_LEVEL:
        return {level: {"fr": level} for level in LANGUAGE_LEVELS}
    return {}


def variant(definition: Definition) -> str:
    """What tells forms of one definition apart: the offerings that a form ranks, and what the application asks in some
    intakes and not in this one; empty if all intakes have the same form."""
    ranked = [q for q in definition.form.questions if q.kind is QuestionKind.RANKING]
    later = [q.key for q in definition.form.questions if q.application_intakes and not q.asked_at_application]
    return " ".join([*(option.key for question in ranked for option in question.options), *later])


def typed(definition: Definition, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Answers as a person would type them, to fill the form."""
    return {
        question.key: _typed(question, answers[question.key])
        for question in definition.form.questions
        if question.key in answers
    }


def _typed(question: Question, answer: Answer) -> Any:
    kind = question.kind
    if kind is QuestionKind.DATE and isinstance(answer, str):
        day = date.fromisoformat(answer)
        return {"day": f"{day:%d}", "month": f"{day:%m}", "year": f"{day:%Y}"}
    if kind in (QuestionKind.GRADE, QuestionKind.NUMBER) and isinstance(answer, str):
        return answer.replace(".", ",") if language() != "en" else answer
    if kind is QuestionKind.RANKING and isinstance(answer, list):
        return {str(rank): key for rank, key in enumerate(answer, start=1)}
    if kind is QuestionKind.GROUP and isinstance(answer, list):
        return [{f.key: _typed(f, row[f.key]) for f in question.fields if f.key in row} for row in answer]
    return answer


def shown(question: Question, answer: Answer) -> Any:
    """An answer as a page shows it, with one line for each part; None when there is no answer."""
    if answer is None or answer == "":
        return None
    if question.kind in _CHOSEN:
        return _named(question, answer)
    if question.kind is QuestionKind.CONSENT:
        return say(N_("Oui"))
    if question.kind is QuestionKind.DATE and isinstance(answer, str):
        return whole_day(date.fromisoformat(answer))
    if question.kind is QuestionKind.PHONE and isinstance(answer, str):
        return as_dialled(answer)
    if question.kind is QuestionKind.GRADE and isinstance(answer, str):
        return _marked(answer)
    if isinstance(answer, list | dict):
        return "\n".join(_lines(question, answer)) or None
    return _typed(question, answer)


def _marked(answer: str) -> str:
    """A mark with two decimals at least, as those above and below it: 9,80 beside 9,53."""
    try:
        value = Decimal(answer)
    except InvalidOperation:
        return answer
    return decimal(value, max(2, -int(value.as_tuple().exponent))) if value.is_finite() else answer


def _named(question: Question, key: Any) -> str:
    return localized(choices_of(question).get(str(key))) or str(key)


def _lines(question: Question, answer: list[Any] | dict[str, Any]) -> Iterable[str]:
    match question.kind, answer:
        case QuestionKind.CHOICES, list():
            return [_named(question, key) for key in answer]
        case QuestionKind.RANKING, list():
            return [f"{rank}. {_named(question, key)}" for rank, key in enumerate(answer, start=1)]
        case QuestionKind.LANGUAGE_LEVELS, dict():
            return [told(_named(question, key), level) for key, level in answer.items()]
        case QuestionKind.IDENTITY, dict():
            name = IDENTITY_DOCUMENTS.get(str(answer.get("type")), ("",))[0]
            return [told(say(name) if name else str(answer.get("type", "")), answer.get("number", ""))]
        case QuestionKind.ADDRESS, dict():
            return [each for each in _address(answer) if each]
        case QuestionKind.GROUP, list():
            return ["\n\n".join("\n".join(_row(question, row)) for row in answer)]
        case _:
            return [str(each) for each in (answer.values() if isinstance(answer, dict) else answer)]


def _address(answer: Mapping[str, Any]) -> Iterable[str]:
    """The lines of an address, from the street to the region."""
    code = str(answer.get("province", ""))
    yield str(answer.get("street", ""))
    yield str(answer.get("commune", ""))
    if code == ABROAD:
        yield say(ABROAD_NAME)
        return
    yield localized(province_name(code))
    yield localized(REGIONS.get(region_of_province(code) or ""))


def _row(question: Question, row: Mapping[str, Any]) -> Iterable[str]:
    parts = [(each, shown(each, row.get(each.key))) for each in question.fields]
    return [told(localized(each.label), said) for each, said in parts if said is not None]


def said_when(form: Form, question: Question) -> str:
    """Say when to answer a question, for a page that cannot hide it: « À remplir si : « Licence » : Droit. »

    Empty for a question that is always shown."""
    conditions = form.conditions_of().get(question.key, ())
    if not conditions:
        return ""
    return say(Problem(N_("À remplir si %(conditions)s."), {"conditions": said_conditions(form, conditions)}))


def said_required(form: Form, question: Question) -> str:
    """Say when an answer is required, if that depends on other answers; empty for other questions."""
    if question.either:
        values = {"questions": localized(either_of(form.instead_of(question)))}
        return say(Problem(N_("Une seule de ces réponses suffit : %(questions)s."), values))
    if not question.require_when:
        return ""
    values = {"conditions": said_conditions(form, question.require_when)}
    return say(Problem(N_("À remplir obligatoirement si %(conditions)s."), values))


def said_conditions(form: Form, conditions: Iterable[Condition]) -> str:
    """Conditions in words; all of them must hold."""
    return _AND[language()].join(_condition(form.question(each.question), each) for each in conditions)


def _condition(asked: Question, condition: Condition) -> str:
    known = choices_of(asked)
    named = [localized(known.get(value)) or value for value in condition.values]
    values = {"question": localized(asked.label), "values": quoted(named)}
    if asked.kind is QuestionKind.CONSENT:
        values["values"] = say(N_("Oui"))
    return say(Problem(_SAID[condition.operator], values))
