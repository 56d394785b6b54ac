"""What an allocation is, by trying everything: an offering's choice among all sets, stability among all outcomes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations, permutations, product

from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant, SeatHolder
from cohortmgr.selection.choosing.rules import Bound

# The offering of each person, by reference; None where they have none.
Outcome = Mapping[str, str | None]


def nests(bounds: Sequence[Bound]) -> bool:
    """Whether any two groups stand in one another or share nobody, by the people that one could think of."""
    values: dict[str, set[str | None]] = {}
    for bound in bounds:
        for key, value in bound.where.items():
            values.setdefault(key, {None}).add(value)
    people = [
        {key: value for key, value in zip(values, each, strict=True) if value is not None}
        for each in product(*values.values())
    ]
    for one, other in combinations(bounds, 2):
        first, second = ({n for n, each in enumerate(people) if b.counts(each)} for b in (one, other))
        if first & second and first - second and second - first:
            return False
    return True


def most_filled(bounds: Sequence[Bound], people: Sequence[Mapping[str, str]]) -> int:
    """How many reserved places people can fill, each at most one, by trying every order of filling."""
    places = [bound for bound in bounds for _ in range(bound.at_least or 0)]
    best = 0
    for order in permutations(range(len(people)), min(len(people), len(places))):
        for kept in combinations(places, len(order)):
            best = max(best, sum(b.counts(people[n]) for b, n in zip(kept, order, strict=True)))
    return best


def missed(bounds: Sequence[Bound], people: Sequence[Mapping[str, str]]) -> int:
    """How many people soft bounds miss, by the rule that they have."""
    if not nests(bounds):
        return sum(bound.at_least or 0 for bound in bounds) - most_filled(bounds, people)
    total = 0
    for bound in bounds:
        count = sum(map(bound.counts, people))
        total += max(0, (bound.at_least or 0) - count)
        if not bound.hard and bound.at_most is not None:
            total += max(0, count - bound.at_most)
    return total


def chosen(
    pool: Collection[Applicant], seats: int, bounds: Sequence[Bound], taken: Sequence[SeatHolder] = ()
) -> frozenset[str]:
    """Whom an offering takes: as many as may be, of these sets one by which bounds miss fewest, of these the best."""
    ranked = sorted(pool, key=lambda each: each.priority)
    there = [each.attributes for each in taken]

    def may_be(places: Sequence[int]) -> bool:
        if len(places) + len(taken) > seats and places:
            return False
        return all(
            not bound.hard
            or bound.at_most is None
            or not (mine := sum(bound.counts(ranked[n].attributes) for n in places))
            or mine + sum(map(bound.counts, there)) <= bound.at_most
            for bound in bounds
        )

    sets = (places for size in range(len(ranked) + 1) for places in combinations(range(len(ranked)), size))
    best = min(
        (places for places in sets if may_be(places)),
        key=lambda places: (
            -len(places),
            missed(bounds, [*there, *(ranked[n].attributes for n in places)]),
            places,
        ),
    )
    return frozenset(ranked[n].reference for n in best)


Choosing = Callable[[str, Collection[Applicant]], frozenset[str]]


def choosing(problem: AllocationProblem) -> Choosing:
    """The choice of each offering, remembered."""
    known: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def choose(offering: str, pool: Collection[Applicant]) -> frozenset[str]:
        key = offering, frozenset(each.reference for each in pool)
        if key not in known:
            bounds = [bound for bound in problem.bounds if bound.offering == offering]
            taken = [each for each in problem.taken if each.offering == offering]
            known[key] = chosen(pool, problem.seats[offering], bounds, taken)
        return known[key]

    return choose


def place_of(person: Applicant, offering: str | None) -> int:
    """How dear an offering is: 0 is the dearest, having none comes after all wishes."""
    return len(person.wishes) if offering is None else person.wishes.index(offering)


def is_stable(problem: AllocationProblem, outcome: Outcome, choose: Choosing) -> bool:
    """Whether each offering chooses just its own from them and all who prefer it."""
    for offering in problem.seats:
        pool = [
            each
            for each in problem.applicants
            if offering in each.wishes and place_of(each, offering) <= place_of(each, outcome[each.reference])
        ]
        own = {reference for reference, given in outcome.items() if given == offering}
        if choose(offering, pool) != own:
            return False
    return True


def stable_outcomes(problem: AllocationProblem, choose: Choosing) -> Iterator[Outcome]:
    """Every stable outcome there is."""
    names = [each.reference for each in problem.applicants]
    for given in product(*((*each.wishes, None) for each in problem.applicants)):
        outcome = dict(zip(names, given, strict=True))
        if is_stable(problem, outcome, choose):
            yield outcome
