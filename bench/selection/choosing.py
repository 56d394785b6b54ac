"""Measure choices under bounds with their proofs and prices, each beside a bare call of HiGHS in the same run.

HiGHS is given the divisible programme of marks alone: no ties, no lots, no whole seats, no proof, no prices."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from bench.figures import Figure
from cohortmgr.base.errors import Refused
from cohortmgr.selection.choosing.choice import choose
from cohortmgr.selection.choosing.rules import ChoiceProblem
from tests.unit.selection.choosing.intakes import intake

FILES, SEATS, FAMILIES = 600, 30, ((14,), (12, 2), (8, 4, 2), (5, 4, 3, 2))
EACH = 25
MANY, MANY_SEATS, MANY_FAMILIES = 100_000, 14_000, (12, 9)
# How many segments of each type's files HiGHS is given where it would take a minute person by person.
SEGMENTS = 30


def choosing() -> Iterator[Figure]:
    """CPU of 600 → 30 under 14 bounds: the median, the worst, the median beside HiGHS; and of 100,000 → 14,000."""
    chance = random.Random(16)
    problems = [
        intake(chance, FILES, SEATS, families, soft=soft, step=step)
        for families in FAMILIES
        for soft in (0.0, 0.5)
        for step in (1, 250)
        for _ in range(EACH)
    ]
    choose(problems[0])
    spent = [_cpu(partial(_choose, problem)) * 1000 for problem in problems]
    bare = median(_cpu(partial(_bare, problem, FILES)) * 1000 for problem in problems)
    middle = median(spent)
    yield Figure("choosing 600 → 30, 14 bounds", middle, "ms CPU", 50, f"median of {len(problems)}")
    yield Figure("choosing 600 → 30, the worst", max(spent), "ms CPU", 300, f"of {len(problems)}")
    yield Figure("choosing 600 → 30, beside HiGHS", middle / bare, "×", 5, f"a bare call {bare:.1f} ms CPU")
    yield from _many()


def _many() -> Iterator[Figure]:
    problem = intake(random.Random(7), MANY, MANY_SEATS, MANY_FAMILIES)
    spent = min(_cpu(lambda: choose(problem)) for _ in range(2))
    bare = min(_cpu(lambda: _bare(problem, SEGMENTS)) for _ in range(2))
    beside = f"one call of HiGHS over {SEGMENTS} segments a type {bare:.2f} s"
    yield Figure("choosing 100,000 → 14,000", spent, "s CPU", 2, f"12 regions, 9 tracks; {beside}")
    yield Figure("choosing 100,000, beside HiGHS", spent / bare, "×", 20, beside)


def _choose(problem: ChoiceProblem) -> None:
    try:
        choose(problem)
    except Refused:
        return


def _cpu(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def _bare(problem: ChoiceProblem, segments: int) -> None:
    """The divisible programme: a column for each segment of a type's files, best first."""
    types: dict[tuple[int, ...], list[int]] = {}
    for each in problem.contenders:
        types.setdefault(each.groups, []).append(each.mark)
    worth: list[float] = []
    most: list[int] = []
    rows: list[int] = []
    columns: list[int] = []
    for groups, marks in types.items():
        marks.sort(reverse=True)
        for piece in np.array_split(np.array(marks), min(segments, len(marks))):
            rows += groups
            columns += [len(worth)] * len(groups)
            worth.append(-float(piece.mean()))
            most.append(len(piece))
    matrix = csr_array(
        (np.ones(len(rows)), (rows, columns)), shape=(len(problem.bounds), len(worth))
    ).toarray()
    low = [bound.at_least or 0 for bound in problem.bounds]
    high = [bound.at_most if bound.at_most is not None else problem.seats for bound in problem.bounds]
    linprog(
        worth,
        A_ub=csr_array(np.vstack([matrix, -matrix])),
        b_ub=np.array([*high, *(-each for each in low)]),
        A_eq=np.ones((1, len(worth))),
        b_eq=[problem.seats],
        bounds=np.column_stack([np.zeros(len(most)), most]),
        method="highs",
    )
