"""The choice of an offering under sealed rules: who contends, who enters by right, and what prices add to marks.

Pure: a ranking and the rules as they apply to its files in, the choice out, or why there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from cohortmgr.base.errors import N_, Problem, Refused, as_json
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Prices
from cohortmgr.selection.ranking import BY_HAND, BY_RIGHT, RankedCandidate, Ranking, lot

_LEFT = {
    BY_RIGHT: N_(
        "Le dossier %(number)s entre de droit, mais la personne ne concourt plus : ce droit ne compte plus."
    ),
    BY_HAND: N_(
        "La commission a décidé du dossier %(number)s, mais la personne ne concourt plus : cela ne compte plus."
    ),
}
_SET_ASIDE = {
    BY_RIGHT: N_(
        "Le dossier %(number)s entre de droit, mais il est mis de côté pour %(kept)s, de la même personne : nommez "
        "celui-ci dans les règles, ou défaites leur réunion."
    ),
    BY_HAND: N_(
        "La commission a décidé du dossier %(number)s, mais il est mis de côté pour %(kept)s, de la même personne : "
        "décidez de celui-ci, puis laissez la note décider de l’autre."
    ),
}
_NOT_ELIGIBLE = {
    BY_RIGHT: N_(
        "Le dossier %(number)s entre de droit, mais il ne remplit pas les conditions : corrigez ce qui en a été dit, "
        "ou ôtez ce droit des règles."
    ),
    BY_HAND: N_(
        "La commission donne une place au dossier %(number)s, mais il ne remplit pas les conditions : corrigez ce qui "
        "en a été dit, ou laissez la note décider."
    ),
}
_UNKNOWN = N_(
    "Le dossier %(number)s entre de droit, mais cette campagne n’a aucun dossier de ce numéro : ôtez-le des règles."
)
_UNRANKED = {
    BY_RIGHT: N_(
        "Le dossier %(number)s entre de droit, mais il n’est pas encore classé : il lui manque des notes, ou une "
        "réponse sur les conditions."
    ),
    BY_HAND: N_(
        "La commission a décidé du dossier %(number)s, mais il n’est pas encore classé : il lui manque des notes, ou "
        "une réponse sur les conditions."
    ),
}


class Absence(StrEnum):
    """Why a file that rules or the jury name is not among those that are chosen from."""

    LEFT = "left"
    SET_ASIDE = "set_aside"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AbsentFile:
    """A file that enters by right, or of which the jury decided (`by`), and that cannot be ranked; `kept` is the number
    of the file for which it was set aside.

    Who left is told and stops nothing: it was theirs to do. What the house did to a file stops a proposal, for the jury
    would take it that the person has what was decided."""

    number: str
    by: str
    why: Absence
    kept: str = ""

    @property
    def stops(self) -> bool:
        """Whether nothing is proposed before somebody mended it."""
        return self.why is not Absence.LEFT

    @property
    def problem(self) -> Problem:
        """What happened to it, and what to do."""
        values = {"number": self.number}
        if self.why is Absence.SET_ASIDE:
            return Problem(_SET_ASIDE[self.by], {**values, "kept": self.kept or "—"}, "rules")
        if self.why is Absence.UNKNOWN:
            return Problem(_UNKNOWN, values, "rules")
        return Problem((_LEFT if self.why is Absence.LEFT else _NOT_ELIGIBLE)[self.by], values, "rules")


_GROUP_GONE = N_(
    "Le formulaire ne demande plus ce qui dit qui est de ce groupe : %(group)s. La borne scellée ne compterait plus "
    "personne, ou pas tous. Remettez la question, ou changez les règles et scellez-les de nouveau."
)


@dataclass(frozen=True)
class HandMove:
    """That the jury gives a file a seat, or keeps it out, whatever its mark, and why; `offering` is the key of that
    in which it has the seat, where there are several."""

    is_in: bool
    reason: str
    offering: str = ""


@dataclass(frozen=True)
class AppliedRules:
    """The sealed rules of an offering as they apply to its files, by number: `attributes` that bounds name, the
    references under which lots are drawn and certificates speak of files (`names`), the reasons of those who enter by
    `right`, and moves by `hand`; `absent` are files of either that cannot be ranked. `labels` name the group of each
    bound. `seats` are those that were sealed, and `ties` the keys of the criteria that tell equal marks apart, in
    order. `gone` are the labels of the bounds whose group the form does not know any more: they would count nobody, or
    those alone who answered an earlier form."""

    bounds: tuple[Bound, ...]
    labels: tuple[Problem, ...]
    attributes: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]
    seats: int
    ties: tuple[str, ...] = ()
    right: Mapping[str, str] = field(default_factory=dict)
    hand: Mapping[str, HandMove] = field(default_factory=dict)
    gone: tuple[Problem, ...] = ()
    absent: tuple[AbsentFile, ...] = ()

    @property
    def lost_groups(self) -> tuple[Problem, ...]:
        """That the form cannot tell any more who is of a bound's group, for each: nobody is chosen meanwhile."""
        return tuple(Problem(_GROUP_GONE, {"group": each}, "rules") for each in self.gone)

    @property
    def outright(self) -> dict[str, str]:
        """By which of them a file has a seat, or is kept out, whatever its mark; the jury's hand before a right."""
        return {**dict.fromkeys(self.right, BY_RIGHT), **dict.fromkeys(self.hand, BY_HAND)}

    @property
    def kept_out(self) -> frozenset[str]:
        """The numbers of the files that the jury keeps out."""
        return frozenset(number for number, move in self.hand.items() if not move.is_in)

    def groups(self, number: str) -> tuple[int, ...]:
        """The places of the bounds that count a file."""
        attributes = self.attributes.get(number, {})
        kind = tuple(attributes.get(key) for key in self._keys)
        found = self._groups.get(kind)
        if found is None:
            places = (place for place, bound in enumerate(self.bounds) if bound.counts(attributes))
            found = self._groups[kind] = tuple(places)
        return found

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return tuple(sorted({key for bound in self.bounds for key in bound.where}))

    @cached_property
    def _groups(self) -> dict[tuple[str | None, ...], tuple[int, ...]]:
        """The groups of each kind of file: thousands of files are of a few kinds."""
        return {}


@dataclass(frozen=True)
class BoundedChoice:
    """Who is chosen of a ranking under rules, with proof and prices; or the `conflict` for which nobody can be.

    `problem` says who contended, by the names that certificates give them; `unranked` are the numbers of files by right
    or by hand that are not ranked yet."""

    rules: AppliedRules
    problem: ChoiceProblem
    choice: Choice | None
    conflict: tuple[Problem, ...] = ()
    unranked: tuple[str, ...] = ()

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The numbers of all who have a seat, those by right among them."""
        if self.choice is None:
            return frozenset()
        numbers = {name: number for number, name in self.rules.names.items()}
        return frozenset(numbers[name] for name in (*self.choice.chosen, *self.problem.taken))

    def prices_of(self, number: str) -> list[tuple[int, Fraction]]:
        """The place of each bound that counts a file and has a price, with the price in thousandths; of a whole type,
        since seats are whole, the place is -1."""
        if self.choice is None:
            return []
        prices, groups = self.choice.prices, self.rules.groups(number)
        found = [(place, prices.bounds[place]) for place in groups] + [(-1, prices.splits.get(groups, 0))]
        return [(place, Fraction(price, prices.scale)) for place, price in found if price]

    def added(self, number: str) -> Fraction:
        """What the prices add to the mark of a file, in thousandths."""
        groups = self.rules.groups(number)
        if groups not in self._added:
            self._added[groups] = sum((price for _place, price in self.prices_of(number)), Fraction(0))
        return self._added[groups]

    @cached_property
    def _added(self) -> dict[tuple[int, ...], Fraction]:
        return {}

    @property
    def is_all_taken(self) -> bool:
        """Whether all seats went by right or by hand."""
        return (
            self.choice is not None and not self.choice.chosen and len(self.problem.taken) == self.rules.seats
        )

    @property
    def threshold(self) -> Fraction | None:
        """The sum that a file must exceed, in thousandths; None while seats are left empty, and where all are taken by
        right or by hand: no mark would have done."""
        if self.choice is None or self.choice.prices.threshold is None or not self.choice.chosen:
            return None
        return Fraction(self.choice.prices.threshold, self.choice.prices.scale)

    @property
    def told(self) -> dict[str, Any]:
        """What pages say of it, as JSON holds it: each bound with the name of its group, how many were chosen and its
        price, the prices of whole types, and the threshold, in whole thousandths; or the conflict."""
        counted = Counter(place for number in self.chosen for place in self.rules.groups(number))
        prices = self.choice.prices if self.choice is not None else None
        return {
            "bounds": [
                {
                    "group": as_json(label),
                    "at_least": bound.at_least,
                    "at_most": bound.at_most,
                    "hard": bound.hard,
                    "chosen": counted[place],
                    "price": round(Fraction(prices.bounds[place], prices.scale)) if prices else 0,
                }
                for place, (bound, label) in enumerate(zip(self.rules.bounds, self.rules.labels, strict=True))
            ],
            "whole": [{"bounds": list(groups), "price": price} for groups, price in self._whole()],
            "threshold": None if self.threshold is None else round(self.threshold),
            "by_lot": len(prices.by_lot) if prices else 0,
            "shortfall": self.choice.shortfall if self.choice else 0,
            "filled": self.choice.filled if self.choice else 0,
            "right": sum(each not in self.rules.hand for each in self.rules.right if each in self.chosen),
            "hand": len(self.rules.hand),
            "seats": self.rules.seats,
            "all_taken": self.is_all_taken,
            "ties": list(self.rules.ties),
            "conflict": [as_json(problem) for problem in self.conflict],
            "absent": [{"problem": as_json(each), "kind": kind} for each, kind in self._absent()],
        }

    def _absent(self) -> list[tuple[Problem, str]]:
        """What is to be told of each file that rules or moves name, and the kind of notice: what stops a proposal, what
        waits for marks as all files do, what is no more than news."""
        outright = self.rules.outright
        waiting = [(Problem(_UNRANKED[outright[each]], {"number": each}), "wait") for each in self.unranked]
        return [(each.problem, "stop" if each.stops else "info") for each in self.rules.absent] + waiting

    def _whole(self) -> list[tuple[tuple[int, ...], int]]:
        prices = self.choice.prices if self.choice is not None else Prices(1, (), None)
        return [(groups, round(Fraction(price, prices.scale))) for groups, price in prices.splits.items()]


def choose_from(ranking: Ranking, rules: AppliedRules) -> BoundedChoice:
    """Choose from a ranking, which was made under the names of the rules, those who get the seats of an offering:
    nobody while the form cannot tell who is of a bound's group."""
    # numpy and scipy are loaded only where something is chosen under rules.
    from cohortmgr.selection.choosing.choice import choose

    outright = rules.outright
    rows = [row for row in ranking.rows if row.is_in]
    contenders = tuple(_contender(row, ranking.seed, rules) for row in rows if row.reference not in outright)
    taken = {
        rules.names[row.reference]: rules.groups(row.reference) for row in rows if row.reference in outright
    }
    problem = ChoiceProblem(contenders, rules.seats, rules.bounds, taken)
    if rules.gone:
        return BoundedChoice(rules, problem, None, rules.lost_groups)
    try:
        return BoundedChoice(rules, problem, choose(problem))
    except Refused as refusal:
        return BoundedChoice(rules, problem, None, tuple(_named(each, rules) for each in refusal.problems))


def _named(problem: Problem, rules: AppliedRules) -> Problem:
    """A problem of a bound with the name of its group in place of its values."""
    place = problem.values.get("bound")
    if not isinstance(place, int):
        return problem
    return replace(problem, values={**problem.values, "group": rules.labels[place]})


def _contender(row: RankedCandidate, seed: str, rules: AppliedRules) -> Contender:
    name = rules.names[row.reference]
    return Contender(name, row.mean, row.tie, int(lot(seed, name), 16), rules.groups(row.reference))
