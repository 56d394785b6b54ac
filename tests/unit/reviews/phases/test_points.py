"""What answers give by rule: exact, on the scale, and nothing where an answer lacks."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.questions import Form, FormSection, Option, Question, QuestionKind
from cohortmgr.programmes.definition.rubric import (
    Criterion,
    PhaseKind,
    PointBand,
    PointKind,
    PointSource,
    RubricPhase,
)
from cohortmgr.reviews.phases.points import points_of
from cohortmgr.reviews.rules import total_thousandths

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}
FORM = Form(
    (
        FormSection(
            "a",
            NAME,
            (
                Question("s1", QuestionKind.GRADE, NAME),
                Question("s2", QuestionKind.GRADE, NAME),
                Question("from", QuestionKind.YEAR, NAME),
                Question("to", QuestionKind.YEAR, NAME),
                Question(
                    "mention", QuestionKind.CHOICE, NAME, options=(Option("b", NAME), Option("tb", NAME))
                ),
                Question(
                    "rows", QuestionKind.GROUP, NAME, fields=(Question("note", QuestionKind.GRADE, NAME),)
                ),
            ),
        ),
    )
)


def computed(source: PointSource, answers: dict[str, Any], low: int = 0, high: int = 20) -> int | None:
    phase = RubricPhase("points", (Criterion("c", NAME, 1, low, high, points=source),), PhaseKind.COMPUTED)
    return points_of(phase, FORM, answers).get("c")


BANDS = PointSource(
    PointKind.MEAN, ("s1", "s2"), bands=(PointBand(Decimal(10), 1), PointBand(Decimal(12), 5)), missing=2
)
LINE = PointSource(PointKind.MEAN, ("s1",), worst=Decimal(10), best=Decimal(20))
YEARS = PointSource(PointKind.YEARS, ("from", "to"), worst=Decimal(6), best=Decimal(3))
OPTION = PointSource(PointKind.OPTION, ("mention",), options={"b": 3, "tb": 5})
ROWS = PointSource(PointKind.MEAN, ("rows",), field="note", worst=Decimal(0), best=Decimal(20))


@pytest.mark.parametrize(
    ("source", "answers", "points"),
    [
        (BANDS, {"s1": "9.99", "s2": "10"}, 0),
        (BANDS, {"s1": "9.99", "s2": "10.01"}, 1),
        (BANDS, {"s1": "11.99", "s2": "12"}, 1),
        (BANDS, {"s1": "12", "s2": "12"}, 5),
        (BANDS, {"s1": "12"}, 2),
        (BANDS, {}, 2),
        (LINE, {"s1": "15"}, 10),
        (LINE, {"s1": "3"}, 0),
        (LINE, {"s1": "20"}, 20),
        (LINE, {}, None),
        (LINE, {"s1": "douze"}, None),
        (YEARS, {"from": "2020", "to": "2023"}, 20),
        (YEARS, {"from": "2020", "to": "2026"}, 0),
        (YEARS, {"from": "2020"}, None),
        (OPTION, {"mention": "tb"}, 5),
        (OPTION, {"mention": "x"}, None),
        (ROWS, {"rows": [{"note": "10"}, {"note": "14"}]}, 12),
        (ROWS, {"rows": [{"note": "10"}, {}]}, None),
        (ROWS, {"rows": []}, None),
    ],
)
def test_each_answer_has_its_points(source: PointSource, answers: dict[str, Any], points: int | None) -> None:
    assert computed(source, answers) == points


GRADES = st.decimals(0, 20, places=2)


@given(GRADES, GRADES, GRADES, st.integers(0, 50), st.integers(1, 50))
def test_a_figure_between_bounds_has_the_nearest_point(
    figure: Decimal, worst: Decimal, best: Decimal, low: int, span: int
) -> None:
    if worst == best:
        return
    found = computed(
        PointSource(PointKind.MEAN, ("s1",), worst=worst, best=best), {"s1": str(figure)}, low, low + span
    )
    share = (Fraction(figure) - Fraction(worst)) / (Fraction(best) - Fraction(worst))
    exact = low + min(max(share, Fraction(0)), Fraction(1)) * span
    assert found is not None and low <= found <= low + span
    assert abs(found - exact) <= Fraction(1, 2)


@given(GRADES, GRADES)
def test_more_is_never_worth_less(one: Decimal, other: Decimal) -> None:
    least, most = sorted((one, other))
    for source in (LINE, PointSource(PointKind.MEAN, ("s1",), bands=BANDS.bands)):
        first, second = computed(source, {"s1": str(least)}), computed(source, {"s1": str(most)})
        assert first is not None and second is not None and first <= second


def test_what_is_not_computed_counts_for_nothing() -> None:
    criteria = (
        Criterion("a", NAME, 1, 0, 20, points=LINE),
        Criterion("b", NAME, 9, 0, 5, points=OPTION),
    )
    phase = RubricPhase("points", criteria, PhaseKind.COMPUTED)
    scores = points_of(phase, FORM, {"s1": "15"})
    assert scores == {"a": 10} and total_thousandths(phase, scores, part=True) == 10_000
