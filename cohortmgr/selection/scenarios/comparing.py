"""Lays choices side by side: what each comes to, who enters and leaves, of which groups those chosen are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cohortmgr.programmes.definition.bounds.attributes import FileAttribute
from cohortmgr.selection.board import SelectionBoard
from cohortmgr.selection.rules import Outcome
from cohortmgr.selection.scenarios.sent import group_text
from cohortmgr.selection.scenarios.trying import FileValues

NEAR = 250
"""How far from the threshold, in thousandths, a sum is called near: a quarter of a point, as in the ranking."""


@dataclass(frozen=True)
class BoardRow:
    """A ranked file as the board shows it: its mark, what prices add, their sum, and the decision; `way` is "in" where
    a scenario lets it enter, "out" where it leaves, and `was` its mark without the scenario. `is_last` is the last one
    chosen, below which the line is drawn."""

    number: str
    place: int
    mark: int
    totals: tuple[int, ...]
    decided: str
    added: int
    sum: int
    outcome: str
    position: int | None = None
    way: str = ""
    was: int | None = None
    is_near: bool = False
    is_last: bool = False

    @property
    def reference(self) -> str:
        """What a page of rows is found by; the public reference of the file is not told."""
        return self.number


def chosen_in(board: SelectionBoard) -> frozenset[str]:
    """The numbers of the files that are chosen; nobody is while rules cannot hold together."""
    if board.bounded is not None:
        return board.bounded.chosen
    return frozenset(row.reference for row in board.cut.chosen)


def rows_of(board: SelectionBoard, before: SelectionBoard | None = None) -> list[BoardRow]:
    """Return the ranked files of a board, those chosen first and each by its sum: one line then parts who is in from
    who is out. `before` is the board without the scenario."""
    chosen, were = chosen_in(board), chosen_in(before) if before is not None else None
    marks = {row.reference: row.mean for row in before.ranking.rows} if before is not None else {}
    line = threshold_of(board)
    found = []
    for row in board.ranking.rows:
        number, added = row.reference, board.added(row.reference) or 0
        outcome, position = board.outcomes[number]
        is_in = number in chosen
        if not is_in and outcome == Outcome.OFFER:  # rules in conflict: nobody is chosen
            outcome = Outcome.REFUSED.value
        way = "" if were is None or is_in == (number in were) else "in" if is_in else "out"
        total = row.mean + added
        found.append(
            BoardRow(
                number, row.rank, row.mean, row.totals, row.decided, added, total,
                outcome, position, way, marks.get(number),
                row.is_in and line is not None and abs(total - line) <= NEAR,
            )
        )  # fmt: skip
    found.sort(key=lambda row: (row.number not in chosen, _is_out(row), -row.sum, row.place))
    return _with_line(found, len(chosen))


def _is_out(row: BoardRow) -> bool:
    return row.decided in ("out", "phase")


def _with_line(rows: list[BoardRow], chosen: int) -> list[BoardRow]:
    if 0 < chosen < len(rows):
        rows[chosen - 1] = replace(rows[chosen - 1], is_last=True)
    return rows


def threshold_of(board: SelectionBoard) -> int | None:
    """The sum that parts who is in from who is out, in thousandths: the threshold of prices, or without bounds the mark
    of the last one chosen. None while seats are left empty."""
    if board.bounded is None:
        return board.cut.line if board.cut.waiting or board.cut.refused else None
    threshold = board.bounded.threshold
    return None if threshold is None else round(threshold)


def figures_of(board: SelectionBoard, attributes: Sequence[str], values: FileValues) -> dict[str, Any]:
    """Return what a choice comes to, as plain JSON: seats, people, threshold, each bound with its price and count, and
    by attribute and value how many of all eligible files there are, and how many of them are chosen."""
    chosen, told = chosen_in(board), board.bounded.told if board.bounded is not None else {}
    bounds = board.bounded.rules.bounds if board.bounded is not None else ()
    eligible = [file.number for file in board.files.values() if file.eligible]
    return {
        "seats": board.seats,
        "ranked": len(board.ranking.rows),
        "eligible": len(eligible),
        "chosen": len(chosen),
        "threshold": threshold_of(board),
        "shortfall": told.get("shortfall", 0),
        "by_lot": told.get("by_lot", 0),
        "conflict": told.get("conflict", []),
        "whole": told.get("whole", []),
        "bounds": [
            {**each, "key": group_text(bound.where)}
            for each, bound in zip(told.get("bounds", ()), bounds, strict=True)
        ],
        "balance": {key: _counted(key, eligible, chosen, values) for key in attributes},
    }


def _counted(
    key: str, eligible: Sequence[str], chosen: frozenset[str], values: FileValues
) -> dict[str, list[int]]:
    """By value: how many of the eligible have it, and how many of those chosen; "" has those who gave none."""
    nothing: Mapping[str, str] = {}
    given = {number: values.get(number, nothing).get(key, "") for number in (*eligible, *chosen)}
    there, taken = Counter(given[number] for number in eligible), Counter(given[number] for number in chosen)
    return {value: [there[value], taken[value]] for value in sorted({*there, *taken})}


def moved(before: SelectionBoard, after: SelectionBoard) -> tuple[list[str], list[str]]:
    """Return the numbers of who enters and of who leaves, each in the order of the ranking that has them in."""
    were, are = chosen_in(before), chosen_in(after)
    entering = [
        row.reference for row in after.ranking.rows if row.reference in are and row.reference not in were
    ]
    leaving = [
        row.reference for row in before.ranking.rows if row.reference in were and row.reference not in are
    ]
    return entering, leaving


@dataclass(frozen=True)
class ComparedColumn:
    """One choice of several side by side: what it is called, its figures, who enters and leaves against today's, and
    whether its marks are those of before. `figures` is None until the worker has found them."""

    title: str
    figures: Mapping[str, Any] | None
    entering: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    is_old: bool = False
    reference: str = ""


@dataclass(frozen=True)
class ComparedBound:
    """A group that one of several choices bounds: its name as JSON, and in each what it says of it, or None."""

    group: Mapping[str, Any]
    told: tuple[Mapping[str, Any] | None, ...]


def bounds_beside(columns: Sequence[ComparedColumn]) -> list[ComparedBound]:
    """Return each group that a column bounds, in the order in which they come, with what all columns say of it."""
    each = [{bound["key"]: bound for bound in _figure(column, "bounds", ())} for column in columns]
    keys = dict.fromkeys(key for known in each for key in known)
    groups = {key: bound["group"] for known in reversed(each) for key, bound in known.items()}
    return [ComparedBound(groups[key], tuple(known.get(key) for known in each)) for key in keys]


@dataclass(frozen=True)
class BalanceRow:
    """One value of an attribute: its name ("" where it was not answered), how many eligible files have it and their
    share, and in each choice how many of those chosen have it, and their share. A share is None of nobody."""

    label: Any
    eligible: int
    share: float | None
    counts: tuple[int, ...]
    shares: tuple[float | None, ...]


def balance_of(attribute: FileAttribute, columns: Sequence[ComparedColumn]) -> list[BalanceRow]:
    """Return the values of an attribute that any file has, in the order of the form."""
    known = [_figure(column, "balance", {}).get(attribute.key, {}) for column in columns]
    present = {value for each in known for value in each}
    eligible = {value: max(each.get(value, (0, 0))[0] for each in known) for value in present}
    whole, chosen = sum(eligible.values()), [sum(taken for _, taken in each.values()) for each in known]
    ordered = [value for value in attribute.values if value in present]
    ordered += sorted(present - set(ordered), key=lambda value: (not value, value))
    rows = []
    for value in ordered:
        counts = tuple(each.get(value, (0, 0))[1] for each in known)
        shares = tuple(_share(count, of) for count, of in zip(counts, chosen, strict=True))
        label = attribute.values.get(value, value)
        rows.append(BalanceRow(label, eligible[value], _share(eligible[value], whole), counts, shares))
    return rows


def _figure(column: ComparedColumn, name: str, otherwise: Any) -> Any:
    return otherwise if column.figures is None else column.figures.get(name, otherwise)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class ScenarioGap:
    """Who differs between two choices: the numbers that the one alone chooses, and those that the other does."""

    one: str
    other: str
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]


def gaps_between(columns: Sequence[ComparedColumn]) -> Iterator[ScenarioGap]:
    """Yield who differs between each two columns: by who enters and leaves against the same choice of today."""
    for place, one in enumerate(columns):
        for other in columns[place + 1 :]:
            if one.figures is not None and other.figures is not None:
                yield ScenarioGap(one.title, other.title, _only(one, other), _only(other, one))


def _only(one: ComparedColumn, other: ComparedColumn) -> tuple[str, ...]:
    mine = [each for each in one.entering if each not in set(other.entering)]
    kept = [each for each in other.leaving if each not in set(one.leaving)]
    return tuple(sorted({*mine, *kept}))
