"""The choice of an intake with several offerings under sealed rules: seats are given by wishes and marks.

Pure: a ranking of all its files and the rules as they apply to them in, who has a seat of which offering out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cohortmgr.base.errors import N_, Problem, as_json
from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import (
    Allocation,
    AllocationProblem,
    Applicant,
    SeatHolder,
    misplaced,
)
from cohortmgr.selection.bounded import AppliedRules
from cohortmgr.selection.ranking import RankedCandidate, Ranking, lot
from cohortmgr.selection.reasons.refusing import PartingLine, parting_line
from cohortmgr.selection.rules import Outcome

_NOWHERE = N_(
    "Le dossier %(number)s a une place de droit ou par la commission, mais son choix n’a pas de places dans les règles "
    "scellées : changez-les, ou décidez de ce dossier à la main."
)
_TOO_MANY = N_(
    "« %(offering)s » a plus de personnes de droit et par la commission que de places : %(people)s, et %(seats)s. "
    "Changez les règles, ou décidez d’un dossier à la main."
)


@dataclass(frozen=True)
class JointRules(AppliedRules):
    """The sealed rules of an intake as they apply to the files of all its offerings at once: `offerings` are the sealed
    seats of each by its key, `wishes` the offerings of today that each file asks for, the dearest first, by its number.
    A wish for an offering that has no sealed seats was added after the seal, and gives none. `titles` name offerings;
    `offered` are the seats that each has today."""

    offerings: Mapping[str, int] = field(default_factory=dict)
    wishes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    offered: Mapping[str, int] = field(default_factory=dict)

    def wished(self, number: str) -> tuple[str, ...]:
        """The wishes of a file that have seats."""
        return tuple(each for each in self.wishes.get(number, ()) if each in self.offerings)

    def seat_of(self, number: str) -> str | None:
        """The offering in which a file has a seat by right or by hand, whatever its mark: what the jury said, or the
        dearest wish that has seats; None for a file that the jury keeps out, or without such a wish."""
        move = self.hand.get(number)
        if move is not None and not move.is_in:
            return None
        named = move.offering if move is not None else ""
        return named or next(iter(self.wished(number)), None)

    @property
    def unsealed(self) -> tuple[str, ...]:
        """The keys of the offerings of today without sealed seats."""
        return tuple(each for each in self.offered if each not in self.offerings)

    def title(self, offering: str) -> Mapping[str, str]:
        """The name of an offering in three languages."""
        return self.titles.get(offering) or dict.fromkeys(("fr", "ar", "en"), offering)


@dataclass(frozen=True)
class OfferingView:
    """What one offering saw of the choice, by numbers of files, best first: who `wished` for it at all, who `asked` for
    it, having got nothing dearer, and who `got` a seat there, those by right and by hand too. Its own choice cuts
    `asked`, whatever happens elsewhere."""

    wished: tuple[str, ...]
    asked: tuple[str, ...]
    got: tuple[str, ...]


@dataclass(frozen=True)
class Allotment:
    """Who has a seat of which offering under the rules of an intake; or the `conflict` for which nobody can.

    `problem` says who contended, by the names that certificates give them; `marks` are those of all ranked files by
    number, best first, in thousandths."""

    rules: JointRules
    marks: Mapping[str, int]
    problem: AllocationProblem
    allocation: Allocation | None
    conflict: tuple[Problem, ...] = ()

    @cached_property
    def offering_of(self) -> Mapping[str, str]:
        """The key of the offering of each file that has a seat, by number, those by right and by hand among them."""
        if self.allocation is None:
            return {}
        numbers = {self.rules.names[number]: number for number in self.marks}
        found = {numbers[name]: key for name, key in self.allocation.offering_of.items()}
        return found | {numbers[each.reference]: each.offering for each in self.problem.taken}

    @property
    def chosen(self) -> frozenset[str]:
        """The numbers of all who have a seat."""
        return frozenset(self.offering_of)

    @cached_property
    def views(self) -> Mapping[str, OfferingView]:
        """What each offering with sealed seats saw, by its key."""
        wished: dict[str, list[str]] = {each: [] for each in self.rules.offerings}
        asked: dict[str, list[str]] = {each: [] for each in self.rules.offerings}
        got: dict[str, list[str]] = {each: [] for each in self.rules.offerings}
        contending = {each.reference for each in self.problem.applicants}
        for number in self.marks:
            has, wishes = self.offering_of.get(number), self.rules.wished(number)
            for each in wishes:
                wished[each].append(number)
            if has is not None:
                got[has].append(number)
            if self.rules.names[number] not in contending:
                continue
            for each in wishes[: wishes.index(has) + 1] if has is not None else wishes:
                asked[each].append(number)
        return {
            each: OfferingView(tuple(wished[each]), tuple(asked[each]), tuple(got[each])) for each in wished
        }

    @cached_property
    def lines(self) -> Mapping[str, PartingLine]:
        """What parts by their marks those who got a seat of each offering from those who asked for it in vain; not of
        one of which all seats went by right or by hand."""
        placed, found = self.rules.outright, {}
        for key, view in self.views.items():
            got = set(view.got)
            by_mark = [self.marks[each] for each in view.got if each not in placed]
            line = parting_line(by_mark, (self.marks[each] for each in view.asked if each not in got))
            if line is not None:
                found[key] = line
        return found

    @cached_property
    def bounded_offerings(self) -> frozenset[str]:
        """The keys of the offerings that bounds speak of."""
        return frozenset(bound.offering for bound in self.rules.bounds)

    def waiting(self, places: int) -> tuple[str, ...]:
        """The numbers of who waits for a seat, on one list for all offerings, best first."""
        contending = {each.reference: each for each in self.problem.applicants}
        unseated = (number for number in self.marks if number not in self.offering_of)
        able = (number for number in unseated if self.rules.names[number] in contending)
        return tuple(waiting_by_wishes(((each, self.rules.wished(each)) for each in able), places))

    @property
    def told(self) -> dict[str, Any]:
        """What pages say of it, as JSON holds it: each offering with its seats, how many asked and got; each bound with
        the name of its group and how many got a seat there of it. There are no prices and no threshold: they would have
        to hold for all offerings at once."""
        filled = self.allocation.filled if self.allocation is not None else {}
        missed = self.allocation.shortfall if self.allocation is not None else {}
        return {
            "joint": True,
            "offerings": [self._told_offering(key, filled, missed) for key in self.rules.offerings],
            "unsealed": list(self.rules.unsealed),
            "without": sum(not self.rules.wished(number) for number in self.marks),
            "bounds": list(self._told_bounds()),
            "whole": [],
            "threshold": None,
            "by_lot": 0,
            "shortfall": sum(missed.values()),
            "filled": sum(filled.values()),
            "right": sum(
                number in self.rules.right for number in self.chosen if number not in self.rules.hand
            ),
            "hand": len(self.rules.hand),
            "seats": sum(self.rules.offerings.values()),
            "all_taken": False,
            "ties": list(self.rules.ties),
            "conflict": [as_json(problem) for problem in self.conflict],
        }

    def _told_offering(
        self, key: str, filled: Mapping[str, int], missed: Mapping[str, int]
    ) -> dict[str, Any]:
        view = self.views[key]
        firsts = sum(self.rules.wished(number)[0] == key for number in view.wished)
        counting = self.allocation.counting[key] if self.allocation is not None else ""
        return {
            "key": key,
            "seats": self.rules.offerings[key],
            "wished": len(view.wished),
            "first": firsts,
            "filled": filled.get(key, 0),
            "shortfall": missed.get(key, 0),
            "counting": str(counting),
        }

    def _told_bounds(self) -> Iterator[dict[str, Any]]:
        counted = Counter(
            (key, place)
            for number, key in self.offering_of.items()
            for place in self.rules.groups(number)
            if self.rules.bounds[place].offering == key
        )
        for place, (bound, label) in enumerate(zip(self.rules.bounds, self.rules.labels, strict=True)):
            yield {
                "offering": bound.offering,
                "where": dict(bound.where),
                "group": as_json(label),
                "at_least": bound.at_least,
                "at_most": bound.at_most,
                "hard": bound.hard,
                "chosen": counted[bound.offering, place],
                "price": 0,
            }


def waiting_by_wishes(unseated: Iterable[tuple[str, Sequence[str]]], places: int) -> list[str]:
    """Return who waits of those without a seat, who come best first with their wishes.

    Each takes one of the `places` that every offering has on the list, of the dearest wish that has one left; who finds
    none does not wait. So the list is as long as those of all offerings together, and holds whoever wishes for an
    offering whose places are not all taken. With one offering it is the first so many."""
    taken: Counter[str] = Counter()
    found = []
    for name, wishes in unseated:
        dearest = next((wish for wish in wishes if taken[wish] < places), None)
        if dearest is not None:
            taken[dearest] += 1
            found.append(name)
    return found


def stated_in(certificate: Mapping[str, Any], places: int) -> dict[str, tuple[str, int | None, str | None]]:
    """Return (outcome in the words of decisions, rank, offering) of each reference of a certificate of several
    offerings that verifies, with so many `places` on the waiting list of each. A file that may not be chosen has no
    rank here: the certificate ranks these by their marks alone."""
    rows = certificate["rows"]
    unseated = (row for row in rows if row["offering"] is None and not {"by", "out"} & row.keys())
    waits = set(waiting_by_wishes(((row["reference"], row["wishes"]) for row in unseated), places))
    return {
        row["reference"]: (
            Outcome.OFFER.value
            if row["offering"] is not None
            else Outcome.WAITING.value
            if row["reference"] in waits
            else Outcome.REFUSED.value,
            None if "out" in row else row["rank"],
            row["offering"],
        )
        for row in rows
    }


def allot(ranking: Ranking, rules: JointRules) -> Allotment:
    """Give out the seats of all offerings to the files of a ranking, which was made under the names of the rules."""
    outright = rules.outright
    rows = [row for row in ranking.rows if row.is_in]
    people = tuple(_applicant(row, ranking.seed, rules) for row in rows if row.reference not in outright)
    placed = {row.reference: rules.seat_of(row.reference) for row in rows if row.reference in outright}
    taken = tuple(
        SeatHolder(rules.names[number], key, rules.attributes.get(number, {}))
        for number, key in placed.items()
        if key is not None and key in rules.offerings
    )
    problem = AllocationProblem(people, rules.offerings, rules.bounds, taken)
    marks = {row.reference: row.mean for row in ranking.rows}
    if conflict := tuple(_conflict(rules, placed)):
        return Allotment(rules, marks, problem, None, conflict)
    return Allotment(rules, marks, problem, allocate(problem))


def _conflict(rules: JointRules, placed: Mapping[str, str | None]) -> Iterator[Problem]:
    """Why nobody can be chosen: bounds that no allocation takes, and people by right or by hand without a seat."""
    yield from rules.lost_groups
    for problem in misplaced(rules.bounds, rules.offerings):
        yield Problem(problem.what, problem.values)
    for number, key in placed.items():
        if key not in rules.offerings:
            yield Problem(_NOWHERE, {"number": number})
    for key, people in Counter(placed.values()).items():
        if key is not None and people > (seats := rules.offerings.get(key, people)):
            yield Problem(_TOO_MANY, {"offering": rules.title(key), "people": people, "seats": seats})


def _applicant(row: RankedCandidate, seed: str, rules: JointRules) -> Applicant:
    name, number = rules.names[row.reference], row.reference
    drawn = int(lot(seed, name), 16)
    attributes = rules.attributes.get(number, {})
    return Applicant(name, row.mean, row.tie, drawn, rules.wished(number), attributes)
