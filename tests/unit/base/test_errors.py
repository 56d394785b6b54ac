"""A problem that a row keeps is read back as it was, whatever fills it, and nothing is kept as its repr."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cohortmgr.base.errors import Problem, Quantity, as_json, from_json

LABEL = {"fr": "Nom", "ar": "الاسم", "en": "Name"}


@pytest.mark.parametrize(
    "value",
    [
        LABEL, "text", 3, 1.5, None, Decimal("12.50"), date(2026, 8, 1), datetime(2026, 8, 1, 22, 30, tzinfo=UTC),
        ["a", "b"], [LABEL, LABEL], Problem("within %(x)s", {"x": LABEL}, "place"), {"a": {"b": Decimal("1")}},
        Quantity("%(num)s file", "%(num)s files", 3), (Problem("one"), Problem("two %(x)s", {"x": LABEL})),
    ],
)  # fmt: skip
def test_each_value_survives(value: object) -> None:
    problem = Problem("It says %(value)s", {"value": value}, "where")
    assert from_json(json.loads(json.dumps(as_json(problem)))) == problem


def test_what_could_only_be_kept_as_its_repr_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        as_json(Problem("It says %(value)s", {"value": object()}))
