"""Under sealed rules the board chooses by bounds, and what each person reads adds up to the decision."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from cohortmgr.base.errors import Problem, Refused
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.reviews.phases.marks import Reading, tie_order
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build, require_read
from cohortmgr.selection.bounded import AppliedRules, HandMove
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.certifying import certificate_of
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.proofs.choice import StatedSeal
from cohortmgr.selection.reasons.priced import PricedMark, reasons_by_price
from cohortmgr.selection.rules import Outcome

RUBRIC = read_known("mdia").rubric
SOUTH = Bound({"region": "south"}, at_least=2)
NAMES = Problem("%(group)s", {"group": "Sud"})


def file_of(number: int, marks: int) -> SelectionFile:
    scores = {each.key: marks for each in RUBRIC.criteria}
    reading = Reading(total_thousandths(RUBRIC.files, scores), scores)
    return SelectionFile(
        number, number, f"C{number}", f"N{number}", None, True, (), (reading,) * RUBRIC.readings
    )


def name_of(number: str) -> str:
    """As if it were salted: nobody tells it from the number."""
    return hashlib.sha256(number.encode()).hexdigest()


def board_of(
    marks: list[int], south: set[int], *bounds: Bound, seats: int = 3, waiting: int = 2, **given: Any
) -> SelectionBoard:
    attributes = {f"C{n}": {"region": "south" if n in south else "north"} for n in range(len(marks))}
    names = {number: name_of(number) for number in attributes}
    ties = tuple(each.key for each in tie_order(RUBRIC))
    rules = AppliedRules(bounds, (NAMES,) * len(bounds), attributes, names, seats, ties, **given)
    files = [file_of(number, mark) for number, mark in enumerate(marks)]
    return build(files, RUBRIC, seats, waiting, "seed", rules=rules)


def numbers(rows: Any) -> list[str]:
    return [row.reference for row in rows]


def test_without_bounds_it_is_the_cut() -> None:
    marks = [5, 4, 4, 3, 3, 1, 0]
    board = board_of(marks, set())
    plain = build([file_of(n, mark) for n, mark in enumerate(marks)], RUBRIC, 3, 2, "seed")
    assert board.cut.line == plain.cut.line
    assert numbers(board.cut.chosen) == numbers(board.ranking.rows[:3])
    assert numbers(board.cut.waiting) == numbers(board.ranking.rows[3:5])


def test_a_floor_lets_the_best_of_its_group_in_and_the_best_others_wait() -> None:
    board = board_of([5, 4, 4, 3, 2, 1], {3, 4}, SOUTH)
    assert sorted(numbers(board.cut.chosen)) == ["C0", "C3", "C4"]
    assert sorted(numbers(board.cut.waiting)) == ["C1", "C2"]
    assert board.outcomes["C4"] == ("offer", None)


def test_what_a_refused_person_reads_adds_up_to_the_decision() -> None:
    board = board_of([5, 4, 4, 3, 2, 1], {3, 4, 5}, SOUTH, waiting=0)
    bounded = board.bounded
    assert bounded is not None and bounded.threshold is not None
    found = {each.file.number: each for each in decisions(board, ())}
    for row in board.ranking.rows:
        total = row.mean + bounded.added(row.reference)
        assert (total > bounded.threshold) == (found[row.reference].outcome is Outcome.OFFER)
    price = bounded.added("C5")
    assert price == bounded.added("C3") > 0 == bounded.added("C1")
    said = {each.where: each for each in found["C5"].reasons}
    assert said["price"].values["group"] == NAMES
    assert said["price"].values["price"] == round(Fraction(price, 1000), 2)
    assert said["line"].values["sum"] < said["line"].values["threshold"]
    assert said["mean"].values["mean"] + said["price"].values["price"] == said["line"].values["sum"]
    assert "price" not in {each.where for each in found["C1"].reasons}


def test_who_enters_by_right_has_a_seat_whatever_the_mark_and_counts_in_bounds() -> None:
    board = board_of([5, 4, 3, 2, 1], {3, 4}, SOUTH, right={"C4": "Convention"})
    assert sorted(numbers(board.cut.chosen)) == ["C0", "C3", "C4"]
    assert next(row for row in board.ranking.rows if row.reference == "C4").decided == "right"


def test_the_jury_gives_a_seat_and_keeps_out_and_says_why() -> None:
    hand = {"C3": HandMove(True, "Portfolio"), "C0": HandMove(False, "Plagiat")}
    board = board_of([5, 4, 3, 2, 1], set(), seats=2, waiting=1, hand=hand)
    assert sorted(numbers(board.cut.chosen)) == ["C1", "C3"] and numbers(board.cut.waiting) == ["C2"]
    found = {each.file.number: each for each in decisions(board, ())}
    assert found["C0"].outcome is Outcome.REFUSED
    assert [each.values for each in found["C0"].reasons] == [{"reason": "Plagiat"}]
    assert board.bounded is not None and board.bounded.told["hand"] == 2


def test_bounds_that_cannot_hold_are_told_by_name_and_nothing_is_proposed() -> None:
    board = board_of([5, 4, 3], {1}, SOUTH)
    assert board.bounded is not None and board.bounded.choice is None
    with pytest.raises(Refused) as refused:
        require_read(board)
    assert refused.value.problems[0].values["group"] == NAMES


def test_marks_are_compared_in_whole_thousandths_and_lots_drawn_under_other_names() -> None:
    marks = [3] * 8
    one, other = board_of(marks, set()), board_of(marks, set())
    assert numbers(one.ranking.rows) == numbers(other.ranking.rows)
    plain = build([file_of(n, 3) for n in range(8)], RUBRIC, 3, 2, "seed")
    assert numbers(plain.ranking.rows) != numbers(one.ranking.rows)
    assert all(row.exact.denominator == 1 for row in one.ranking.rows)


def test_the_page_is_told_each_bound_with_who_was_chosen_and_its_price() -> None:
    board = board_of([5, 4, 4, 3, 2, 1], {3, 4, 5}, SOUTH, Bound({"region": "north"}, at_most=2, hard=False))
    assert board.bounded is not None
    told = board.bounded.told
    assert [each["chosen"] for each in told["bounds"]] == [2, 1]
    assert told["bounds"][0]["price"] == round(board.bounded.added("C5")) and told["bounds"][1]["price"] == 0
    assert told["threshold"] == round(board.bounded.threshold or 0) and told["shortfall"] == 0
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    "given", [{}, {"right": {"C4": "Convention"}}, {"hand": {"C0": HandMove(False, "Plagiat")}}]
)
def test_a_stranger_finds_the_certificate_of_a_board_right(given: Any) -> None:
    board = board_of([5, 4, 4, 3, 2, 1], {3, 4}, SOUTH, **given)
    rights = given.get("right", {})
    sealed = {
        "bounds": [{key: each for key, each in vars(SOUTH).items() if key != "offering"}],
        "right": [
            {"reference": name_of(each), "reason": why, "paper": "§ 3"} for each, why in rights.items()
        ],
        "salt_sha256": "ab" * 32,
        "seats": {"rabat": 3},
        "seed": "seed",
        "ties": [each.key for each in tie_order(RUBRIC)],
    }
    digest = hashlib.sha256(canonical(sealed).encode()).hexdigest()
    seal = StatedSeal(digest, "Une N · Une M", "2027-01-01T10:00+00:00", False, (), sealed, "rabat")
    made = certificate_of(board, seal)
    assert verify(json.loads(canonical(made))) == []
    assert verify(certificate_of(board, replace(seal, offering="fès")))
    assert made["format"] == 6 and made["rules"]["sealed_by"] == "Une N · Une M"
    assert '"C4"' not in canonical(made), "nobody finds a file by its number"
    chosen = {row["reference"] for row in made["rows"] if row["outcome"] == "chosen"}
    assert board.bounded is not None
    assert chosen == {name_of(number) for number in board.bounded.chosen}


def test_a_letter_adds_up_with_as_many_places_as_its_figures_have() -> None:
    told = PricedMark(13_129, ((NAMES, Fraction(3005, 10)), (NAMES, Fraction(-1, 2))), Fraction(13_430))
    reasons = {each.where: each for each in reasons_by_price(9, 20, told, (), chosen=9)}
    figures = [
        each.values["price"] for each in reasons_by_price(9, 20, told, (), chosen=9) if each.where == "price"
    ]
    assert figures == [Decimal("0.3005"), Decimal("0.0005")]
    assert reasons["line"].values["sum"] == reasons["mean"].values["mean"] + figures[0] - figures[1]
    assert reasons["line"].values == {"sum": Decimal("13.4290"), "threshold": Decimal("13.4300")}


def test_where_all_seats_go_outright_no_mark_would_have_done() -> None:
    board = board_of([5, 4, 3], set(), seats=1, waiting=0, right={"C2": "Convention"})
    assert board.bounded is not None and board.bounded.threshold is None and board.bounded.is_all_taken
    found = {each.file.number: each for each in decisions(board, ())}
    assert "droit ou par la commission" in next(
        each.what for each in found["C0"].reasons if each.where == "line"
    )


def test_rules_that_name_what_is_no_more_are_refused_in_words_and_break_no_page() -> None:
    board = board_of([5, 4, 3], set())
    gone = replace(board.bounded.rules, ties=("gone",)) if board.bounded else None
    again = build(list(board.files.values()), RUBRIC, 3, 2, "seed", rules=gone)
    assert len(again.cut.chosen) == 3
    with pytest.raises(Refused, match="la grille n’a plus"):
        require_read(again)
    with pytest.raises(Refused, match="plus de places"):
        require_read(build(list(board.files.values()), RUBRIC, 2, 2, "seed", rules=board.bounded.rules))
