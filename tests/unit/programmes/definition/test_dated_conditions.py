"""Conditions that count from a day move with a programme that is copied, and are told where a campaign outgrew them."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import pytest

from cohortmgr.programmes.definition.cloning import ClonedIntake, clone_intake, copy_programme
from cohortmgr.programmes.definition.dated_conditions import moved, outgrown
from cohortmgr.programmes.definition.rules import Definition, Operator
from cohortmgr.programmes.definition.toml import as_json, from_json, read_known

TITLE = {"fr": "Rentrée 2028", "ar": "دخول 2028", "en": "2028 intake"}
JUNIOR = read_known("ai-master-junior")


def cloned(first: date) -> Definition:
    document = copy.deepcopy(as_json(JUNIOR))
    clone_intake(document, JUNIOR.intakes[-1].key, ClonedIntake("next", TITLE, first))
    return from_json(document)


def test_a_copied_programme_counts_ages_when_its_own_campaign_begins() -> None:
    first = date(2028, 3, 6)
    made = copy_programme(JUNIOR, "autre", TITLE, ClonedIntake("2028", TITLE, first))
    begun = JUNIOR.intakes[-1].starts_on
    for was, now in zip(JUNIOR.eligibility, made.eligibility, strict=True):
        assert now.values[0] == was.values[0], "an age stays"
        assert date.fromisoformat(now.values[1]) - first == date.fromisoformat(was.values[1]) - begun
    assert not outgrown(made)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        (Operator.AGE_AT_LEAST, ("18", "2027-02-15"), ("18", "2028-02-15")),
        (Operator.BORN_AFTER, ("1996-12-31",), ("1997-12-31",)),
        (Operator.YEAR_BETWEEN, ("2023", "2025"), ("2024", "2026")),
        (Operator.AT_LEAST, ("12",), ("12",)),
        (Operator.AGE_AT_LEAST, ("18", "no day"), ("18", "no day")),
    ],
)
def test_days_and_years_move_and_nothing_else(
    operator: Operator, values: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    rule = replace(JUNIOR.eligibility[0], operator=operator, values=values)
    assert moved(rule, 365, 1).values == expected


@pytest.mark.parametrize("days", [359, 364, 371])
def test_the_ends_of_months_and_years_stay_where_they_are(days: int) -> None:
    for operator, was, now in (
        (Operator.AGE_AT_MOST, "2026-12-31", "2027-12-31"),
        (Operator.BORN_AFTER, "2000-01-01", "2001-01-01"),
        (Operator.BORN_BEFORE, "2027-02-28", "2028-02-29"),
    ):
        values = ("26", was) if operator is Operator.AGE_AT_MOST else (was,)
        rule = replace(JUNIOR.eligibility[0], operator=operator, values=values)
        assert moved(rule, days, 1).values[-1] == now


def test_a_campaign_a_year_later_has_outgrown_the_day_of_an_age() -> None:
    assert not outgrown(JUNIOR) and not outgrown(cloned(date(2027, 9, 6)))
    found = outgrown(cloned(date(2028, 3, 6)))
    assert [each.rule.key for each in found] == ["age_min", "age_max"]
    assert {each.intake.key for each in found} == {"next"} and found[0].day == date(2027, 3, 1)
    assert not outgrown(replace(JUNIOR, intakes=()))
