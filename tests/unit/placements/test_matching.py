"""Deferred acceptance against every stable matching of small instances, found by brute force from the
definition.
"""

import copy
import json
import time
from itertools import permutations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.placements.matching import blocking_pairs, certificate, digest, faults, lot, match, verify

Instance = tuple[dict[str, tuple[str, ...]], dict[str, dict[str, int]], dict[str, int]]
SEED = "2025-09-22"


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Up to four candidates and three companies, with short lists, missing scores, ties and companies
    without seats.
    """
    people = [f"c{n}" for n in range(draw(st.integers(1, 4)))]
    companies = [f"K{n}" for n in range(draw(st.integers(1, 3)))]
    orders = [order for size in range(len(companies) + 1) for order in permutations(companies, size)]
    wishes = {person: draw(st.sampled_from(orders)) for person in people}
    score = st.one_of(st.none(), st.integers(0, 2))
    priorities = {
        company: {person: value for person in people if (value := draw(score)) is not None}
        for company in companies
    }
    return wishes, priorities, {company: draw(st.integers(0, 2)) for company in companies}


def _stable(instance: Instance) -> list[dict[str, str]]:
    """Every stable matching, by trying every assignment against the definition, in words of ranks only."""
    wishes, priorities, seats = instance
    better = {
        company: sorted(scores, key=lambda person: (-scores[person], lot(SEED, person)))
        for company, scores in priorities.items()
    }

    def holds(placed: dict[str, str]) -> bool:
        for company, places in seats.items():
            inside = [person for person in placed if placed[person] == company]
            if len(inside) > places or any(person not in better[company] for person in inside):
                return False
            for person, ranked in wishes.items():
                if company not in ranked or person not in better[company] or placed.get(person) == company:
                    continue
                if person in placed and ranked.index(placed[person]) < ranked.index(company):
                    continue
                if len(inside) < places:
                    return False
                if any(better[company].index(person) < better[company].index(other) for other in inside):
                    return False
        return True

    choices = product(*(((None, *ranked)) for ranked in wishes.values()))
    tried = ({p: c for p, c in zip(wishes, choice, strict=True) if c is not None} for choice in choices)
    return [placed for placed in tried if holds(placed)]


def _place(wishes: dict[str, tuple[str, ...]], person: str, placed: dict[str, str]) -> int:
    return wishes[person].index(placed[person]) if person in placed else len(wishes[person])


@settings(max_examples=300, deadline=None)
@given(instances())
def test_the_matching_is_stable_and_every_candidates_best(instance: Instance) -> None:
    found = dict(match(*instance, SEED).assignment)
    every = _stable(instance)
    assert found in every
    for other in every:
        assert all(_place(instance[0], p, found) <= _place(instance[0], p, other) for p in instance[0])
        # Rural hospitals theorem: the same people are matched in every stable matching.
        assert set(other) == set(found)


@settings(max_examples=150, deadline=None)
@given(instances())
def test_the_checker_agrees_with_brute_force_on_every_assignment(instance: Instance) -> None:
    every = _stable(instance)
    for choice in product(*(((None, *ranked)) for ranked in instance[0].values())):
        placed = {p: c for p, c in zip(instance[0], choice, strict=True) if c is not None}
        assert (faults(*instance, placed, SEED) == []) is (placed in every)


@settings(max_examples=60, deadline=None)
@given(instances(), st.data())
def test_no_candidate_gains_by_misstating(instance: Instance, data: st.DataObject) -> None:
    wishes, priorities, seats = instance
    person = data.draw(st.sampled_from(sorted(wishes)))
    truth = _place(wishes, person, dict(match(wishes, priorities, seats, SEED).assignment))
    for size in range(len(seats) + 1):
        for lie in permutations(sorted(seats), size):
            placed = dict(match({**wishes, person: lie}, priorities, seats, SEED).assignment)
            if placed.get(person) in wishes[person]:
                assert _place(wishes, person, placed) >= truth


def test_thirty_apprentices_in_four_companies() -> None:
    wishes, priorities, seats = _large(30, 4, 4, 8)
    result = match(wishes, priorities, seats, SEED)
    assert len(result.assignment) == 30
    assert result.unmatched == ()
    assert 30 <= result.proposals <= 120
    assert blocking_pairs(wishes, priorities, seats, result.assignment, SEED) == []


def test_ten_thousand_in_five_hundred_takes_about_a_second() -> None:
    wishes, priorities, seats = _large(10_000, 500, 10, 18)
    start = time.process_time()
    result = match(wishes, priorities, seats, SEED)
    assert time.process_time() - start < 2
    assert len(result.assignment) + len(result.unmatched) == 10_000
    assert blocking_pairs(wishes, priorities, seats, result.assignment, SEED) == []


def _large(people: int, companies: int, length: int, places: int) -> Instance:
    chance = Random(7)
    names = [f"K{n}" for n in range(companies)]
    wishes = {f"c{n}": tuple(chance.sample(names, length)) for n in range(people)}
    priorities: dict[str, dict[str, int]] = {name: {} for name in names}
    for person, ranked in wishes.items():
        for company in ranked:
            priorities[company][person] = chance.randrange(100)
    return wishes, priorities, dict.fromkeys(names, places)


def test_a_tie_goes_to_the_lower_lot() -> None:
    wishes = {"a": ("K",), "b": ("K",)}
    winner = min(wishes, key=lambda person: lot(SEED, person))
    assert match(wishes, {"K": {"a": 5, "b": 5}}, {"K": 1}, SEED).assignment == {winner: "K"}


@pytest.mark.parametrize(
    ("wishes", "priorities", "seats"),
    [
        ({"a": ("K", "K")}, {}, {"K": 1}),
        ({"a": ("L",)}, {}, {"K": 1}),
        ({}, {}, {"K": -1}),
        ({}, {"L": {"a": 1}}, {"K": 1}),
    ],
)
def test_senseless_input_is_refused(wishes: Any, priorities: Any, seats: Any) -> None:
    with pytest.raises(Refused):
        match(wishes, priorities, seats, SEED)


def test_a_certificate_holds_and_any_change_shows() -> None:
    wishes, priorities, seats = _large(12, 3, 3, 4)
    made = certificate(wishes, priorities, seats, SEED, match(wishes, priorities, seats, SEED))
    assert verify(json.loads(json.dumps(made))) == []
    one, other = _in_two_companies(made["assignment"])
    for change in (
        {
            "assignment": {
                **made["assignment"],
                one: made["assignment"][other],
                other: made["assignment"][one],
            }
        },
        {"seats": {**made["seats"], made["assignment"][one]: 1}},
        {"wishes": {}},
        {"rule": "other"},
        {"seats": None},
    ):
        changed = copy.deepcopy({**made, **change})
        changed["sha256"] = digest(changed)
        assert verify(changed), change
    assert verify({**made, "unmatched": ["c99"]})


def _in_two_companies(assignment: dict[str, str]) -> tuple[str, str]:
    first = min(assignment)
    return first, next(person for person in sorted(assignment) if assignment[person] != assignment[first])
