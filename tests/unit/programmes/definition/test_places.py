"""Near whom a programme is."""

from __future__ import annotations

import pytest

from cohortmgr.organisations.rules import REGIONS
from cohortmgr.programmes.definition.places import TOWNS, is_near, regions_named, regions_of


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("Casablanca, Rabat, Fès ou Agadir.", {"MA-06", "MA-04", "MA-03", "MA-09"}),
        ("الدار البيضاء أو الرباط", {"MA-06", "MA-04"}),
        ("À l’INPT, avenue Allal El Fassi, Rabat", {"MA-04"}),
        ("fes", {"MA-03"}),
        ("une salle de classe", set()),  # the letters of Salé, not the town
        ("Souss-Massa", {"MA-09"}),
        ("à distance", set()),
    ],
)
def test_towns_are_found_as_whole_words(text: str, regions: set[str]) -> None:
    assert regions_named(text) == regions


def test_every_region_has_towns() -> None:
    assert TOWNS.keys() == REGIONS.keys()


def test_an_offering_without_a_town_is_where_its_host_is() -> None:
    assert regions_of([{"fr": "Agadir"}, {"fr": "Sur place"}], "MA-04") == {"MA-09", "MA-04"}
    assert regions_of([{"fr": "À distance"}], None) == frozenset()


def test_near_is_the_same_region_the_whole_country_or_a_place_that_nobody_knows() -> None:
    assert is_near("MA-09", frozenset({"MA-09", "MA-04"}))
    assert not is_near("MA-01", frozenset({"MA-09"}))
    assert is_near(None, frozenset({"MA-09"}))
    assert is_near("MA-01", frozenset())
