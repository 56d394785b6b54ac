"""Chooses under bounds, and proves in whole numbers what it returns.

Hard bounds hold, as many seats as they allow are filled, then the fewest people are missing in soft bounds, then marks,
ties and lots decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.selection.choosing.branching import CountedChoice, TooManySplits, best_counts
from cohortmgr.selection.choosing.conflicts import conflict, told
from cohortmgr.selection.choosing.grouping import CountProblem, count_problem
from cohortmgr.selection.choosing.pricing import middle_prices
from cohortmgr.selection.choosing.proving import (
    PathSplit,
    UnprovedChoice,
    holding,
    leaf_value,
    require_proved,
    walked,
)
from cohortmgr.selection.choosing.rules import Choice, ChoiceProblem, Leaf, Prices, Split

_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_PLACES = NN_("%(num)s place", "%(num)s places")
_TOO_CROSSED = N_(
    "Les bornes se croisent de trop de façons : aucun choix n’a pu être prouvé le meilleur. Retirez-en une, ou "
    "rendez-la souple."
)


_TOO_MANY_TAKEN = N_(
    "Une place est donnée, par droit ou à la main, à %(people)s, mais il n’y a que %(places)s."
)
_CROSSED = N_("Au moins %(at_least)s et au plus %(at_most)s de %(group)s : le plancher dépasse le plafond.")


def choose(problem: ChoiceProblem) -> Choice:
    """Return the best choice, its proof and its prices.

    Raises Refused, with a problem for each, if the problem is ill stated or if hard bounds contradict each other; and
    UnprovedChoice if the result's own proof fails, which is a fault of this program."""
    _require_stated(problem)
    most = min(problem.seats, len(problem.contenders) + len(problem.taken))
    try:
        counted, found, fuller = _fullest(problem, most - len(problem.taken))
    except TooManySplits:
        raise Refused(Problem(_TOO_CROSSED)) from None
    counts = found.counts or [0] * len(counted.types)
    _require_kept(counted, counts)
    proof, prices = _priced(problem, counted, counts, found.proof)
    require_proved(counted, proof, counted.objective(counts))
    _require_told(problem, counted, counts, prices)
    return Choice(
        _references(problem, counted, counts),
        counted.seats + len(problem.taken),
        counted.shortfall(counts),
        proof,
        prices,
        fuller,
    )


def _fullest(problem: ChoiceProblem, most: int) -> tuple[CountProblem, CountedChoice, Split | Leaf | None]:
    """The best choice of the most seats that hard bounds allow, and the proof that no more, up to `most`, are."""
    counted = count_problem(problem, most)
    found = best_counts(counted)
    while found.counts is None:
        seats = _next_seats(counted, found.proof)
        if seats < 0:
            raise Refused(*conflict(problem, count_problem(problem, most)))
        counted = count_problem(problem, seats)
        found = best_counts(counted)
    return counted, found, _fuller(counted, most) if counted.seats < most else None


def _fuller(counted: CountProblem, most: int) -> Split | Leaf:
    """The proof that no number of seats above those filled is possible."""
    more = replace(counted, seats=counted.seats + 1, most_seats=most)
    fuller = best_counts(more).proof
    require_proved(more, fuller, None)
    return fuller


def _next_seats(counted: CountProblem, proof: Split | Leaf) -> int:
    """The most seats, of fewer, that the same prices do not show to be impossible too; -1 without any."""
    most = -1
    for leaf, path in walked(proof):
        if leaf.seats < 0:
            without = leaf_value(counted, leaf, path) - leaf.seats * counted.seats
            most = max(most, without // -leaf.seats)
    return most


def _priced(
    problem: ChoiceProblem, counted: CountProblem, counts: Sequence[int], proof: Split | Leaf
) -> tuple[Split | Leaf, Prices]:
    """The proof, with the splits that prices ask for, and the prices. With seats left empty there is no threshold: who
    is out is kept out by hard bounds."""
    if counted.seats + len(problem.taken) < problem.seats:
        return proof, Prices(1, (0,) * len(problem.bounds), None)
    _leaf, path = holding(counted, proof, counts)
    told = middle_prices(counted, problem.contenders, counts, path)
    return _split_further(proof, path, told.further), told.prices


def _split_further(
    tree: Split | Leaf, path: Sequence[PathSplit], further: Sequence[PathSplit]
) -> Split | Leaf:
    """A tree in which the leaf at the end of a path is split without need: its prices prove both sides of each."""
    if isinstance(tree, Split):
        if path[0].above:
            return replace(tree, above=_split_further(tree.above, path[1:], further))
        return replace(tree, below=_split_further(tree.below, path[1:], further))
    if not further:
        return tree
    first, *rest = further
    side = replace(tree, splits=(*tree.splits, 0))
    held = _split_further(side, (), rest)
    below, above = (side, held) if first.above else (held, side)
    return Split(first.groups, first.most, below, above)


def _references(problem: ChoiceProblem, counted: CountProblem, counts: Sequence[int]) -> tuple[str, ...]:
    """Who is chosen, best first."""
    chosen = [
        (-weight, place)
        for each, count in zip(counted.types, counts, strict=True)
        for weight, place in zip(each.weights[:count], each.members, strict=False)
    ]
    return tuple(problem.contenders[place].reference for _weight, place in sorted(chosen))


def _require_kept(counted: CountProblem, counts: Sequence[int]) -> None:
    """Raise UnprovedChoice unless counts fill the seats and keep hard bounds."""
    limits = zip(counted.limits, counted.activity(counts), strict=True)
    is_kept = all(not limit.hard or not limit.missing(count) for limit, count in limits)
    within = all(0 <= count <= len(each.members) for each, count in zip(counted.types, counts, strict=True))
    if sum(counts) != counted.seats or not is_kept or not within:
        raise UnprovedChoice("a hard bound does not hold")


def _require_told(
    problem: ChoiceProblem, counted: CountProblem, counts: Sequence[int], prices: Prices
) -> None:
    """Raise UnprovedChoice unless each sum tells its decision, or is the threshold and left to ties or lots."""
    if prices.threshold is None:
        return
    level = set()
    for each, count in zip(counted.types, counts, strict=True):
        over = sum(prices.bounds[group] for group in each.groups) + prices.splits.get(each.groups, 0)
        asked = prices.threshold - over
        for rank, place in enumerate(each.members):
            total = problem.contenders[place].mark * prices.scale
            if total == asked:
                level.add(problem.contenders[place].reference)
            elif (total > asked) != (rank < count):
                raise UnprovedChoice(f"no sum tells the decision of {problem.contenders[place].reference}")
    if level != set(prices.by_lot):
        raise UnprovedChoice("those whom sums leave to ties or lots are not those named")


def _require_stated(problem: ChoiceProblem) -> None:
    """Raise Refused unless the problem says what it must."""
    taken, problems = len(problem.taken), []
    if problem.seats < 0:
        problems.append(Problem(N_("Le nombre de places ne peut pas être négatif."), {}, "seats"))
    elif taken > problem.seats:
        said = {"people": Quantity(*_PEOPLE, taken), "places": Quantity(*_PLACES, problem.seats)}
        problems.append(Problem(_TOO_MANY_TAKEN, said, "seats"))
    for place, bound in enumerate(problem.bounds):
        if bound.at_least is not None and bound.at_most is not None and bound.at_least > bound.at_most:
            problems.append(Problem(_CROSSED, told(problem, place)))
    counts = Counter([*(each.reference for each in problem.contenders), *problem.taken])
    for reference, count in counts.items():
        if count > 1:
            what = N_("Le dossier %(reference)s vient deux fois.")
            problems.append(Problem(what, {"reference": reference}, reference))
    if problems:
        raise Refused(*problems)
    _require_sound(problem)


def _require_sound(problem: ChoiceProblem) -> None:
    """Raise ValueError if whoever calls states contenders wrongly; no person can mend it."""
    ties = {len(each.ties) for each in problem.contenders}
    groups = {*(each.groups for each in problem.contenders), *problem.taken.values()}
    places = range(len(problem.bounds))
    if len(ties) > 1 or any(list(each) != sorted({*each} & {*places}) for each in groups):
        raise ValueError("contenders differ in ties, or their groups are no places of bounds in order")
