"""Choices side by side: one line parts the rows, differences and shares are those of the choices."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import from_json
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios.comparing import (
    ComparedColumn,
    balance_of,
    bounds_beside,
    chosen_in,
    figures_of,
    gaps_between,
    moved,
    rows_of,
)
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.scenarios.trying import try_out
from tests.unit.selection.scenarios.boards import KNOWN, judged, unchanged, values

BOARD = judged([(20, 3), (18, 3), (16, 3), (14, 3), (12, 3), (10, 3)], seats=3)
GIVEN = values(BOARD, 2)
FLOOR = ScenarioChanges(3, (Bound({"region": "b"}, 2),))


def column(changes: ScenarioChanges, title: str = "essai") -> ComparedColumn:
    after = try_out(BOARD, changes, KNOWN, GIVEN)
    entering, leaving = moved(BOARD, after)
    return ComparedColumn(title, figures_of(after, tuple(KNOWN), GIVEN), tuple(entering), tuple(leaving))


def test_a_floor_moves_the_best_of_its_group_in() -> None:
    after = try_out(BOARD, FLOOR, KNOWN, GIVEN)
    assert moved(BOARD, after) == (["F-005", "F-006"], ["F-002", "F-003"])
    rows = rows_of(after, BOARD)
    assert {row.number for row in rows[:3]} == {"F-001", "F-005", "F-006"}
    assert [(row.number, row.way) for row in rows[3:]] == [("F-002", "out"), ("F-003", "out"), ("F-004", "")]
    assert {row.number: row.way for row in rows[:3]} == {"F-001": "", "F-005": "in", "F-006": "in"}
    assert all(row.sum == row.mark + row.added for row in rows) and rows[0].was == rows[0].mark
    assert [row.is_last for row in rows] == [False, False, True, False, False, False]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=14), st.integers(1, 6),
       st.integers(0, 6), st.integers(0, 3))  # fmt: skip
def test_one_line_parts_who_is_in_from_who_is_out(
    scores: list[tuple[int, int]], seats: int, last: int, least: int
) -> None:
    board = judged(scores, seats)
    given_ = values(board, last)
    bounds = (Bound({"region": "b"}, least, None, False),) if least else ()
    after = try_out(board, ScenarioChanges(seats, bounds), KNOWN, given_)
    rows = rows_of(after, board)
    chosen = chosen_in(after)
    assert {row.number for row in rows[: len(chosen)]} == chosen
    ins, outs = [row.sum for row in rows[: len(chosen)]], [row.sum for row in rows[len(chosen) :]]
    assert not ins or not outs or min(ins) >= max(outs) - 1
    entering, leaving = moved(board, after)
    assert {row.number for row in rows if row.way == "in"} == set(entering)
    assert chosen == (chosen_in(board) - set(leaving)) | set(entering)


def test_bounds_are_told_with_count_and_price_and_side_by_side_by_their_group() -> None:
    ceiling = ScenarioChanges(3, (Bound({"region": "b"}, None, 1), Bound({"sex": "f"}, 1)))
    columns = [ComparedColumn("aujourd’hui", figures_of(BOARD, (), GIVEN)), column(FLOOR), column(ceiling)]
    beside = bounds_beside(columns)
    assert [[told and told["chosen"] for told in each.told] for each in beside] == [
        [None, 2, 0],
        [None, None, 1],
    ]
    first = beside[0].told[1]
    assert first is not None and first["price"] > 0 and first["hard"]
    assert from_json(beside[0].group).values["group"]


def test_balance_counts_all_eligible_files_and_those_without_an_answer() -> None:
    given_ = {**GIVEN, "F-001": {"sex": "f"}}
    figures = figures_of(BOARD, tuple(KNOWN), given_)
    rows = balance_of(KNOWN["region"], [ComparedColumn("a", figures)])
    assert [(row.eligible, row.counts) for row in rows] == [(3, (2,)), (2, (0,)), (1, (1,))]
    assert [row.label and row.label["fr"] for row in rows] == ["Nord", "Sud", ""]
    assert rows[0].share == 0.5 and sum(row.shares[0] or 0 for row in rows) == 1
    nobody = balance_of(KNOWN["region"], [ComparedColumn("a", None)])
    assert nobody == []


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2)), min_size=2, max_size=3))
def test_gaps_are_those_of_the_choices_themselves(tried: list[tuple[int, int]]) -> None:
    changes = [
        ScenarioChanges(seats, (Bound({"region": "b"}, least, None, False),) if least else ())
        for seats, least in tried
    ]
    columns = [column(each, str(place)) for place, each in enumerate(changes)]
    chosen = [chosen_in(try_out(BOARD, each, KNOWN, GIVEN)) for each in changes]
    for gap in gaps_between(columns):
        one, other = chosen[int(gap.one)], chosen[int(gap.other)]
        assert (frozenset(gap.only_one), frozenset(gap.only_other)) == (one - other, other - one)
    today = ComparedColumn("t", figures_of(BOARD, (), GIVEN))
    first = next(gaps_between([today, column(unchanged(BOARD))]))
    assert not first.only_one and not first.only_other


def test_where_rules_cannot_hold_nobody_is_chosen_and_the_conflict_is_told() -> None:
    never = ScenarioChanges(3, (Bound({"region": "b"}, 3),))
    after = try_out(BOARD, never, KNOWN, GIVEN)
    figures = figures_of(after, tuple(KNOWN), GIVEN)
    assert figures["conflict"] and figures["chosen"] == 0 and figures["threshold"] is None
    assert {row.outcome for row in rows_of(after, BOARD)} <= {"refused", "waiting"}
