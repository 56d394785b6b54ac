"""Turns the conditions of eligibility into fields of a page, and back into the tables that a draft holds.
Pure.

As with questions, wrong entries stay in the draft, and the checks name them. Only what no draft may hold is a
problem here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.programmes.definition.checks.eligibility import AGED, CHOSEN, DATED
from cohortmgr.programmes.definition.questions import QuestionKind
from cohortmgr.programmes.definition.rules import Operator
from cohortmgr.programmes.drafts.question_fields import (
    LONGEST_NAME,
    PostedValues,
    Typed,
    figure,
    one,
    put,
    read_conditions,
)
from cohortmgr.programmes.drafts.question_fields import anchor as anchor_of
from cohortmgr.programmes.drafts.structure import just_added, key_from, shifted

ConditionTable = dict[str, Any]
K, T = QuestionKind, Operator

MOST_RULES, LONGEST_TEXT = 40, 600


@dataclass(frozen=True)
class Sort:
    """A sort of condition: its name, an example, its tests (a new one begins with the first), and the kinds
    of answer that the tests read; none if they read no answer."""

    name: str
    example: str
    tests: tuple[Operator, ...]
    kinds: tuple[QuestionKind, ...]


# The sorts of conditions, in the order in which staff choose; a rule's key begins with that of its sort.
SORTS: Mapping[str, Sort] = {
    "age": Sort(N_("L’âge à une date"), N_("18 ans au moins le premier jour"), (*AGED, *DATED), (K.DATE,)),
    "diplome": Sort(
        N_("Le diplôme, la filière ou un autre choix"), N_("une licence en informatique ou en physique"),
        CHOSEN, (K.CHOICE, K.CHOICES, K.LANGUAGE_LEVEL),
    ),
    "moyenne": Sort(
        N_("Une moyenne"), N_("12 sur 20 au moins, sur plusieurs semestres"),
        (T.AVERAGE_AT_LEAST,), (K.GRADE, K.NUMBER, K.GROUP),
    ),
    "nombre": Sort(
        N_("Un nombre ou une année"), N_("un diplôme de 2023 ou après"),
        (T.AT_LEAST, T.AT_MOST, T.YEAR_BETWEEN), (K.YEAR, K.NUMBER, K.GRADE),
    ),
    "region": Sort(
        N_("La région ou la résidence"), N_("habiter l’une de ces régions"), CHOSEN, (K.REGION, K.ADDRESS),
    ),
    "inscrit": Sort(
        N_("Une inscription ailleurs"), N_("ne pas être déjà dans un autre programme"), (T.NOT_ENROLLED,), (),
    ),
    "employeur": Sort(
        N_("L’appui de l’employeur, ou une autre pièce"), N_("la lettre est jointe ou promise"),
        (T.NOT_EMPTY,), (K.FILE, K.CONSENT, K.TEXT, K.LONG_TEXT, K.CHOICE, K.CHOICES, K.MASSAR),
    ),
}  # fmt: skip
# Each test in words that follow the name of its question.
TESTS: Mapping[Operator, str] = {
    T.AGE_AT_LEAST: N_("a au moins cet âge"),
    T.AGE_AT_MOST: N_("a au plus cet âge"),
    T.BORN_AFTER: N_("est né·e après ce jour"),
    T.BORN_BEFORE: N_("est né·e avant ce jour"),
    T.ONE_OF: N_("est l’une de ces réponses"),
    T.NONE_OF: N_("n’est aucune de ces réponses"),
    T.AVERAGE_AT_LEAST: N_("a une moyenne d’au moins"),
    T.AT_LEAST: N_("est au moins"),
    T.AT_MOST: N_("est au plus"),
    T.YEAR_BETWEEN: N_("est entre ces deux années"),
    T.NOT_EMPTY: N_("a une réponse, ou sa pièce"),
    T.NOT_ENROLLED: N_("n’est pas dans un autre programme"),
}
# What staff type for each test: label, and whether it is a day. Chosen answers are ticked; two tests take no
# value.
FIGURES: Mapping[Operator, tuple[tuple[str, bool], ...]] = {
    T.AGE_AT_LEAST: ((N_("Âge, en années"), False), (N_("Compté le"), True)),
    T.AGE_AT_MOST: ((N_("Âge, en années"), False), (N_("Compté le"), True)),
    T.BORN_AFTER: ((N_("Jour"), True),),
    T.BORN_BEFORE: ((N_("Jour"), True),),
    T.AVERAGE_AT_LEAST: ((N_("Moyenne au moins"), False),),
    T.AT_LEAST: ((N_("Au moins"), False),),
    T.AT_MOST: ((N_("Au plus"), False),),
    T.YEAR_BETWEEN: ((N_("Première année"), False), (N_("Dernière année"), False)),
}


def rules_of(document: Mapping[str, Any]) -> list[ConditionTable]:
    """The conditions, which may be changed in place; an empty list of its own if there are none."""
    found: list[ConditionTable] = document.get("eligibility", [])
    return found


def find(document: Mapping[str, Any], key: str) -> tuple[list[ConditionTable], int]:
    """The conditions, and the place of the one with this key; NotFound if there is none."""
    rules = rules_of(document)
    for place, each in enumerate(rules):
        if each["key"] == key:
            return rules, place
    raise NotFound(key)


def tests_beside(test: Operator) -> tuple[Operator, ...]:
    """The tests that a condition may have instead of this one: those of the same sort."""
    return next(sort.tests for sort in SORTS.values() if test in sort.tests)


def kinds_read(test: Operator) -> frozenset[QuestionKind]:
    """The kinds of answer that a test, or another of its sort, reads."""
    return frozenset(kind for sort in SORTS.values() if test in sort.tests for kind in sort.kinds)


def begin(document: ConditionTable, sort: str, reason: str, question: str = "") -> str:
    """Put a new condition of a sort at the end, and return its key; the same one again is the one just put. Refused
    when there are too many."""
    rules = document.setdefault("eligibility", [])
    if len(rules) >= MOST_RULES:
        raise Refused(Problem(N_("Un programme a au plus %(most)s conditions."), {"most": MOST_RULES}))
    test = SORTS[sort].tests[0]
    table: ConditionTable = {"operator": test.value, "reason": {"fr": reason}, "advice": {}}
    put(table, "question", question)
    if figures := FIGURES.get(test):
        table["values"] = [""] * len(figures)
    if key := just_added(rules, table):
        return key
    key = key_from(sort, (each["key"] for each in rules), sort)
    rules.append({"key": key, **table})
    return key


def move(document: ConditionTable, key: str, by: int) -> bool:
    """Move a condition one place up or down. Returns whether it moved."""
    return shifted(*find(document, key), by)


def remove(document: ConditionTable, key: str) -> None:
    """Remove a condition."""
    rules, place = find(document, key)
    rules.pop(place)
    if not rules:
        document.pop("eligibility")


def read_rule(given: PostedValues, before: Mapping[str, Any]) -> Typed:
    """The condition as typed on the page, starting from what it was."""
    typed = Typed(copy.deepcopy(dict(before)))
    table = typed.table
    typed.press(given)
    for name in ("reason", "advice"):
        table[name] = typed.localized(given, name, LONGEST_TEXT, lines=True)
    test = _test(one(given, "operator"), Operator(table["operator"]))
    table["operator"] = test.value
    put(table, "question", typed.text(given, "question", 40))
    put(table, "values", _values(typed, given, test))
    put(table, "field", typed.text(given, "field", 40))
    also = [each[:40] for each in given.get("also", ()) if each != table.get("question")][:20]
    put(table, "also", also if test is T.AVERAGE_AT_LEAST else [])
    put(table, "when", read_conditions(typed, given, "when"))
    return typed


def _test(said: str, before: Operator) -> Operator:
    """The test that was chosen, if a condition may change to it from the one before; otherwise the one
    before."""
    return next((each for each in tests_beside(before) if each == said), before)


def _values(typed: Typed, given: PostedValues, test: Operator) -> list[str]:
    if test in CHOSEN:
        return [each[:LONGEST_NAME] for each in given.get("values", ()) if each.isprintable()][:100]
    found = []
    for place, (_label, is_day) in enumerate(FIGURES.get(test, ())):
        said = typed.text(given, f"values-{place}", 20)
        found.append(said if is_day or not said else str(figure("minimum", said)))
    return found


def anchor(rest: Sequence[str | int], test: Operator) -> str:
    """The name of the field on a condition's page that a fault concerns; `rest` is the fault's path below the
    condition."""
    if not rest:
        return "reason-fr"
    name = str(rest[0])
    if name in ("reason", "advice"):
        return f"{name}-{rest[1]}" if len(rest) > 1 else f"{name}-fr"
    if name == "values" and test not in CHOSEN:
        return f"values-{rest[1] if len(rest) > 1 else 0}"
    if name == "when":
        return anchor_of(rest)
    return name


def only_readable(questions: Iterable[tuple[str, QuestionKind]], sort: str) -> str:
    """The key of the question that a condition of this sort reads, if the form has exactly one; empty
    otherwise."""
    found = [key for key, kind in questions if kind in SORTS[sort].kinds]
    return found[0] if len(found) == 1 else ""
