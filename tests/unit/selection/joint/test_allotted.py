"""One choice for all offerings of an intake: by wishes, stable, and never against a better mark."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.phases.marks import tie_order
from cohortmgr.selection.board import SelectionBoard, build, require_read
from cohortmgr.selection.bounded import HandMove
from cohortmgr.selection.calling import next_called_to
from cohortmgr.selection.certificate import canonical, verify
from cohortmgr.selection.certifying import certificate_of
from cohortmgr.selection.choosing.choice import choose
from cohortmgr.selection.choosing.rules import Bound, ChoiceProblem, Contender
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.joint.allotted import Allotment, JointRules, stated_in, waiting_by_wishes
from cohortmgr.selection.verify import digest, findings, inputs_of
from tests.unit.selection.test_bounded import NAMES, RUBRIC, board_of, file_of, name_of

Wishes = list[tuple[str, ...]]


def joint(
    marks: list[int],
    wishes: Wishes,
    seats: dict[str, int],
    *bounds: Bound,
    south: set[int] = frozenset(),  # type: ignore[assignment]
    waiting: int = 2,
    offered: dict[str, int] | None = None,
    **more: Any,
) -> SelectionBoard:
    """The board of an intake: file n has this mark and these wishes."""
    attributes = {f"C{n}": {"region": "south" if n in south else "north"} for n in range(len(marks))}
    rules = JointRules(
        bounds,
        (NAMES,) * len(bounds),
        attributes,
        {number: name_of(number) for number in attributes},
        sum(seats.values()),
        tuple(each.key for each in tie_order(RUBRIC)),
        offerings=seats,
        wishes={f"C{n}": each for n, each in enumerate(wishes)},
        offered=offered or seats,
        **more,
    )
    files = [file_of(number, mark) for number, mark in enumerate(marks)]
    return build(files, RUBRIC, sum(rules.offered.values()), waiting, "seed", rules=rules)


def allotment(board: SelectionBoard) -> Allotment:
    assert board.allotted is not None
    return board.allotted


def seats_of(board: SelectionBoard) -> dict[str, str]:
    return dict(allotment(board).offering_of)


def test_a_seat_that_nobody_wished_for_first_goes_to_who_wished_for_it_second() -> None:
    board = joint([5, 4, 3, 2], [("A", "B"), ("A", "B"), ("A", "B"), ("A",)], {"A": 1, "B": 1})
    assert seats_of(board) == {"C0": "A", "C1": "B"}
    assert [row.reference for row in board.cut.waiting] == ["C2", "C3"]


def test_who_waits_takes_a_place_of_the_dearest_wish_that_has_one_left() -> None:
    listed = [("a", "X"), ("b", "X"), ("c", "XY"), ("d", "X"), ("e", "Y")]
    assert waiting_by_wishes(listed, 2) == ["a", "b", "c", "e"]
    assert waiting_by_wishes(listed, 0) == []
    assert waiting_by_wishes([(each, "XY") for each in "abcde"], 2) == ["a", "b", "c", "d"]
    assert waiting_by_wishes([(each, "X") for each in "abc"], 2) == ["a", "b"]


def test_its_certificate_verifies_and_states_just_what_is_decided() -> None:
    hand = {"C3": HandMove(True, "Portfolio", "B"), "C0": HandMove(False, "Plagiat")}
    board = joint(
        [5, 4, 4, 2, 3, 1],
        [("A",), ("A", "B"), ("B", "A"), ("A",), ("B",), ("B",)],
        {"A": 1, "B": 2},
        Bound({"region": "south"}, 1, None, hard=False, offering="A"),
        south={5, 1},
        waiting=1,
        hand=hand,
        right={"C5": "Convention"},
    )
    require_read(board)
    made = json.loads(canonical(certificate_of(board)))
    assert verify(made) == []
    found = {
        name_of(each.file.number): (each.outcome.value, each.rank, each.offering)
        for each in decisions(board, ())
    }
    assert found == stated_in(made, board.waiting)
    assert seats_of(board) == {"C1": "A", "C3": "B", "C5": "B"}


def test_its_certificate_shows_how_marks_follow_from_scores() -> None:
    board = joint([5, 4, 3], [("A",), ("A",), ("A",)], {"A": 1})
    made = json.loads(canonical(certificate_of(board)))
    row = made["rows"][1]
    row["phases"][0]["scores"][0] = dict.fromkeys(row["phases"][0]["scores"][0], 5)
    made["inputs"] = inputs_of(made["rows"])
    del made["sha256"]
    found = findings({**made, "sha256": digest(made)})
    assert [(each.code, each.where) for each in found] == [("totals", row["reference"])]


def test_each_offering_chooses_just_its_own_from_those_who_got_nothing_dearer() -> None:
    """Its prices and threshold can be told to who asked for it."""
    for seed in range(40):
        allotted = allotment(random_board(seed))
        rules = allotted.rules
        for key, view in allotted.views.items():
            own = tuple(bound for bound in rules.bounds if bound.offering == key)
            named = {each.reference: each for each in allotted.problem.applicants}
            people = tuple(
                Contender(each.reference, each.mark, each.ties, each.lot, groups)
                for number in view.asked
                for each in [named[rules.names[number]]]
                for groups in [tuple(n for n, bound in enumerate(own) if bound.counts(each.attributes))]
            )
            choice = choose(ChoiceProblem(people, rules.offerings[key], own, {}))
            assert set(choice.chosen) == {rules.names[number] for number in view.got}


def test_what_is_told_counts_who_wished_and_who_got() -> None:
    board = joint([5, 4, 3], [("A", "B"), ("A",), ("N",)], {"A": 1, "B": 1}, offered={"A": 1, "B": 1, "N": 9})
    told = allotment(board).told
    assert json.loads(json.dumps(told)) == told
    assert [(each["key"], each["wished"], each["first"], each["filled"]) for each in told["offerings"]] == [
        ("A", 2, 2, 1),
        ("B", 1, 0, 0),
    ]
    assert told["unsealed"] == ["N"] and told["without"] == 1
    assert allotment(board).views["A"].asked == ("C0", "C1")


def test_reasons_say_of_each_wish_what_became_of_its_seats() -> None:
    bounds = (Bound({"region": "south"}, 1, None, hard=False, offering="B"),)
    board = joint(
        [5, 4, 3, 1, 2],
        [("A",), ("B",), ("A", "B", "N"), ("B",), ("N",)],
        {"A": 1, "B": 2},
        *bounds,
        south={3},
        offered={"A": 1, "B": 2, "N": 4},
        waiting=0,
    )
    found = {each.file.number: each.reasons for each in decisions(board, ())}
    said = [each for each in found["C2"] if each.where == "line"]
    assert [each.values["offering"]["fr"] for each in said] == ["A", "B", "N"]
    assert "mieux classés" in said[0].what and "bornes" in said[1].what and "pas de places" in said[2].what
    assert "seuil se situait entre" in said[0].what and "line" not in said[0].values, "nobody else's mark"
    assert [each.where for each in found["C4"]] == ["rank", "mean", "line"], "no mark would have helped"


def test_rules_that_cannot_be_kept_are_refused_in_words() -> None:
    board = joint([5, 4], [("A",), ("A",)], {"A": 1}, Bound({"region": "south"}, 1, offering="A"))
    with pytest.raises(Refused) as refused:
        require_read(board)
    assert "Un minimum impératif" in refused.value.problems[0].what
    board = joint([5, 4], [("A",), ("A",)], {"A": 1}, right={"C0": "x", "C1": "y"})
    with pytest.raises(Refused, match="plus de personnes"):
        require_read(board)
    board = joint([5, 4], [("N",), ("A",)], {"A": 1}, right={"C0": "x"})
    with pytest.raises(Refused, match="place de droit"):
        require_read(board)
    board = joint([5, 4], [("A",), ("A",)], {"A": 2}, offered={"A": 1})
    with pytest.raises(Refused, match="plus de places"):
        require_read(board)


MARKETS = st.integers(0, 10**6)


def random_board(seed: int, change: Any = None) -> SelectionBoard:
    chance = Random(seed)
    people = chance.randint(1, 9)
    marks = [chance.randint(0, 5) for _ in range(people)]
    wishes: Wishes = [tuple(chance.sample("ABC", chance.randint(1, 3))) for _ in range(people)]
    south = {n for n in range(people) if chance.random() < 0.4}
    bounds = tuple(
        Bound({"region": "south"}, *limits, hard=False, offering=key)
        for key in "ABC"
        if (limits := chance.choice([None, (1, None), (None, 1), (2, 3)]))
    )
    seats = {key: chance.randint(0, 3) for key in "ABC"}
    if change is not None:
        change(marks, wishes)
    return joint(marks, wishes, seats, *bounds, south=south)


@settings(max_examples=120, deadline=None)
@given(MARKETS)
def test_it_is_stable_and_verifies(seed: int) -> None:
    board = random_board(seed)
    made = json.loads(canonical(certificate_of(board)))
    assert verify(made) == []
    for key, view in allotment(board).views.items():
        assert set(view.got) <= set(view.asked)
        if not any(bound.offering == key for bound in allotment(board).rules.bounds):
            assert view.got == view.asked[: allotment(board).rules.offerings[key]]


@settings(max_examples=100, deadline=None)
@given(MARKETS, st.integers(0, 8))
def test_a_better_mark_never_loses(seed: int, who: int) -> None:
    before = random_board(seed)
    number = f"C{who % len(before.files)}"

    def better(marks: list[int], _wishes: Wishes) -> None:
        marks[who % len(marks)] = 5

    after = random_board(seed, better)
    wishes = [*allotment(before).rules.wishes[number], None]
    had, has = (allotment(each).offering_of.get(number) for each in (before, after))
    assert wishes.index(has) <= wishes.index(had)


@settings(max_examples=100, deadline=None)
@given(MARKETS)
def test_with_one_offering_it_chooses_as_bounds_do(seed: int) -> None:
    chance = Random(seed)
    marks = [chance.randint(0, 5) for _ in range(chance.randint(1, 9))]
    south = {n for n in range(len(marks)) if chance.random() < 0.4}
    seats, waiting = chance.randint(0, 4), chance.randint(0, 3)
    limits = chance.choice([(1, None), (None, 1), (2, 3), (0, 2)])
    one = Bound({"region": "south"}, *limits, hard=False)
    own = Bound(one.where, one.at_least, one.at_most, hard=False, offering="A")
    alone = board_of(marks, south, one, seats=seats, waiting=waiting)
    board = joint(marks, [("A",)] * len(marks), {"A": seats}, own, south=south, waiting=waiting)
    assert [row.reference for row in board.cut.chosen] == [row.reference for row in alone.cut.chosen]
    assert board.outcomes == alone.outcomes


def told(*bounds: Bound) -> list[dict[str, Any]]:
    return [{**vars(each), "where": dict(each.where)} for each in bounds]


def test_called_is_who_wished_for_it_within_its_bounds() -> None:
    free = [(("A",), ()), (("B",), ()), (("B", "A"), ())]
    assert next_called_to("B", free, [], [], 1) == [1]
    assert next_called_to("B", free, [], [], 5) == [1, 2]
    most = told(Bound({"region": "south"}, None, 1, offering="B"))
    waiting = [(("B",), (0,)), (("B",), ()), (("A",), ())]
    assert next_called_to("B", waiting, [(0,)], most, 1) == [1]
    least = told(Bound({"region": "south"}, 1, None, hard=False, offering="B"))
    waiting = [(("B",), ()), (("A", "B"), (0,))]
    assert next_called_to("B", waiting, [], least, 1) == [1]
    assert next_called_to("B", waiting, [(0,)], least, 1) == [0]
    assert next_called_to("A", waiting, [], least, 1) == [1], "bounds of others do not count"
