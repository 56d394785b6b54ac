"""What is wrong with the bounds of a choice, told at its line; and what follows them where a programme is copied."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.programmes.definition.bounds.attributes import attributes_of
from cohortmgr.programmes.definition.bounds.checking import MOST_BOUNDS, faults_of
from cohortmgr.programmes.definition.bounds.wording import bound_words
from cohortmgr.programmes.definition.cloning import ClonedIntake, clone_intake, copy_programme
from cohortmgr.programmes.definition.comparing import changes
from cohortmgr.programmes.definition.rules import DefinedBound, SelectionTerms
from cohortmgr.programmes.definition.toml import as_json, read_definition, read_known, write_definition

MDIA = read_known("mdia")
TEXT = write_definition(replace(MDIA, selection=SelectionTerms()))
KNOWN = attributes_of(MDIA, "2027")
WORKSHOPS = read_known("jobintech")
SEATS = {"data-ia": 30}
TWO = {"a": 20, "b": 10}


def told(section: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_definition(f"{TEXT}\n{section}", "x.toml")
    start = TEXT.count("\n") + 1
    said = []
    for problem in refused.value.problems:
        file, _, field = (problem.where or "").partition(" ")
        line = int(file.partition(":")[2]) - start
        said.append(f"{line} {field} {problem.what % dict(problem.values)}")
    return said


def bound(**given: Any) -> DefinedBound:
    return DefinedBound(**{"where": {"region": "MA-08"}, **given})


def wrong(*bounds: DefinedBound, seats: dict[str, int] = SEATS) -> list[tuple[int, str]]:
    return [(each.place, ".".join(each.path)) for each in faults_of(bounds, KNOWN, seats)]


def test_mdia_has_two_soft_bounds_from_2027_on_that_are_marked_as_assumptions() -> None:
    assert not MDIA.selection.bounds_of("2025")
    found = MDIA.selection.bounds_of("2027")
    assert len(found) == 2 and not any(each.hard for each in found)
    assert any("bornes souples" in each for each in MDIA.assumptions)


@pytest.mark.parametrize(
    ("section", "line", "field", "says"),
    [
        ('where = { regoin = "MA-08" }\nat_least = 2', 2, "where.regoin", "region"),
        ('where = { region = "MA-8" }\nat_least = 2', 2, "where.region", "MA-08"),
        ('where = { birth_date = "2000-01-01" }\nat_least = 2', 2, "where.birth_date", "choix du formulaire"),
        ('where = { cin = "A1" }\nat_least = 2', 2, "where.cin", "choix du formulaire"),
        ('where = { region = "MA-08" }\nat_least = 9\nat_most = 4', 3, "at_least", "ne vont pas ensemble"),
        ('where = { region = "MA-08" }\nat_least = -1', 3, "at_least", "au moins 1"),
        ('where = { region = "MA-08" }\nat_most = -1', 3, "at_most", "au moins 0"),
        ('where = { region = "MA-08" }', 1, "", "ni au moins"),
        ("where = { }\nat_least = 2", 2, "where", "quel groupe"),
        ('where = { region = "MA-08" }\nat_least = 31', 3, "at_least", "les places : 30"),
        ('where = { region = "MA-08" }\nat_least = 2\noffering = "x"', 4, "offering", "data-ia"),
        ('where = { region = "MA-08" }\nat_least = 2\nintakes = ["2026"]', 4, "intakes[1]", "2025, 2027"),
    ],
)
def test_each_fault_is_told_once_at_its_line(section: str, line: int, field: str, says: str) -> None:
    (found,) = told(f"[[selection.bound]]\n{section}\n")
    place, where, *_ = found.split(" ")
    assert (
        int(place) == line and where == f"selection.bound[1]{'.' + field if field else ''}" and says in found
    )


@pytest.mark.parametrize(
    "section",
    [
        'selection = "x"',
        "[selection]\nbound = 3",
        "[selection]\nbound = [1]",
        "[[selection.bound]]\nwhere = 3\nat_least = 1",
        "[[selection.bound]]\nwhere = { region = 3 }\nat_least = 1",
        '[[selection.bound]]\nwhere = { region = "MA-08" }\nat_least = true',
        '[[selection.bound]]\nwhere = { region = "MA-08" }\nat_least = 2.5',
        '[[selection.bound]]\nwhere = { region = "MA-08" }\nat_least = 99999999999999999999',
        '[[selection.bound]]\nwhere = { region = "MA-08" }\nat_least = 1\nhard = "yes"',
        '[[selection.bound]]\nwhere = { region = "MA-08" }\natleast = 1',
        '[selection]\nties = ["age"]',
        '[selection]\nties = ["projet", "projet"]',
    ],
)
def test_tables_that_are_none_are_refused_with_their_place(section: str) -> None:
    text = section if section.startswith("selection") else ""
    whole = f"{text}\n{TEXT}" if text else f"{TEXT}\n{section}\n"
    with pytest.raises(Refused) as refused:
        read_definition(whole, "x.toml")
    assert all("selection" in (each.where or "") for each in refused.value.problems)


def test_the_same_group_stands_once_whatever_the_order_of_its_attributes() -> None:
    first = bound(where={"region": "MA-08", "sex": "f"}, at_least=1)
    assert wrong(first, bound(where={"sex": "f", "region": "MA-08"}, at_most=3)) == [(1, "where")]
    assert wrong(first, bound(where={"sex": "f"}, at_most=3)) == []
    assert wrong(*(bound(at_least=1) for _ in range(MOST_BOUNDS + 1))) == [(MOST_BOUNDS, "")]


def test_where_seats_are_given_by_wishes_no_ceiling_stands_beside_groups_that_overlap() -> None:
    soft = [
        bound(where={"region": "MA-08"}, at_least=1, hard=False, offering="a"),
        bound(where={"sex": "f"}, at_least=1, at_most=9, hard=False, offering="a"),
        bound(where={"sex": "f"}, at_most=9, offering="b"),
    ]
    assert wrong(*soft, seats=TWO) == [(1, "at_most")]
    assert wrong(*(replace(each, offering="") for each in soft[:2])) == [], "one offering takes them"
    within = replace(soft[1], where={"region": "MA-08", "sex": "f"})
    assert wrong(soft[0], within, seats=TWO) == []


def test_a_bound_of_one_offering_names_no_centre() -> None:
    (intake,) = [each.key for each in WORKSHOPS.intakes][:1]
    own = attributes_of(WORKSHOPS, intake)
    at = bound(where={"centre": "rabat"}, at_most=3, offering="a")
    assert [(each.place, each.path) for each in faults_of([at], own, TWO)] == [(0, ("where", "centre"))]


def test_hard_floors_that_ask_for_more_than_the_seats_are_told_and_soft_ones_are_not() -> None:
    floors = [bound(where={"region": f"MA-{number:02d}"}, at_least=11) for number in (1, 2, 3)]
    assert wrong(*floors[:2]) == [] and wrong(*floors) == [(2, "at_least")]
    assert wrong(*(replace(each, hard=False) for each in floors)) == []
    crossing = [*floors[:2], bound(where={"sex": "f"}, at_least=11)]
    assert wrong(*crossing) == [], "somebody may be of both"


def test_a_floor_above_the_ceiling_of_the_group_around_it_is_told() -> None:
    inner = bound(where={"region": "MA-08", "sex": "f"}, at_least=4)
    assert wrong(inner, bound(at_most=3)) == [(0, "at_least")]
    assert wrong(inner, bound(at_most=3, hard=False)) == []
    assert wrong(inner, bound(where={"region": "MA-01"}, at_most=3)) == []


def test_with_several_offerings_each_bound_names_its_own_and_a_floor_is_soft() -> None:
    assert wrong(bound(at_least=2, hard=False), seats=TWO) == [(0, "")]
    assert wrong(bound(at_least=2, offering="a"), seats=TWO) == [(0, "hard")]
    assert wrong(bound(at_least=2, offering="a", hard=False), bound(at_most=9, offering="b"), seats=TWO) == []
    assert wrong(bound(at_least=11, offering="b", hard=False), seats=TWO) == [(0, "at_least")]


@given(st.lists(st.tuples(st.sampled_from(["MA-01", "MA-02", "MA-03"]), st.integers(1, 30)), max_size=3))
def test_floors_of_one_attribute_are_refused_exactly_when_they_ask_for_more_than_the_seats(
    given: list[tuple[str, int]],
) -> None:
    floors = dict(given)
    found = wrong(*(bound(where={"region": key}, at_least=least) for key, least in floors.items()))
    assert bool(found) is (sum(floors.values()) > 30)


def test_attributes_are_the_choices_of_the_application_and_the_places() -> None:
    assert {"sex", "region", "licence"} <= KNOWN.keys() and not {
        "cin",
        "rib",
        "motivation",
        "tools",
    } & KNOWN.keys()
    assert "centre" not in KNOWN, "one place tells nobody apart"
    intake = WORKSHOPS.intakes[0].key
    centre = attributes_of(WORKSHOPS, intake)["centre"]
    assert not centre.is_answer and centre.values["beni-mellal"]["fr"] == "Béni Mellal"


def test_bounds_follow_a_campaign_that_is_cloned_and_a_programme_that_is_copied() -> None:
    document = copy.deepcopy(as_json(MDIA))
    wanted = ClonedIntake("2028", {"fr": "a", "ar": "ا", "en": "a"}, date(2028, 9, 18))
    clone_intake(document, "2027", wanted)
    assert [each["intakes"] for each in document["selection"]["bound"]] == [["2027", "2028"]] * 2
    copied = copy_programme(MDIA, "other", MDIA.title, wanted)
    assert [each.where for each in copied.selection.bounds_of("2028")] == [{"sex": "f"}, {"region": "MA-08"}]
    assert all(not each.intakes for each in copied.selection.bound)


def test_a_change_of_bounds_is_told_with_the_names_of_its_group() -> None:
    first, second = MDIA.selection.bound
    after = replace(MDIA, selection=SelectionTerms((first, replace(second, at_most=9))))
    (change,) = changes(MDIA, after)
    added, removed = change.details
    assert isinstance(added, Problem) and isinstance(removed, Problem)
    assert "MA-08" not in str(added.values) and "Drâa-Tafilalet" in str(added.values)
    ceiling = bound_words(replace(second, at_least=None, at_most=9), {})
    assert "au plus" in str(ceiling.values["bound"])
