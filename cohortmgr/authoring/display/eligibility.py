"""What the pages of a definition's conditions show: each in words, what it may read, and its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from cohortmgr.applications.answers.display import choices_of, said_conditions
from cohortmgr.authoring.display.form import said_fault
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.i18n import localized, quoted, say
from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.binding import Fault
from cohortmgr.programmes.definition.questions import Form, Question, QuestionKind
from cohortmgr.programmes.definition.rules import EligibilityRule, Operator, Text
from cohortmgr.programmes.definition.tolerant import is_text
from cohortmgr.programmes.drafts import eligibility_fields

if TYPE_CHECKING:
    from cohortmgr.programmes.drafts.queries import Writing

_AVERAGED = (QuestionKind.GRADE, QuestionKind.NUMBER)
_SAID: Mapping[Operator, str] = {
    Operator.ONE_OF: N_("« %(question)s » : %(values)s"),
    Operator.NONE_OF: N_("« %(question)s » : autre chose que %(values)s"),
    Operator.NOT_EMPTY: N_("« %(question)s » a une réponse, ou sa pièce"),
    Operator.AT_LEAST: N_("« %(question)s » : %(first)s ou plus"),
    Operator.AT_MOST: N_("« %(question)s » : %(first)s ou moins"),
    Operator.AVERAGE_AT_LEAST: N_("Moyenne de « %(question)s » : %(first)s ou plus"),
    Operator.YEAR_BETWEEN: N_("« %(question)s » : de %(first)s à %(last)s"),
    Operator.AGE_AT_LEAST: N_("Âge compté le %(last)s : %(first)s ou plus"),
    Operator.AGE_AT_MOST: N_("Âge compté le %(last)s : %(first)s ou moins"),
    Operator.BORN_AFTER: N_("Naissance après le %(last)s"),
    Operator.BORN_BEFORE: N_("Naissance avant le %(last)s"),
    Operator.NOT_ENROLLED: N_("Aucune inscription en cours dans un autre programme"),
}


@dataclass(frozen=True)
class ListedCondition:
    """A condition as the list shows it: its table, what it asks in words, of whom, its number of faults,
    whether it is new."""

    key: str
    table: Mapping[str, Any]
    said: str
    of_whom: str
    faults: int
    is_new: bool


def shown(writing: Writing) -> list[ListedCondition]:
    """The conditions as the list shows them."""
    definition = writing.definition
    published = {rule.key for rule in writing.published.eligibility}
    found = []
    for place, table in enumerate(eligibility_fields.rules_of(writing.document)):
        rule, faults = definition.eligibility[place], faults_of(writing, place)
        sound = all(is_text(fault.path) for fault in faults)
        said = _said(definition.form, rule) if sound else say(eligibility_fields.TESTS[rule.operator])
        of_whom = said_conditions(definition.form, rule.when) if sound and rule.when else ""
        found.append(ListedCondition(rule.key, table, said, of_whom, len(faults), rule.key not in published))
    return found


def faults_of(writing: Writing, place: int) -> list[Fault]:
    """The faults of the condition at this place."""
    return [fault for fault in writing.judged.faults if fault.path[:2] == ("eligibility", place)]


def ready(writing: Writing) -> tuple[EligibilityRule, ...]:
    """The conditions that can be tried: those that have no fault, except in their texts."""
    rules = writing.definition.eligibility
    return tuple(
        rule
        for place, rule in enumerate(rules)
        if all(is_text(fault.path) for fault in faults_of(writing, place))
    )


def wrong_at(writing: Writing, place: int, test: Operator) -> dict[str, list[str]]:
    """The faults of the condition at this place, by field of its page."""
    found: dict[str, list[str]] = {}
    for fault in faults_of(writing, place):
        found.setdefault(eligibility_fields.anchor(fault.path[2:], test), []).append(said_fault(fault))
    return found


def readable(writing: Writing, test: Operator) -> list[Question]:
    """The questions that a test may read: of a kind that suits it, and asked at the application."""
    kinds = eligibility_fields.kinds_read(test)
    asked = writing.definition.form.questions
    return [each for each in asked if each.kind in kinds and each.asked_at_application]


def averaged(writing: Writing) -> list[Question]:
    """The questions that an average may include besides its first one."""
    return [each for each in writing.definition.form.questions if each.kind in _AVERAGED]


def parts_of(question: Question | None) -> list[tuple[str, str]]:
    """The parts of a group's rows that may be averaged, as (key, label)."""
    fields = question.fields if question is not None else ()
    return [(each.key, localized(each.label)) for each in fields if each.kind in _AVERAGED]


def choices(question: Question | None) -> dict[str, Text]:
    """The choices that an answer may be, key to label; for an address, its regions."""
    if question is None:
        return {}
    return dict(REGIONS) if question.kind is QuestionKind.ADDRESS else choices_of(question)


def _said(form: Form, rule: EligibilityRule) -> str:
    asked = [form.question(key) for key in rule.subjects]
    known = choices(asked[0]) if asked else {}
    named = [localized(known.get(value)) or value for value in rule.values]
    values = {
        "question": quoted(localized(each.label) for each in asked).strip("« »“”\u2068\u2069"),
        "values": quoted(named),
        "first": rule.values[0] if rule.values else "",
        "last": _day(rule.values[-1]) if rule.values else "",
    }
    return say(Problem(_SAID[rule.operator], values))


def _day(said: str) -> date | str:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return said
