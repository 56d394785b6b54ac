"""The rules of a desk: what is read, and that everything wrong is told at once and by its key."""

from __future__ import annotations

import tomllib

import pytest

from cohortmgr.base.errors import Refused
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.desk.rules import desk_rules

ONE = """
seats = 30
seed = "2027"
[[bound]]
where = { region = "MA-08", sex = "F" }
at_least = 2
at_most = 9
[[bound]]
where = { field = "x" }
at_most = 0
hard = false
"""
SEVERAL = """
seed = "s"
[seats]
X = 0
"Salesforce Rabat" = 12
[[bound]]
where = { region = "MA-08" }
at_least = 2
hard = false
offering = "Salesforce Rabat"
[[bound]]
where = { region = "MA-08" }
at_most = 4
offering = "Salesforce Rabat"
"""

CROSSING = "[[bound]]\nwhere = { b = 'y' }\nat_least = 1\nhard = false\noffering = 'X'"


def _told(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(Refused) as caught:
        desk_rules(tomllib.loads(text))
    return [(problem.where, problem.what) for problem in caught.value.problems]


def test_seats_in_all_and_bounds_are_read() -> None:
    rules = desk_rules(tomllib.loads(ONE))
    assert (rules.seats, rules.seed, rules.offerings) == (30, "2027", None)
    assert rules.named == ("field", "region", "sex")
    assert rules.bounds == (
        Bound({"region": "MA-08", "sex": "F"}, 2, 9, hard=True),
        Bound({"field": "x"}, None, 0, hard=False),
    )


def test_seats_by_offering_are_read() -> None:
    rules = desk_rules(tomllib.loads(SEVERAL))
    assert rules.offerings == {"X": 0, "Salesforce Rabat": 12}
    assert rules.bounds[0] == Bound({"region": "MA-08"}, 2, None, hard=False, offering="Salesforce Rabat")
    assert rules.bounds[1].hard


def test_no_seats_and_no_bounds_are_no_fault() -> None:
    assert desk_rules({"seats": 0, "seed": "s"}).bounds == ()


@pytest.mark.parametrize(
    ("text", "wheres"),
    [
        ("", ["seats", "seed"]),
        ("seats = -1\nseed = ''", ["seats", "seed"]),
        ("seats = true\nseed = 4", ["seats", "seed"]),
        ("seats = 3.0\nseed = 's'", ["seats"]),
        ("seats = 99999999999\nseed = 's'", ["seats"]),
        ("seed = 's'\n[seats]\n", ["seats"]),
        ("seed = 's'\n[seats]\nX = '3'\nY = 2\nZ = -1", ["seats.X", "seats.Z"]),
        ("seed = 's'\n[seats]\n'' = 2\n' Y' = 3\n'Z' = 1", ["seats.", "seats. Y"]),
        ("seats = 3\nseed = 's'\nseat = 4\nbounds = 3", ["seat", "bounds"]),
        ("seats = 3\nseed = 's'\nbound = 4", ["bound"]),
        ("seats = 3\nseed = 's'\nbound = [1]", ["bound"]),
    ],
)
def test_seats_seed_and_unknown_keys(text: str, wheres: list[str]) -> None:
    assert [where for where, _what in _told(text)] == wheres


@pytest.mark.parametrize(
    ("bound", "wheres"),
    [
        ("where = { a = 'x' }", ["bound[1]"]),
        ("at_least = 1", ["bound[1]"]),
        ("where = {}\nat_least = 1", ["bound[1].where"]),
        ("where = 'a'\nat_least = 1", ["bound[1].where"]),
        ("where = { a = 3, b = ' ' }\nat_least = 1", ["bound[1].where.a", "bound[1].where.b"]),
        ("where = { a = 'x' }\nat_least = -1\nat_most = true", ["bound[1].at_least", "bound[1].at_most"]),
        ("where = { a = 'x' }\nat_least = 1.5", ["bound[1].at_least"]),
        ("where = { a = 'x' }\nat_least = 3\nat_most = 2", ["bound[1].at_least"]),
        ("where = { a = 'x' }\nat_least = 3\nhard = 'false'", ["bound[1].hard"]),
        ("where = { a = 'x' }\natleast = 3\nat_most = 2", ["bound[1].atleast"]),
        ("where = { a = 'x' }\nat_most = 2\noffering = 'X'", ["bound[1].offering"]),
    ],
)
def test_bounds_that_say_nothing_or_too_much(bound: str, wheres: list[str]) -> None:
    assert [where for where, _what in _told(f"seats = 3\nseed = 's'\n[[bound]]\n{bound}")] == wheres


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ("where = { a = 'x' }\nat_least = 1\noffering = 'X'", "Écrivez `hard = false`"),
        ("where = { a = 'x' }\nat_most = 1", "ne nomme aucune offre"),
        ("where = { a = 'x' }\nat_most = 1\noffering = 'Z'", "n’a pas de places"),
        (f"where = {{ a = 'x' }}\nat_most = 1\noffering = 'X'\n{CROSSING}", "se recoupent"),
        ("where = { a = 'x' }\nat_most = 1\noffering = 3", "est un texte"),
    ],
)
def test_bounds_that_several_offerings_cannot_have(bound: str, words: str) -> None:
    ((where, what),) = _told(f"seed = 's'\n[seats]\nX = 3\n[[bound]]\n{bound}")
    assert where is not None and where.startswith("bound[1]") and words in what


def test_everything_is_told_at_once() -> None:
    bounds = "[[bound]]\nwhere = { a = 'x' }\nat_least = 3\nat_most = 2\n" * 2
    assert len(_told(f"seats = -3\n{bounds}")) == 4
