"""The certificate of a choice under bounds (format 6): rows, result, proof and prices, as a stranger verifies them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cohortmgr.selection.certificate import digest
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Leaf, Prices, Split
from cohortmgr.selection.ranking import lot
from cohortmgr.selection.verify import (
    CHOSEN,
    FORMAT_OF_CHOICE,
    HAND,
    KNOCKED_OUT,
    REFUSED,
    RIGHT,
    RULE_OF_CHOICE,
    SHORT,
    VERSION,
    WAITING,
    fault,
    inputs_of,
)


@dataclass(frozen=True)
class StatedFile:
    """A file as its certificate states it: the salted reference (at a desk the name as given), mark and ties in
    thousandths, and the attributes that bounds may name.

    `out` is `knocked_out` or `short` where the file may not be chosen. Where marks follow from a rubric, `marks` are
    its `phases` and `short` as `stating.marks_stated` gives them."""

    reference: str
    mark: int
    ties: tuple[int, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    out: str = ""
    marks: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StatedMove:
    """A file that the jury puts in, or keeps out, whatever its mark, and why."""

    reference: str
    is_in: bool
    reason: str


@dataclass(frozen=True)
class StatedSeal:
    """Who sealed the rules and when, as texts; whether marks were given before; each later change, as (on, by, reason);
    what was sealed, whole, of which `digest` is made; and for which of its offerings this chooses."""

    digest: str
    sealed_by: str
    sealed_on: str
    older_marks: bool = False
    changes: tuple[tuple[str, str, str], ...] = ()
    sealed: Mapping[str, Any] = field(default_factory=dict)
    offering: str = ""

    def as_json(self) -> dict[str, Any]:
        """The keys that it adds to the rules of a certificate; without an offering those of all of them at once."""
        return {
            "digest": self.digest,
            "sealed_by": self.sealed_by,
            "sealed_on": self.sealed_on,
            "sealed": dict(self.sealed),
            "older_marks": self.older_marks,
            "changes": [{"on": on, "by": by, "reason": reason} for on, by, reason in self.changes],
            **({"offering": self.offering} if self.offering else {}),
        }


@dataclass(frozen=True)
class StatedTerms:
    """What a choice rests on besides its files: the seed, the places on the waiting list, the names of the tie
    criteria, who enters by right (reason by reference), moves by hand, the seal, and how marks follow from scores."""

    seed: str
    waiting: int = 0
    ties: tuple[str, ...] = ()
    right: Mapping[str, str] = field(default_factory=dict)
    hand: tuple[StatedMove, ...] = ()
    seal: StatedSeal | None = None
    rubric: Mapping[str, Any] | None = None


def salted(salt: bytes, number: str) -> str:
    """Return the reference under which a certificate states a file, 64 hexadecimal digits: HMAC-SHA-256 (RFC 2104) of
    its number under the intake's secret salt, so that nobody finds a row by trying all numbers."""
    return hmac.new(salt, number.encode(), hashlib.sha256).hexdigest()


class SaltedNames(dict[str, str]):
    """The salted references of files by number, each made when it is first asked for: of whatever files there are."""

    def __init__(self, salt: str) -> None:
        super().__init__()
        self._salt = salt.encode()

    def __missing__(self, number: str) -> str:
        self[number] = name = salted(self._salt, number)
        return name


def lot_number(seed: str, reference: str) -> int:
    """Return the lot of a reference as a contender has it; the lower one is drawn first."""
    return int(lot(seed, reference), 16)


def choice_certificate(
    problem: ChoiceProblem, choice: Choice, files: Sequence[StatedFile], terms: StatedTerms
) -> dict[str, Any]:
    """Return the certificate of a choice. `files` are all that were considered: contenders, those who may not be
    chosen, those by right and by hand; references in `problem`, `choice` and `terms` are theirs.

    Raises ValueError for a contender or a chosen reference that is no file, and for a number that is no integer."""
    by = {**dict.fromkeys(terms.right, RIGHT), **{each.reference: HAND for each in terms.hand}}
    chosen = {*choice.chosen, *terms.right, *(each.reference for each in terms.hand if each.is_in)}
    contenders = {each.reference for each in problem.contenders}
    unknown = {*chosen, *by, *contenders} - {each.reference for each in files}
    if unknown:
        raise ValueError(f"no file is named {min(unknown)}")
    content: dict[str, Any] = {
        "format": FORMAT_OF_CHOICE,
        "version": VERSION,
        "rule": RULE_OF_CHOICE,
        "seats": problem.seats,
        "seed": terms.seed,
        "waiting": terms.waiting,
        "rules": _rules(problem.bounds, terms),
        "rows": _rows(problem.bounds, files, chosen, by, terms),
        "hand": [
            {"reference": each.reference, "in": each.is_in, "reason": each.reason} for each in terms.hand
        ],
        "right": [{"reference": each, "reason": reason} for each, reason in terms.right.items()],
        "filled": len(chosen),
        "shortfall": choice.shortfall,
        "total": _total(problem, set(choice.chosen), len(terms.ties)),
        "proof": {
            "best": tree_stated(choice.proof),
            "fuller": None if choice.fuller is None else tree_stated(choice.fuller),
        },
        "prices": _prices(choice.prices),
    }
    content["inputs"] = inputs_of(content["rows"])
    if terms.rubric is not None:
        content["rubric"] = terms.rubric
    if fault(content):
        raise ValueError("a certificate holds integers and texts only")
    return {**content, "sha256": digest(content)}


def _rules(bounds: Iterable[Bound], terms: StatedTerms) -> dict[str, Any]:
    stated = {
        "bounds": [
            {
                "where": dict(each.where),
                "at_least": each.at_least,
                "at_most": each.at_most,
                "hard": each.hard,
            }
            for each in bounds
        ],
        "ties": list(terms.ties),
    }
    return stated if terms.seal is None else stated | terms.seal.as_json()


def _rows(
    bounds: Iterable[Bound],
    files: Sequence[StatedFile],
    chosen: set[str],
    by: Mapping[str, str],
    terms: StatedTerms,
) -> list[dict[str, Any]]:
    """The rows, best first: who may be chosen, who stopped before the last phase, who is knocked out; of each the
    greater mark, then tie criteria, then the lower lot."""
    named = {name for each in bounds for name in each.where}
    left = terms.waiting
    rows = []
    for rank, each in enumerate(sorted(files, key=lambda file: _order(file, terms.seed)), start=1):
        placed = by.get(each.reference)
        waits = each.reference not in chosen and not placed and not each.out and left > 0
        left -= waits
        row = {
            "reference": each.reference,
            "mark": each.mark,
            "tie": list(each.ties),
            "attributes": {name: value for name, value in each.attributes.items() if name in named},
            "outcome": CHOSEN if each.reference in chosen else WAITING if waits else REFUSED,
            "rank": rank,
        }
        rows.append(row | ({"by": placed} if placed else {}) | ({"out": each.out} if each.out else {}))
        if terms.rubric is not None:
            rows[-1] |= each.marks or {}
    return rows


def _order(file: StatedFile, seed: str) -> tuple[bool, int, int, tuple[int, ...], str, str]:
    short = int(file.out == SHORT) if file.marks is None else file.marks["short"]
    ties = tuple(-value for value in file.ties)
    return file.out == KNOCKED_OUT, short, -file.mark, ties, lot(seed, file.reference), file.reference


def _total(problem: ChoiceProblem, chosen: set[str], ties: int) -> dict[str, Any]:
    """The sums over the contenders chosen; a lot counts by its place, the first of n as n - 1."""
    drawn = sorted(problem.contenders, key=lambda each: (each.lot, each.reference), reverse=True)
    found = [(place, each) for place, each in enumerate(drawn) if each.reference in chosen]
    return {
        "marks": sum(each.mark for _place, each in found),
        "ties": [sum(each.ties[tie] for _place, each in found) for tie in range(ties)],
        "lots": sum(place for place, _each in found),
    }


def tree_stated(tree: Split | Leaf) -> dict[str, Any]:
    """Return a proof as a certificate states it: a leaf, or a split with both its sides."""
    if isinstance(tree, Leaf):
        return {
            "scale": tree.scale,
            "bounds": list(tree.bounds),
            "seats": tree.seats,
            "splits": list(tree.splits),
            "impossible": tree.impossible,
        }
    return {
        "where": list(tree.groups),
        "most": tree.most,
        "below": tree_stated(tree.below),
        "above": tree_stated(tree.above),
    }


def _prices(prices: Prices) -> dict[str, Any]:
    return {
        "scale": prices.scale,
        "bounds": list(prices.bounds),
        "threshold": prices.threshold,
        "splits": [{"where": list(groups), "price": price} for groups, price in prices.splits.items()],
        "by_lot": list(prices.by_lot),
    }
