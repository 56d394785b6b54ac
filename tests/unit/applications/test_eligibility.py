"""Each operator at its bound, and an answer that is missing."""

from __future__ import annotations

from datetime import date

import pytest

from cohortmgr.applications.answers import Answer
from cohortmgr.applications.eligibility import assess
from cohortmgr.programmes.rules import EligibilityRule, Operator

DAY = date(2025, 7, 15)
TEXT = {"fr": "x", "ar": "x", "en": "x"}


def rule(operator: str, *values: str, also: tuple[str, ...] = ()) -> EligibilityRule:
    return EligibilityRule(operator, Operator(operator), "q", values, TEXT, TEXT, also)


@pytest.mark.parametrize(
    ("operator", "values", "answer", "holds"),
    [
        ("one_of", ("a", "b"), "b", True),
        ("one_of", ("a", "b"), "c", False),
        ("not_empty", (), "x", True),
        ("not_empty", (), "", False),
        ("at_least", ("12",), "12", True),
        ("at_least", ("12",), "11.99", False),
        ("at_most", ("3",), "3", True),
        ("at_most", ("3",), "3.01", False),
        ("at_most", ("3",), "many", False),
        ("year_between", ("2023", "2025"), "2023", True),
        ("year_between", ("2023", "2025"), "2025", True),
        ("year_between", ("2023", "2025"), "2026", False),
        ("born_after", ("1995-01-01",), "1995-01-02", True),
        ("born_after", ("1995-01-01",), "1995-01-01", False),
        ("born_before", ("2007-01-01",), "2006-12-31", True),
        ("born_before", ("2007-01-01",), "2007-01-01", False),
        ("born_before", ("2007-01-01",), "soon", False),
    ],
)
def test_each_operator_at_its_bound(
    operator: str, values: tuple[str, ...], answer: Answer, holds: bool
) -> None:
    assert assess([rule(operator, *values)], {"q": answer}, DAY).eligible is holds


@pytest.mark.parametrize("operator", list(Operator))
def test_a_missing_answer_fails_every_rule(operator: Operator) -> None:
    values = {
        "born_after": ("1995-01-01",),
        "born_before": ("1995-01-01",),
        "not_empty": (),
        "year_between": ("1", "2"),
    }
    assessment = assess([rule(operator, *values.get(operator, ("1",)))], {}, DAY)
    assert assessment.reasons == (operator.value,)


def test_an_average_is_exact() -> None:
    three = rule("average_at_least", "12", also=("r", "s"))
    assert assess([three], {"q": "11.99", "r": "12", "s": "12.01"}, DAY).eligible
    assert not assess([three], {"q": "11.98", "r": "12", "s": "12.01"}, DAY).eligible
    assert not assess([three], {"q": "20", "r": "20"}, DAY).eligible


def test_reasons_come_in_the_order_of_the_rules() -> None:
    rules = [rule("not_empty"), rule("one_of", "a"), rule("at_least", "5")]
    assert assess(rules, {"q": "4"}, DAY).reasons == ("one_of", "at_least")
    assert assess((), {}, DAY).eligible
