"""Small markets at random: few people, few offerings, bounds of both shapes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant, SeatHolder
from cohortmgr.selection.choosing.rules import Bound

NESTED = (
    {"region": "N"}, {"region": "S"}, {"region": "N", "city": "a"}, {"region": "N", "city": "b"},
    {"region": "S", "sex": "F"}, {"region": "N", "city": "a", "sex": "F"},
)  # fmt: skip
OVERLAPPING = ({"region": "N"}, {"sex": "F"}, {"field": "x"}, {"region": "S"}, {"region": "N", "sex": "F"})


def attributes(chance: Random) -> dict[str, str]:
    return {
        "region": chance.choice("NS"),
        "city": chance.choice("ab"),
        "sex": chance.choice("FM"),
        "field": chance.choice("xy"),
    }


def person(chance: Random, number: int, offerings: str) -> Applicant:
    wishes = tuple(chance.sample(offerings, chance.randint(1, len(offerings))))
    return Applicant(
        f"P{number}",
        chance.choice((12_000, 12_500, 13_000, 14_000)),
        (chance.choice((0, 1)),),
        chance.randrange(10**6),
        wishes,
        attributes(chance),
    )


def nested(chance: Random, offering: str, most: int = 4) -> list[Bound]:
    made = []
    for where in chance.sample(NESTED, chance.randint(0, most)):
        if chance.random() < 0.6:
            made.append(Bound(where, at_least=chance.randint(0, 3), hard=False, offering=offering))
        if chance.random() < 0.5:
            made.append(
                Bound(where, at_most=chance.randint(0, 3), hard=chance.random() < 0.5, offering=offering)
            )
    return made


def overlapping(chance: Random, offering: str, most: int = 4) -> list[Bound]:
    return [
        Bound(where, at_least=chance.randint(0, 2), hard=False, offering=offering)
        for where in chance.sample(OVERLAPPING, chance.randint(1, most))
    ]


def market(seed: int, people: int = 5, offerings: str = "XYZ", *, taken: bool = True) -> AllocationProblem:
    chance = Random(seed)
    bounds = [
        bound for name in offerings for bound in chance.choice((nested, nested, overlapping))(chance, name)
    ]
    return AllocationProblem(
        tuple(person(chance, number, offerings) for number in range(people)),
        {name: chance.randint(0, 3) for name in offerings},
        tuple(bounds),
        tuple(
            SeatHolder(f"T{number}", chance.choice(offerings), attributes(chance))
            for number in range(chance.choice((0, 0, 1, 2)) if taken else 0)
        ),
    )


def large(seed: int) -> AllocationProblem:
    """A market too large to try out: hundreds of people, bounds of tens, an offering with a floor for each commune."""
    chance = Random(seed)
    offerings = "UVXYZ"
    bounds = [
        Bound({"commune": f"c{number}"}, at_least=chance.randint(0, 2), hard=False, offering="U")
        for number in range(90)
    ]
    for name in offerings[1:]:
        made = (nested if chance.random() < 0.6 else overlapping)(chance, name)
        bounds += [
            replace(
                bound,
                at_least=None if bound.at_least is None else chance.randint(0, 30),
                at_most=None if bound.at_most is None else chance.randint(0, 30),
            )
            for bound in made
        ]
    people = tuple(
        replace(each, attributes={**each.attributes, "commune": f"c{chance.randrange(110)}"})
        for each in (person(chance, number, offerings) for number in range(chance.randint(50, 350)))
    )
    taken = tuple(
        SeatHolder(f"T{number}", chance.choice(offerings), {**attributes(chance), "commune": "c1"})
        for number in range(chance.choice((0, 5, 25)))
    )
    return AllocationProblem(
        people, {name: chance.randint(0, 100) for name in offerings}, tuple(bounds), taken
    )
