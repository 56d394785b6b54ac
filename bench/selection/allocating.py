"""`python -m bench.selection.allocating`: seats of offerings given out under bounds, beside plain deferred acceptance.

The plain one starts from the same values and knows no bound: it sorts people, numbers their wishes, and keeps a heap an
offering. 14,000 people over 1,400 offerings are figures of `python -m bench`; the command measures 100,000 over 5,000
too, with the certificate and its verification.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from heapq import heappush, heappushpop
from statistics import median
from typing import Any

from bench.figures import Figure
from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant
from cohortmgr.selection.allocation.statement import AllocationContext, allocation_statement
from cohortmgr.selection.certificate import digest
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.ranking import lot
from cohortmgr.selection.verify import findings

WISHES, SEED = 10, "bench"
SIZES = ((14_000, 1_400, 9), (100_000, 5_000, 18))
MOST = {"none": 6.0, "nested": 20.0, "overlapping": 20.0}
"""How many times the CPU of the plain one each shape of bounds may take."""


def market(people: int, offerings: int, seats: int, shape: str) -> AllocationProblem:
    """People of twelve regions and two sexes who rank ten offerings each; six bounds an offering, or five."""
    chance = random.Random(1)
    names = [f"X{number}" for number in range(offerings)]
    applicants = []
    for number in range(people):
        reference = f"A{number}"
        attributes = {"region": f"R{chance.randrange(12)}", "sex": chance.choice("FM")}
        wishes = tuple(chance.sample(names, WISHES))
        drawn = int(lot(SEED, reference), 16)
        applicants.append(Applicant(reference, chance.randint(8_000, 19_000), (), drawn, wishes, attributes))
    bounds = tuple(bound for name in names for bound in _bounds(name, seats, shape))
    return AllocationProblem(tuple(applicants), dict.fromkeys(names, seats), bounds)


def _bounds(name: str, seats: int, shape: str) -> Iterator[Bound]:
    if shape == "none":
        return
    for region in range(0, 12, 3):
        yield Bound({"region": f"R{region}"}, at_least=1, hard=False, offering=name)
    if shape == "overlapping":
        yield Bound({"sex": "F"}, at_least=seats // 2, hard=False, offering=name)
        return
    yield Bound({"region": "R1"}, at_most=3, offering=name)
    yield Bound({"region": "R0", "sex": "F"}, at_least=1, hard=False, offering=name)


def plain(problem: AllocationProblem) -> list[list[int]]:
    """Deferred acceptance without bounds, and nothing else."""
    ranked = sorted(problem.applicants, key=lambda each: each.priority)
    number = {name: place for place, name in enumerate(problem.seats)}
    wishes = [[number[wish] for wish in each.wishes] for each in ranked]
    seats = list(problem.seats.values())
    held: list[list[int]] = [[] for _ in seats]
    asked = [0] * len(ranked)
    for start in range(len(ranked)):
        rank: int | None = start
        while rank is not None:
            rank = _asks(rank, wishes[rank], asked, held, seats)
    return held


def _asks(
    rank: int, wishes: Sequence[int], asked: list[int], held: list[list[int]], seats: list[int]
) -> int | None:
    while asked[rank] < len(wishes):
        offering = wishes[asked[rank]]
        asked[rank] += 1
        if len(held[offering]) < seats[offering]:
            heappush(held[offering], -rank)
            return None
        out = -heappushpop(held[offering], -rank)
        if out != rank:
            return out
    return None


def _cost(act: Callable[[], Any]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


def allocating() -> Iterator[Figure]:
    """CPU of an allocation of 14,000 as a multiple of the plain one's: the median of five rounds, both in each."""
    people, offerings, seats = SIZES[0]
    for shape, most in MOST.items():
        problem = market(people, offerings, seats, shape)
        rounds = [(_cost(lambda: allocate(problem)), _cost(lambda: plain(problem))) for _ in range(5)]  # noqa: B023
        ours, theirs = (median(pair[place] for pair in rounds) for place in (0, 1))
        ratio = median(one / other for one, other in rounds)
        beside = f"{ours:.2f} s CPU, plain {theirs:.2f} s CPU, {people:,} people, {offerings:,} offerings"
        yield Figure(f"seats of offerings, bounds {shape}", ratio, "×", most, beside)


def main() -> None:
    """Print seconds of CPU for both sizes and each shape."""
    argparse.ArgumentParser(prog="python -m bench.selection.allocating", description=__doc__).parse_args()
    for people, offerings, seats in SIZES:
        for shape in MOST:
            problem = market(people, offerings, seats, shape)
            bare, ours = _cost(lambda: plain(problem)), _cost(lambda: allocate(problem))  # noqa: B023
            content = allocation_statement(problem, allocate(problem), AllocationContext(SEED))
            made = {**content, "sha256": digest(content)}
            found: list[Any] = []
            checked = _cost(lambda: found.extend(findings(made)))  # noqa: B023
            print(
                f"{people:,} people, {offerings:,} offerings, bounds {shape}: plain {bare:.2f} s, "
                f"allocated {ours:.2f} s ({ours / bare:.1f} ×), verified {checked:.2f} s, {len(found)} findings",
                flush=True,
            )


if __name__ == "__main__":
    main()
