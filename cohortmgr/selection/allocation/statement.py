"""What the certificate of an allocation says, all but its digest: docs/decisions/0052 tells its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cohortmgr.selection.allocation.rules import Allocation, AllocationProblem, Applicant, SeatHolder
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.verify import FORMAT_OF_CHOICE, RULE_OF_OFFERINGS, VERSION, inputs_of


@dataclass(frozen=True)
class UnplacedFile:
    """A file that has no seat whatever its mark: kept out `by` "hand", or `out`, "knocked_out" or "short"."""

    reference: str
    by: str = ""
    out: str = ""


@dataclass(frozen=True)
class AllocationContext:
    """What an allocation is stated with beside its problem: the seed of its lots, the names of the ties, what the rules
    say of their seal, and of each file by right, by hand or out who it is (`others`: with its mark, ties, lot and
    wishes) and why. `outs` are those who have a seat though they could not be chosen: "knocked_out" or "short". Where
    marks follow from a rubric, `marks` are of each file its `phases` and `short` as `stating.marks_stated` gives
    them."""

    seed: str
    ties: Sequence[str] = ()
    sealed: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Applicant] = field(default_factory=dict)
    unplaced: Sequence[UnplacedFile] = ()
    right: Mapping[str, str] = field(default_factory=dict)
    hand: Mapping[str, str] = field(default_factory=dict)
    outs: Mapping[str, str] = field(default_factory=dict)
    rubric: Mapping[str, Any] | None = None
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def allocation_statement(
    problem: AllocationProblem, allocation: Allocation, context: AllocationContext
) -> dict[str, Any]:
    """Return the certificate of an allocation without its `sha256`.

    Raises KeyError for somebody taken or unplaced whom `context.others` does not have."""
    named = {name for bound in problem.bounds for name in bound.where}
    taken = {each.reference for each in problem.taken}
    ranked = sorted(_rows(problem, allocation, context), key=lambda each: each[0])
    rows = [
        {**_row(rank, person, said, named), **context.marks.get(person.reference, {})}
        for rank, (_key, person, said) in enumerate(ranked, start=1)
    ]
    return {
        "format": FORMAT_OF_CHOICE,
        "version": VERSION,
        "rule": RULE_OF_OFFERINGS,
        "seed": context.seed,
        "seats": dict(problem.seats),
        "rules": {
            "bounds": [_bound(bound) for bound in problem.bounds],
            "ties": list(context.ties),
            **context.sealed,
        },
        "counting": {offering: str(each) for offering, each in allocation.counting.items()},
        **({"rubric": context.rubric} if context.rubric is not None else {}),
        "rows": rows,
        "inputs": inputs_of(rows),
        "right": [{"reference": name, "reason": why} for name, why in sorted(context.right.items())],
        "hand": [
            {"reference": name, "in": name in taken, "reason": why}
            for name, why in sorted(context.hand.items())
        ],
        "filled": dict(allocation.filled),
        "shortfall": dict(allocation.shortfall),
    }


# (what sorts the rows, who, what else the row says)
StatedRow = tuple[tuple[Any, ...], Applicant, dict[str, Any]]


def _rows(
    problem: AllocationProblem, allocation: Allocation, context: AllocationContext
) -> Iterator[StatedRow]:
    for person in problem.applicants:
        yield (False, *person.priority), person, {"offering": allocation.offering_of.get(person.reference)}
    for holder in problem.taken:
        yield _taken(holder, context)
    for each in context.unplaced:
        person, said = context.others[each.reference], {"by": each.by, "out": each.out}
        told = {name: value for name, value in said.items() if value}
        yield (bool(each.out), *person.priority), person, {"offering": None, **told}


def _taken(holder: SeatHolder, context: AllocationContext) -> StatedRow:
    person = replace(context.others[holder.reference], attributes=holder.attributes)
    said = {"offering": holder.offering, "by": "right" if holder.reference in context.right else "hand"}
    out = context.outs.get(holder.reference)
    return (bool(out), *person.priority), person, {**said, **({"out": out} if out else {})}


def _row(rank: int, person: Applicant, said: Mapping[str, Any], named: set[str]) -> dict[str, Any]:
    return {
        "reference": person.reference,
        "mark": person.mark,
        "tie": list(person.ties),
        "attributes": {name: value for name, value in person.attributes.items() if name in named},
        "wishes": list(person.wishes),
        "outcome": "refused" if said["offering"] is None else "chosen",
        "rank": rank,
        **said,
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {
        "offering": bound.offering,
        "where": dict(bound.where),
        "at_least": bound.at_least,
        "at_most": bound.at_most,
        "hard": bound.hard,
    }
