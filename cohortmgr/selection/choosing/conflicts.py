"""Hard bounds that contradict each other, told in words: a set of which none could be left out.

That nothing is possible was proved before; here bounds are left out one after the other while it stays so (the deletion
filter of Chinneck and Dravnieks, 1991).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from cohortmgr.base.errors import N_, NN_, Problem, Quantity
from cohortmgr.selection.choosing.grouping import CountProblem
from cohortmgr.selection.choosing.rules import ChoiceProblem

_FILES = NN_("%(num)s dossier", "%(num)s dossiers")
_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_PLACES = NN_("%(num)s place", "%(num)s places")
_TOO_FEW = N_("Au moins %(at_least)s de %(group)s : on ne peut y retenir que %(files)s.")
_TOO_MANY = N_("Au plus %(at_most)s de %(group)s : une place y est déjà donnée à %(people)s.")
_FLOOR = N_("Au moins %(at_least)s de %(group)s : cela contredit les autres bornes citées.")
_CEILING = N_("Au plus %(at_most)s de %(group)s : cela contredit les autres bornes citées.")
_SEATS = N_("Il n’y a que %(places)s en tout : les bornes citées en demandent davantage.")


@dataclass(frozen=True)
class BoundSide:
    """A floor or a ceiling of a bound, by its place; the seats with None."""

    bound: int | None
    is_floor: bool = False


def conflict(problem: ChoiceProblem, counted: CountProblem) -> list[Problem]:
    """A problem for each of a set of hard bounds that no choice keeps, and of which none could be left out.

    `counted` has as many seats as contenders may have at most."""
    alone = [side for side in _sides(counted) if _is_impossible_alone(counted, side)]
    if alone:
        return [_alone(problem, counted, side) for side in alone]
    kept = [*_sides(counted), BoundSide(None)]
    for side in list(kept):
        without = [each for each in kept if each != side]
        if not _is_possible(counted, without):
            kept = without
    return [_together(problem, side) for side in kept]


def _sides(counted: CountProblem) -> Iterator[BoundSide]:
    for place, limit in enumerate(counted.limits):
        if limit.hard and limit.at_least is not None:
            yield BoundSide(place, is_floor=True)
        if limit.hard and limit.at_most is not None:
            yield BoundSide(place)


def _eligible(counted: CountProblem, bound: int) -> int:
    return sum(len(each.members) for each in counted.types if bound in each.groups)


def _is_impossible_alone(counted: CountProblem, side: BoundSide) -> bool:
    if side.bound is None:
        return False
    limit = counted.limits[side.bound]
    if side.is_floor:
        return _eligible(counted, side.bound) < (limit.at_least or 0)
    return (limit.at_most or 0) < 0


def _is_possible(counted: CountProblem, sides: Collection[BoundSide]) -> bool:
    """Whether whole counts keep these sides. Counts are small: the programme's tolerance does not reach a person."""
    kinds = len(counted.types)
    if not kinds:
        return all(not side.is_floor for side in sides)
    matrix, low, high = (
        np.zeros((len(sides), kinds)),
        np.full(len(sides), -np.inf),
        np.full(len(sides), np.inf),
    )
    for row, side in enumerate(sides):
        if side.bound is None:
            matrix[row], high[row] = 1, counted.seats
            continue
        matrix[row] = [side.bound in each.groups for each in counted.types]
        limit = counted.limits[side.bound]
        if side.is_floor:
            low[row] = limit.at_least
        else:
            high[row] = limit.at_most
    found = milp(
        np.zeros(kinds),
        integrality=np.ones(kinds),
        bounds=Bounds(0, [len(each.members) for each in counted.types]),
        constraints=[LinearConstraint(matrix, low, high)] if sides else [],
    )
    return bool(found.status == 0)


def told(problem: ChoiceProblem, bound: int) -> dict[str, object]:
    """What fills a message: the group by its values; `where` and `bound` let whoever shows it say labels instead."""
    stated = problem.bounds[bound]
    return {
        "group": ", ".join(stated.where.values()),
        "where": dict(stated.where),
        "bound": bound,
        "at_least": stated.at_least,
        "at_most": stated.at_most,
    }


def _alone(problem: ChoiceProblem, counted: CountProblem, side: BoundSide) -> Problem:
    bound = side.bound or 0
    taken = sum(bound in groups for groups in problem.taken.values())
    if side.is_floor:
        files = Quantity(*_FILES, _eligible(counted, bound) + taken)
        return Problem(_TOO_FEW, {**told(problem, bound), "files": files})
    return Problem(_TOO_MANY, {**told(problem, bound), "people": Quantity(*_PEOPLE, taken)})


def _together(problem: ChoiceProblem, side: BoundSide) -> Problem:
    if side.bound is None:
        return Problem(_SEATS, {"places": Quantity(*_PLACES, problem.seats)})
    return Problem(_FLOOR if side.is_floor else _CEILING, told(problem, side.bound))
