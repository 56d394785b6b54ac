"""Centimes are whole and none is lost on the way to dirhams."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base import catalogues
from cohortmgr.base.errors import CalendarMonth, Problem, as_json, from_json
from cohortmgr.base.i18n import day, dirhams, init_i18n, say, short_day, speaking


@given(st.integers(-(10**15), 10**15))
def test_no_centime_is_lost(amount: int) -> None:
    assert dirhams(amount) * 100 == amount


def test_dirhams_show_two_decimals() -> None:
    assert (str(dirhams(700_000)), str(dirhams(-5))) == ("7000.00", "-0.05")


@pytest.mark.parametrize(
    ("spoken", "long", "short"),
    [
        ("fr", "lundi 1er mars 2027", "1er mars 2027"),
        ("en", "Monday 1 March 2027", "1 Mar 2027"),
        ("ar", "الاثنين 1 مارس 2027", "1 مارس 2027"),
    ],
)
def test_the_first_day_of_a_month_is_an_ordinal_in_french_alone(spoken: str, long: str, short: str) -> None:
    app = Flask("cohortmgr")
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    with app.test_request_context(), speaking(spoken):
        assert (day(date(2027, 3, 1)), short_day(date(2027, 3, 1))) == (long, short)
        assert "er" not in short_day(date(2027, 3, 21)) + short_day(date(2027, 3, 11))


@pytest.mark.parametrize(("spoken", "said"), [("fr", "mars 2027"), ("en", "March 2027"), ("ar", "مارس 2027")])
def test_a_month_is_said_without_a_day(spoken: str, said: str) -> None:
    app = Flask("cohortmgr")
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    with app.test_request_context(), speaking(spoken):
        assert say(Problem("%(month)s", {"month": CalendarMonth(date(2027, 3, 1))})) == said


def test_problems_in_a_problem_are_said_the_same_after_they_were_kept() -> None:
    app = Flask("cohortmgr")
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    parts = (Problem("%(value)s", {"value": {"fr": "Nord"}}), Problem("%(value)s", {"value": {"fr": "Sud"}}))
    problem = Problem("%(group)s, %(names)s", {"group": parts, "names": ["a", "b"]})
    with app.test_request_context(), speaking("fr"):
        said = say(problem)
        assert say(from_json(as_json(problem))) == said and "Nord" in said and "{" not in said


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Decimal("10.1034"), "10,1034"), (Decimal("10.1"), "10,10"), (Decimal("12"), "12,00"), (2.5, "2,50")],
)
def test_a_figure_in_a_sentence_has_the_decimals_that_tell_it_from_another(value: Any, shown: str) -> None:
    app = Flask("cohortmgr")
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    with app.test_request_context(), speaking("fr"):
        assert say(Problem("%(figure)s", {"figure": value})) == shown


def direction_of(text: str) -> str:
    """The direction that an isolate takes from what it holds (UAX 9, P2 and P3)."""
    depth = 0
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        depth += (kind in ("FSI", "LRI", "RLI")) - (kind == "PDI")
        if not depth and kind in ("L", "R", "AL"):
            return "L" if kind == "L" else "R"
    return "L"


@pytest.mark.parametrize("deep", [0, 1, 2])
def test_a_group_within_an_arabic_sentence_is_read_from_the_right(deep: int) -> None:
    app = Flask("cohortmgr")
    app.config["ROOT"] = catalogues.ROOT
    init_i18n(app)
    parts = {"value": {"fr": "Drâa", "ar": "درعة"}, "attribute": {"fr": "Région", "ar": "الجهة"}}
    group: Any = (Problem("%(value)s (%(attribute)s)", parts),)
    for _ in range(deep):
        group = (Problem("%(group)s", {"group": group}),)
    with app.test_request_context(), speaking("ar"):
        said = say(Problem("%(group)s", {"group": group}))
        assert said.startswith("\u2068") and direction_of(said[1:-1]) == "R", ascii(said)
    with app.test_request_context(), speaking("fr"):
        assert say(Problem("%(group)s", {"group": group})) == "Drâa (Région)"
