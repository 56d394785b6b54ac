"""What a desk's files and rules give: the certificate, the list of those chosen, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cohortmgr.programmes.definition.bounds.checking import told
from cohortmgr.selection.allocation.deferred import allocate
from cohortmgr.selection.allocation.rules import AllocationProblem, Applicant
from cohortmgr.selection.allocation.statement import AllocationContext, allocation_statement
from cohortmgr.selection.certificate import digest
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender
from cohortmgr.selection.desk.candidates import DeskCandidate
from cohortmgr.selection.desk.rules import DeskRules
from cohortmgr.selection.ranking import lot

HEADER = ("application", "offering", "score")
# How many offerings are told one by one.
MOST_TOLD = 100

ChoosesUnderBounds = Callable[[ChoiceProblem], Choice]
CertifiesChoice = Callable[[ChoiceProblem, Choice, Sequence[DeskCandidate], str], dict[str, Any]]


@dataclass(frozen=True)
class DeskOutcome:
    """The certificate; a row for each file chosen, as HEADER says; and the figures, a line each."""

    certificate: Mapping[str, Any]
    rows: Sequence[tuple[str, str, Decimal]]
    figures: Sequence[str]


def chosen_by_bounds(
    candidates: Sequence[DeskCandidate],
    rules: DeskRules,
    choose: ChoosesUnderBounds,
    certify: CertifiesChoice,
) -> DeskOutcome:
    """Choose for seats in all. Raises Refused if bounds contradict each other."""
    problem = choice_problem(candidates, rules)
    choice = choose(problem)
    lots = {each.reference: each.lot for each in problem.contenders}
    chosen = set(choice.chosen)
    ranked = sorted(
        (each for each in candidates if each.application in chosen),
        key=lambda each: (-each.mark, lots[each.application], each.application),
    )
    return DeskOutcome(
        certify(problem, choice, candidates, rules.seed),
        [(each.application, "", points(each.mark)) for each in ranked],
        list(_figures_of_choice(problem, choice)),
    )


def choice_problem(candidates: Sequence[DeskCandidate], rules: DeskRules) -> ChoiceProblem:
    """The problem of seats in all; a file's reference is its name as given."""
    groups: dict[int, tuple[int, ...]] = {}
    for each in candidates:
        if id(each.attributes) not in groups:
            met = (place for place, bound in enumerate(rules.bounds) if bound.counts(each.attributes))
            groups[id(each.attributes)] = tuple(met)
    contenders = tuple(
        Contender(each.application, each.mark, (), _lot(rules, each), groups[id(each.attributes)])
        for each in candidates
    )
    assert isinstance(rules.seats, int), "seats by offering are given out by wishes"
    return ChoiceProblem(contenders, rules.seats, rules.bounds)


def placed_by_wishes(candidates: Sequence[DeskCandidate], rules: DeskRules) -> DeskOutcome:
    """Give out the seats of several offerings by wishes and scores."""
    people = tuple(
        Applicant(each.application, each.mark, (), _lot(rules, each), each.wishes, each.attributes)
        for each in candidates
    )
    seats = rules.offerings or {}
    problem = AllocationProblem(people, seats, rules.bounds)
    found = allocate(problem)
    content = allocation_statement(problem, found, AllocationContext(rules.seed))
    marks = {each.application: each.mark for each in candidates}
    by_offering: dict[str, list[str]] = {offering: [] for offering in seats}
    for reference, offering in found.offering_of.items():
        by_offering[offering].append(reference)
    rows = [(each, offering, points(marks[each])) for offering, own in by_offering.items() for each in own]
    figures = _figures_of_allocation(seats, found.filled, found.shortfall)
    return DeskOutcome({**content, "sha256": digest(content)}, rows, list(figures))


def points(thousandths: int) -> Decimal:
    """Thousandths as points."""
    return Decimal(thousandths).scaleb(-3)


def _lot(rules: DeskRules, candidate: DeskCandidate) -> int:
    return int(lot(rules.seed, candidate.application), 16)


def _figures_of_choice(problem: ChoiceProblem, choice: Choice) -> Iterator[str]:
    yield from _filled(choice.filled, problem.seats, choice.shortfall)
    prices = choice.prices
    for bound, price in zip(problem.bounds, prices.bounds, strict=True):
        if price:
            yield f"price {_priced(price, prices.scale, '+')}\t{_limits(bound)}"
    if prices.splits:
        yield f"prices of whole groups, since seats are whole: {len(prices.splits)}, in the certificate"
    if prices.threshold is not None:
        yield f"threshold {_priced(prices.threshold, prices.scale)}"
    if prices.by_lot:
        yield f"at the threshold, told by lot: {len(prices.by_lot)} applications"


def _priced(price: int, scale: int, sign: str = "") -> str:
    return f"{Decimal(price) / (1000 * scale):{sign}.6f}"


def _limits(bound: Bound) -> str:
    limits = (("at least", bound.at_least), ("at most", bound.at_most))
    said = ", ".join(f"{words} {limit}" for words, limit in limits if limit is not None)
    return f"{told(bound.where)}: {said}{'' if bound.hard else ' (soft)'}"


def _filled(filled: int, seats: int, missed: int) -> Iterator[str]:
    yield f"filled {filled} of {seats} seats" + (f"; {seats - filled} stay empty" if filled < seats else "")
    if missed:
        yield f"soft bounds miss {missed}"


def _figures_of_allocation(
    seats: Mapping[str, int], filled: Mapping[str, int], missed: Mapping[str, int]
) -> Iterator[str]:
    yield from _filled(sum(filled.values()), sum(seats.values()), sum(missed.values()))
    for offering in list(seats)[:MOST_TOLD]:
        miss = f", soft bounds miss {missed[offering]}" if missed[offering] else ""
        yield f"  {offering}\t{filled[offering]} of {seats[offering]}{miss}"
    if len(seats) > MOST_TOLD:
        yield f"  and {len(seats) - MOST_TOLD} offerings more, in the certificate"
