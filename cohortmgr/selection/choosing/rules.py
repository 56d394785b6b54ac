"""The values of a choice: bounds over attributes of files, the rules that an intake seals, who contends for a seat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bound:
    """How many of a group are to be chosen: `where` names attributes and the value that each has, and several mean all.

    A hard bound holds or nothing is chosen; a soft one costs as little as it can: its shortfall is the people missing
    below `at_least` or above `at_most`. `offering` is the one that it speaks of, where there are several."""

    where: Mapping[str, str]
    at_least: int | None = None
    at_most: int | None = None
    hard: bool = True
    offering: str = ""

    def counts(self, attributes: Mapping[str, str]) -> bool:
        """Whether a file with these attributes is of the group."""
        return all(attributes.get(key) == value for key, value in self.where.items())


@dataclass(frozen=True)
class Contender:
    """A file that may be chosen. Marks and ties are thousandths, higher first; `lot` is a number, lower first; `groups`
    are the places of the bounds that count it, in order."""

    reference: str
    mark: int
    ties: tuple[int, ...]
    lot: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChoiceProblem:
    """Who contends for how many seats under which bounds. `taken` are those who have a seat whatever their mark, by
    right or by hand, with the groups that count them: they fill seats and count in bounds, and are not contenders."""

    contenders: tuple[Contender, ...]
    seats: int
    bounds: tuple[Bound, ...] = ()
    taken: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Leaf:
    """Prices that prove a part of the tree, in `1/scale` of a weight's unit: of each bound (at or above nought on
    `at_most`, at or below it on `at_least`), of the seats, and of each split above it, in the order of the path. With
    `impossible`, weights count as nought and the bound that they give is below nought: nobody can be chosen so."""

    scale: int
    bounds: tuple[int, ...]
    seats: int
    splits: tuple[int, ...] = ()
    impossible: bool = False


@dataclass(frozen=True)
class Split:
    """A tree of which `below` holds where at most `most` of a type are chosen, `above` where more are. `groups` are
    those of the type."""

    groups: tuple[int, ...]
    most: int
    below: Split | Leaf
    above: Split | Leaf


@dataclass(frozen=True)
class Prices:
    """What tells each decision: a contender is chosen exactly when its mark (in thousandths) plus the prices of its
    bounds exceeds `threshold`, all in `1/scale` of a thousandth; where it equals it, ties and lots decide (`by_lot`).

    A bound's price is added to the marks of its group: above nought where a floor helps it, below where a ceiling holds
    it back. `splits` are prices of whole types (by their groups), since seats are whole. `threshold` is None with seats
    left empty."""

    scale: int
    bounds: tuple[int, ...]
    threshold: int | None
    splits: Mapping[tuple[int, ...], int] = field(default_factory=dict)
    by_lot: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Who is chosen (references, those of `taken` apart), how many seats are filled with them, how many people soft
    bounds miss, the proof that nothing is better, and the prices. `fuller` proves that no number of seats between those
    filled and those that could be is possible; None where all are filled, or all contenders are chosen."""

    chosen: tuple[str, ...]
    filled: int
    shortfall: int
    proof: Split | Leaf
    prices: Prices
    fuller: Split | Leaf | None = None
