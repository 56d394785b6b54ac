"""Deferred acceptance: people ask for their wishes in turn, and each offering keeps for now whom it would choose.

Gale and Shapley, "College admissions and the stability of marriage", 1962; with choices that are substitutable and
take no fewer from more people, the outcome is stable, is the best that each person has in any stable outcome, and
nobody gains by hiding a wish or by its place (Hatfield and Milgrom, "Matching with contracts", 2005).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heappush, heappushpop

from cohortmgr.selection.allocation.groups import GroupFamily, GroupName, KindRegister, family_key
from cohortmgr.selection.allocation.nested import NestedSeats
from cohortmgr.selection.allocation.reserves import ReservedSeats
from cohortmgr.selection.allocation.rules import (
    Allocation,
    AllocationProblem,
    Applicant,
    Counting,
    bounds_by_offering,
    counting_of,
)
from cohortmgr.selection.choosing.rules import Bound


def allocate(problem: AllocationProblem) -> Allocation:
    """Give out the seats of several offerings by wishes, marks, ties and lots.

    Raises Refused for bounds that no offering can have here, ValueError for a wish or a seat of an offering that has
    no seats stated, and for a reference that comes twice."""
    bounds = bounds_by_offering(problem)
    _require_sound(problem)
    return _Market(problem, bounds).run()


def _require_sound(problem: AllocationProblem) -> None:
    references = [each.reference for each in problem.applicants]
    references += [each.reference for each in problem.taken]
    if len(set(references)) != len(references):
        raise ValueError("a reference comes twice")
    wished = {wish for each in problem.applicants for wish in each.wishes}
    if not wished | {each.offering for each in problem.taken} <= problem.seats.keys():
        raise ValueError("an offering has no seats stated")
    if any(seats < 0 for seats in problem.seats.values()):
        raise ValueError("seats cannot be fewer than none")


class _Market:
    """The state between two wishes. Offerings without bounds are a heap each; the others choose for themselves."""

    def __init__(self, problem: AllocationProblem, bounds: Mapping[str, tuple[Bound, ...]]) -> None:
        self.counting = counting_of(problem.bounds)
        self.names = tuple(problem.seats)
        self.people: Sequence[Applicant] = sorted(problem.applicants, key=lambda each: each.priority)
        number = {name: place for place, name in enumerate(self.names)}
        self.wishes = [[number[wish] for wish in each.wishes] for each in self.people]
        kinds = KindRegister({name for bound in problem.bounds for name in bound.where})
        self.kinds = [kinds.kind(each.attributes) for each in self.people]
        self.taken = Counter(each.offering for each in problem.taken)
        self.left = [max(0, problem.seats[name] - self.taken[name]) for name in self.names]
        self.heaps: list[list[int]] = [[] for _ in self.names]
        self.families: dict[tuple[GroupName, ...], GroupFamily] = {}
        self.choosing: list[tuple[NestedSeats | ReservedSeats, GroupFamily] | None] = [None] * len(self.names)
        for offering, own in bounds.items():
            key = family_key(own)
            family = self.families.setdefault(key, GroupFamily(key))
            made = NestedSeats if self.counting[offering] is Counting.EACH else ReservedSeats
            self.choosing[number[offering]] = (made(problem.seats[offering], family, own), family)
        for each in problem.taken:
            if (chooser := self.choosing[number[each.offering]]) is not None:
                chooser[0].take(chooser[1].met(kinds.kind(each.attributes), each.attributes))

    def run(self) -> Allocation:
        """Let everybody ask, the best first: few are turned away from what they hold then."""
        asked = [0] * len(self.people)
        for start in range(len(self.people)):
            rank: int | None = start
            while rank is not None:
                rank = self._ask(rank, asked)
        return self._outcome()

    def _ask(self, rank: int, asked: list[int]) -> int | None:
        """Let somebody ask for the wishes that they have not asked for, up to one that takes them; return whom it turns
        away for them."""
        wishes, place = self.wishes[rank], asked[rank]
        while place < len(wishes):
            offering = wishes[place]
            place += 1
            chooser = self.choosing[offering]
            if chooser is not None:
                met = chooser[1].met(self.kinds[rank], self.people[rank].attributes)
                out = chooser[0].consider(rank, met)
            elif len(heap := self.heaps[offering]) < self.left[offering]:
                heappush(heap, -rank)
                out = None
            else:
                out = -heappushpop(heap, -rank) if heap else rank
            if out != rank:
                asked[rank] = place
                return out
        asked[rank] = place
        return None

    def _outcome(self) -> Allocation:
        of_rank: dict[int, str] = {}
        filled, missed = {}, {}
        for place, name in enumerate(self.names):
            chooser = self.choosing[place]
            holders = [-held for held in self.heaps[place]] if chooser is None else chooser[0].holders()
            of_rank.update((rank, name) for rank in holders)
            filled[name] = len(holders) + self.taken[name]
            missed[name] = 0 if chooser is None else chooser[0].missed()
        offering_of = {self.people[rank].reference: of_rank[rank] for rank in sorted(of_rank)}
        counting = {name: self.counting.get(name, Counting.EACH) for name in self.names}
        return Allocation(offering_of, filled, missed, counting)
