"""Each operator at its bound, and an answer that is missing."""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.eligibility.rules import Circumstances, age_on, assess, closing
from cohortmgr.programmes.definition.rules import Condition, ConditionOperator, EligibilityRule, Operator

DAY = date(2025, 7, 15)
TEXT = {"fr": "x", "ar": "x", "en": "x"}


def rule(operator: str, *values: str, **more: Any) -> EligibilityRule:
    return EligibilityRule(operator, Operator(operator), TEXT, TEXT, "q", values, **more)


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
        ("one_of", ("a", "b"), ["c", "b"], True),
        ("one_of", ("a", "b"), ["c"], False),
        ("none_of", ("a", "b"), "c", True),
        ("none_of", ("a", "b"), ["c", "b"], False),
        ("not_empty", (), ["c"], True),
        ("not_empty", (), [], False),
        ("age_at_least", ("18", "2026-09-01"), "2008-09-01", True),
        ("age_at_least", ("18", "2026-09-01"), "2008-09-02", False),
        ("age_at_most", ("30", "2026-09-01"), "1995-09-02", True),
        ("age_at_most", ("30", "2026-09-01"), "1995-09-01", False),
        ("one_of", ("MA-04",), {"province": "MA-SAL", "commune": "Salé"}, True),
        ("one_of", ("MA-04",), {"province": "MA-FES", "commune": "Fès"}, False),
        ("one_of", ("MA-04",), {"province": "ABROAD", "commune": "Lyon"}, False),
        ("none_of", ("MA-04",), {"province": "MA-SAL", "commune": "Salé"}, False),
        ("none_of", ("MA-04",), {"province": "ABROAD", "commune": "Lyon"}, True),
    ],
)
def test_each_operator_at_its_bound(
    operator: str, values: tuple[str, ...], answer: Answer, holds: bool
) -> None:
    assert assess([rule(operator, *values)], {"q": answer}, DAY).eligible is holds


@pytest.mark.parametrize("operator", [each for each in Operator if each is not Operator.NOT_ENROLLED])
def test_a_missing_answer_fails_every_rule(operator: Operator) -> None:
    values = {
        "born_after": ("1995-01-01",),
        "born_before": ("1995-01-01",),
        "not_empty": (),
        "year_between": ("1", "2"),
        "age_at_least": ("18", "2026-09-01"),
        "age_at_most": ("18", "2026-09-01"),
    }
    assessment = assess([rule(operator, *values.get(operator, ("1",)))], {}, DAY)
    assert assessment.reasons == (operator.value,)


def test_an_average_is_exact() -> None:
    three = rule("average_at_least", "12", also=("r", "s"))
    assert assess([three], {"q": "11.99", "r": "12", "s": "12.01"}, DAY).eligible
    assert not assess([three], {"q": "11.98", "r": "12", "s": "12.01"}, DAY).eligible
    assert not assess([three], {"q": "20", "r": "20"}, DAY).eligible


def test_a_group_is_averaged_by_one_of_its_parts() -> None:
    semesters = rule("average_at_least", "12", field="mark")
    rows = [{"mark": "11.5", "year": "2024"}, {"mark": "12.5", "year": "2025"}]
    assert assess([semesters], {"q": rows}, DAY).eligible
    assert not assess([semesters], {"q": [*rows, {"year": "2026"}]}, DAY).eligible
    assert not assess([semesters], {"q": []}, DAY).eligible


def test_a_rule_asks_only_of_those_for_whom_its_conditions_hold() -> None:
    employed = Condition("status", ConditionOperator.ONE_OF, ("employee",))
    letter = rule("not_empty", when=(employed,))
    assert assess([letter], {"status": "student"}, DAY).eligible
    assert assess([letter], {}, DAY).eligible
    assert not assess([letter], {"status": "employee"}, DAY).eligible
    assert assess([letter], {"status": "employee"}, DAY, Circumstances(papers={"q"})).eligible


def test_who_is_in_another_programme_is_refused_and_who_may_be_is_not() -> None:
    free = EligibilityRule("free", Operator.NOT_ENROLLED, TEXT, TEXT)
    assert assess([free], {}, DAY).eligible
    assert assess([free], {}, DAY, Circumstances(enrolled=True)).reasons == ("free",)


@given(st.dates(date(1940, 1, 1), date(2020, 12, 31)), st.dates(date(2021, 1, 1), date(2060, 12, 31)))
def test_an_age_grows_by_one_at_each_birthday(born: date, day: date) -> None:
    age = age_on(born, day)
    birthday = (born.month, born.day)
    assert day.year - born.year - 1 <= age <= day.year - born.year
    assert (age == day.year - born.year) == ((day.month, day.day) >= birthday)
    assert age_on(born, day + timedelta(days=1)) - age == (
        (day + timedelta(days=1)).timetuple()[1:3] == birthday
        or (
            birthday == (2, 29)
            and (day + timedelta(days=1)).timetuple()[1:3] == (3, 1)
            and not isleap(day.year)
        )
    )


def test_reasons_come_in_the_order_of_the_rules() -> None:
    rules = [rule("not_empty"), rule("one_of", "a"), rule("at_least", "5")]
    assert assess(rules, {"q": "4"}, DAY).reasons == ("one_of", "at_least")
    assert assess((), {}, DAY).eligible


def test_what_is_answered_closes_the_way_and_what_is_not_closes_nothing() -> None:
    subject = rule("one_of", "a", "b")
    assert closing([subject], {}, ()) == []
    assert closing([subject], {"q": "c"}, ()) == [subject]
    assert closing([subject], {"q": "a"}, ()) == []
    mean = rule("average_at_least", "12", also=("r",))
    assert closing([mean], {"q": "3"}, ()) == [], "the other grade may still lift it"
    assert closing([mean], {"q": "3", "r": "4"}, ()) == [mean]


def test_a_name_given_for_another_case_waits_for_a_person_and_for_that_rule_alone() -> None:
    subject, grade = (
        rule("one_of", "a", named_in="other"),
        EligibilityRule("grade", Operator("at_least"), TEXT, TEXT, "g", ("10",)),
    )
    unnamed = assess([subject], {"q": "c"}, DAY)
    assert (unnamed.sendable, unnamed.verdict) == (False, False)
    named = assess([subject], {"q": "c", "other": "Data"}, DAY)
    assert (named.eligible, named.sendable, named.verdict, named.reasons) == (False, True, None, ("one_of",))
    both = assess([subject, grade], {"q": "c", "other": "Data", "g": "3"}, DAY)
    assert (both.sendable, both.verdict) == (False, False), "a name answers no other condition"
    assert closing([subject], {"q": "c"}, {"other"}) == []
    assert assess([subject], {"q": "a"}, DAY).verdict is True
