"""The home page's list: who asks for something gets it, nobody is left out for what a programme does not say."""

from __future__ import annotations

import pytest

from cohortmgr.programmes.definition.rules import AudienceGroup, Profile, ProgrammeKind, StudyLevel
from cohortmgr.programmes.public.listing import (
    AUDIENCE_NAMES,
    KIND_NAMES,
    LEVEL_NAMES,
    Asked,
    ListedIntake,
    by_host,
    facets,
    narrowed,
)

NAME = {"fr": "INPT", "ar": "المعهد", "en": "INPT"}
MASTER = Profile(ProgrammeKind.DEGREE, (AudienceGroup.GRADUATES,), StudyLevel.LICENCE, ("MA-04",))
CLUB = Profile(ProgrammeKind.YOUTH, (AudienceGroup.PUPILS,), StudyLevel.NONE)


def intake(reference: str, profile: Profile | None, host: str = "inpt", paid: bool = False) -> ListedIntake:
    return ListedIntake(reference, host, NAME, paid, profile)


ALL = [intake("A", MASTER, paid=True), intake("B", CLUB), intake("C", None)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Asked(), "ABC"),
        (Asked(region="MA-04"), "ABC"),
        (Asked(region="MA-09"), "BC"),  # the club is offered everywhere, and C says nothing
        (Asked(audience="pupils"), "BC"),
        (Asked(level="licence"), "AC"),
        (Asked(paid="yes"), "A"),
        (Asked(paid="no"), "BC"),
        (Asked(region="MA-04", paid="no", level="none"), "BC"),
        (Asked(region="no such region"), "BC"),
    ],
)
def test_what_is_asked_for(asked: Asked, found: str) -> None:
    assert "".join(each.reference for each in narrowed(ALL, asked)) == found


def test_only_what_tells_programmes_apart_is_offered() -> None:
    assert [each.name for each in facets(ALL)] == ["audience", "level", "paid"]
    assert facets(ALL[:1]) == []
    assert facets([]) == []


def test_by_host_and_within_it_by_kind() -> None:
    mixed = [
        intake("1", CLUB),
        intake("2", MASTER, "ma"),
        intake("3", MASTER),
        intake("4", None),
        intake("5", CLUB),
    ]
    assert [(each.host, each.kind, "".join(each.references)) for each in by_host(mixed)] == [
        ("inpt", ProgrammeKind.DEGREE, "3"),
        ("inpt", ProgrammeKind.YOUTH, "15"),
        ("inpt", None, "4"),
        ("ma", ProgrammeKind.DEGREE, "2"),
    ]


def test_each_value_has_a_name() -> None:
    assert set(KIND_NAMES) == set(ProgrammeKind)
    assert set(AUDIENCE_NAMES) == set(AudienceGroup)
    assert set(LEVEL_NAMES) == set(StudyLevel)
