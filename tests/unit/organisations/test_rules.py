"""Places in the tree, and what an organisation must have."""

from __future__ import annotations

import pytest

from cohortmgr.base.errors import Problem
from cohortmgr.organisations.rules import (
    ABOVE,
    KIND_NAMES,
    KNOWN,
    REGIONS,
    OrganisationKind,
    closing_problems,
    known,
    path_of,
    place_problems,
    problems_of,
)

NAME = {"fr": "Un", "ar": "واحد", "en": "One"}


def test_a_path_ends_with_a_point_so_that_a_scope_is_a_prefix() -> None:
    assert path_of("", "ma") == "ma."
    assert path_of("ma.", "inpt") == "ma.inpt."
    assert not path_of("ma.", "inptx").startswith(path_of("ma.", "inpt"))


def test_the_regions_are_the_twelve_of_iso_3166_in_three_languages() -> None:
    assert list(REGIONS) == [f"MA-{number:02d}" for number in range(1, 13)]
    for names in REGIONS.values():
        assert set(names) == {"fr", "ar", "en"}
        assert any("\u0621" <= letter <= "\u064a" for letter in names["ar"])


def test_every_kind_has_a_name() -> None:
    assert set(KIND_NAMES) == set(OrganisationKind)


def test_what_is_known_beforehand_stands_below_something_known() -> None:
    for each in KNOWN:
        assert each.parent is None or known(each.parent) is not None
        assert problems_of(each.key, each.name, "ma.", each.region) == []
    assert known("absent") is None


@pytest.mark.parametrize(
    ("key", "name", "path", "region", "where"),
    [
        ("In Wi", NAME, "ma.", None, "key"),
        ("a", {"fr": "Un", "ar": " ", "en": "One"}, "ma.", None, "name"),
        ("a", NAME, "ma." * 100, None, "parent"),
        ("a", NAME, "ma.", "MA-13", "region"),
    ],
)
def test_what_is_wrong_is_named(
    key: str, name: dict[str, str], path: str, region: str | None, where: str
) -> None:
    assert [problem.where for problem in problems_of(key, name, path, region)] == [where]


def test_each_kind_stands_below_some_and_nothing_below_a_company_or_a_club() -> None:
    assert ABOVE.keys() == set(OrganisationKind)
    assert all(ABOVE.values())
    leaves = {OrganisationKind.COMPANY, OrganisationKind.CLUB}
    for kind, above in ABOVE.items():
        assert not above & leaves
        assert [bool(place_problems(kind, parent)) for parent in OrganisationKind] == [
            parent not in above for parent in OrganisationKind
        ]


@pytest.mark.parametrize(
    ("running", "depending", "below", "reason", "problems"),
    [
        (0, 0, 0, "Fusion.", 0),
        (1, 0, 0, "Fusion.", 1),
        (0, 2, 0, "Fusion.", 2),
        (0, 0, 2, "Fusion.", 1),
        (0, 0, 0, "", 1),
        (3, 1, 2, "", 6),
    ],
)
def test_what_people_depend_on_is_not_closed(
    running: int, depending: int, below: int, reason: str, problems: int
) -> None:
    titles, people = [{"fr": "Master"}] * running, [Problem("8 personnes")] * depending
    assert len(closing_problems(titles, people, below, reason)) == problems
