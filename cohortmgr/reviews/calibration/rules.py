"""What is said of marks and of chances: in whole thousandths of a point, and no arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import exp, lgamma, sqrt

from cohortmgr.base.errors import N_


class ChanceWord(StrEnum):
    """What a chance of standing among the first is called; the order is that of the list."""

    SURE = "sure"
    OPEN = "open"
    OUT = "out"


CHANCE_WORDS = {
    ChanceWord.SURE: N_("Sûr"),
    ChanceWord.OPEN: N_("À discuter"),
    ChanceWord.OUT: N_("Hors d’atteinte"),
}
SURE, OUT = 0.95, 0.05
# How rarely chance alone may fill as much of a selection, for all readers together.
ONCE_IN = 1000


@dataclass(frozen=True)
class PhaseMark:
    """A file's mark in one phase, in thousandths, with its standard error and the weight of the phase.

    Computed criteria and results of tests have no error."""

    weight: int
    mark: int
    error: float = 0.0


def intake_mark(parts: Sequence[PhaseMark]) -> tuple[int, float]:
    """Return a file's mark in the intake, of its phases by weight, and its standard error: errors add by weight
    squared."""
    weights = sum(part.weight for part in parts)
    mark = round(Fraction(sum(part.weight * part.mark for part in parts), weights))
    return mark, sqrt(sum((part.weight * part.error) ** 2 for part in parts)) / weights


def chance_word(chance: float) -> ChanceWord:
    """Return what a chance is called."""
    return ChanceWord.SURE if chance >= SURE else ChanceWord.OUT if chance <= OUT else ChanceWord.OPEN


def doubtful_names(chances: Iterable[float]) -> float:
    """Return how many of those chosen are probably not among the best, by their chances."""
    return sum(1 - chance for chance in chances)


def chance_of_as_many(files: int, seats: int, read: int, chosen: int) -> float:
    """Return how likely chance alone puts `chosen` or more of the files that one reader read into the selection
    (hypergeometric)."""

    def ways(of: int, taken: int) -> float:
        return lgamma(of + 1) - lgamma(taken + 1) - lgamma(of - taken + 1)

    most, whole = min(read, seats), ways(files, seats)
    least = max(chosen, seats - (files - read), 0)
    return min(
        1.0,
        sum(exp(ways(read, k) + ways(files - read, seats - k) - whole) for k in range(least, most + 1)),
    )


def filled_by_one(
    read: Mapping[str, Collection[str]], chosen: Collection[str], files: int
) -> dict[str, tuple[int, float]]:
    """Return the readers whose files fill more of the selection than chance would once in a thousand: of each how many
    of their files were chosen, and how likely that is. `read` says which files each read.

    Readers are many, and one of them will stand out by chance: the bound is divided by their number."""
    taken, found = set(chosen), {}
    for reader, theirs in read.items():
        count = len(taken.intersection(theirs))
        chance = chance_of_as_many(files, len(taken), len(set(theirs)), count)
        if chance * ONCE_IN * len(read) < 1:
            found[reader] = (count, chance)
    return found


def pieces(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of readers who share no file with those of another, the largest first, each in the order in
    which they come. `pairs` are (file, reader)."""
    first: dict[str, str] = {}
    above: dict[str, str] = {}

    def top(reader: str) -> str:
        while above[reader] != reader:
            above[reader] = reader = above[above[reader]]
        return reader

    for file, reader in pairs:
        above.setdefault(reader, reader)
        one, other = top(first.setdefault(file, reader)), top(reader)
        above[other] = one
    groups: dict[str, list[str]] = {}
    for reader in above:
        groups.setdefault(top(reader), []).append(reader)
    return sorted(groups.values(), key=len, reverse=True)
