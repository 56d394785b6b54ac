"""A scenario changes weights, seats and bounds, exactly as marks and choices are made, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rules import Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import FileMarks, Reading
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionFile, build
from cohortmgr.selection.bounded import AppliedRules, HandMove
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios.comparing import chosen_in
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.scenarios.trying import PhaseScale, try_out
from tests.unit.selection.scenarios.boards import (
    KNOWN,
    PHASE,
    RUBRIC,
    SEED,
    exact,
    judged,
    text,
    unchanged,
    values,
)

FOUR = judged([(20, 1), (16, 3), (12, 5), (8, 5)])


def test_a_heavier_criterion_turns_the_order_round() -> None:
    assert chosen_in(FOUR) == {"F-001", "F-002"}
    after = try_out(FOUR, ScenarioChanges(2, (), {"maths": 0}), KNOWN, {})
    assert chosen_in(after) == {"F-003", "F-004"}
    assert [row.mean for row in after.ranking.rows] == [20_000, 20_000, 10_000, 0]
    assert FOUR.rubric is RUBRIC and chosen_in(FOUR) == {"F-001", "F-002"}


def test_nothing_changed_gives_the_same_board() -> None:
    after = try_out(FOUR, unchanged(FOUR), KNOWN, {})
    assert after.ranking == FOUR.ranking and after.cut == FOUR.cut and after.bounded is None


def test_bounds_choose_by_the_lots_of_the_ranking_where_nothing_is_sealed() -> None:
    level = judged([(10, 3)] * 6, seats=2)
    bounds = (Bound({"region": "b"}, 1),)
    after = try_out(level, ScenarioChanges(2, bounds), KNOWN, values(level, 3))
    assert [row.reference for row in after.ranking.rows] == [row.reference for row in level.ranking.rows]
    where = {number: given_["region"] for number, given_ in values(level, 3).items()}
    drawn = [row.reference for row in level.ranking.rows]
    best = next(number for number in drawn if where[number] == "b")
    assert best in chosen_in(after) and len(chosen_in(after)) == 2


def test_sealed_names_rights_and_moves_by_hand_stay() -> None:
    names = {number: f"salted-{number}" for number in FOUR.files}
    hand = {"F-002": HandMove(False, "il s’est retiré du concours")}
    rules = AppliedRules((), (), {}, names, 2, ("maths",), {"F-004": "convention"}, hand)
    board = build(tuple(FOUR.files.values()), RUBRIC, 2, 1, SEED, rules=rules)
    after = try_out(board, ScenarioChanges(3, (Bound({"region": "b"}, None, 1),)), KNOWN, values(board, 2))
    assert after.bounded is not None and after.bounded.rules.names == names
    # F-004 has one of the seats of its region by right, so that F-003 finds the ceiling reached.
    assert chosen_in(after) == {"F-001", "F-004"} and after.seats == 3


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=12),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 5),
)
def test_the_short_ways_give_the_board_that_would_be_built(
    scores: list[tuple[int, int]], maths: int, project: int, seats: int
) -> None:
    found = judged(scores)
    names = {number: number[::-1] for number in found.files}
    rules = AppliedRules((), (), {}, names, 2, ("projet", "maths"), {"F-001": "convention"})
    files = tuple(found.files.values())
    board = build(files, RUBRIC, 2, 1, SEED, rules=rules)
    changes = ScenarioChanges(
        seats, (Bound({"region": "b"}, 1, None, False),), {"maths": maths or 1, "projet": project}
    )
    after = try_out(board, changes, KNOWN, values(board, 2))
    assert after.bounded is not None
    scale = PhaseScale(after.rubric.files)
    remarked = [replace(file, readings=scale.remarked(file.readings)) for file in files]
    built = build(remarked, after.rubric, seats, 1, SEED, rules=after.bounded.rules)
    assert (after.ranking, after.cut, after.seats, after.files) == (
        built.ranking,
        built.cut,
        built.seats,
        built.files,
    )
    assert built.bounded is not None and after.bounded.choice == built.bounded.choice
    assert (after.unread, after.ineligible) == (built.unread, built.ineligible)


@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 4), st.integers(-3, 9)), min_size=1, max_size=6),
)
def test_totals_are_those_of_readings_handed_in_with_such_weights(
    weights: list[int], scores: list[tuple[int, int, int]]
) -> None:
    scales = ((0, 20), (1, 4), (-3, 9))
    criteria = tuple(
        Criterion(f"c{place}", text("C"), weight, low, high)
        for place, (weight, (low, high)) in enumerate(zip(weights, scales, strict=True))
    )
    phase = RubricPhase("files", criteria)
    given_ = [{f"c{place}": score for place, score in enumerate(each)} for each in scores]
    found = PhaseScale(phase).remarked([Reading(0, each, "r") for each in given_])
    assert [each.total for each in found] == [total_thousandths(phase, each) for each in given_]
    assert [each.total for each in found] == [exact(phase, each) for each in given_]
    assert all(each.reader == "r" for each in found)


def test_a_reading_without_any_criterion_that_weighs_says_nothing_any_more() -> None:
    computed = RubricPhase(
        "points", (replace(PHASE.criteria[0], weight=0), PHASE.criteria[1]), PhaseKind.COMPUTED
    )
    scale = PhaseScale(computed)
    assert scale.remarked([Reading(9, {"maths": 20})]) == ()
    assert [each.total for each in scale.remarked([Reading(9, {"projet": 3})])] == [10_000]


def test_phases_weigh_as_they_are_told_and_harmonised_marks_stay() -> None:
    other = RubricPhase("oral", (Criterion("voix", text("Voix"), 1, 0, 20),), PhaseKind.INTERVIEW, readings=1)
    rubric = Rubric((replace(PHASE, readings=1), other))

    def file(number: str, maths: int, voice: int, harmonised: dict[str, int]) -> SelectionFile:
        scores = {"maths": maths, "projet": 1}
        readings = {
            "files": (Reading(total_thousandths(PHASE, scores), scores),),
            "oral": (Reading(voice * 1000, {"voix": voice}),),
        }
        marks = FileMarks(readings, 1, harmonised=harmonised)
        return SelectionFile(1, 1, number, number, None, True, reference=number, marks=marks)

    board = build([file("F-001", 20, 0, {}), file("F-002", 0, 20, {}), file("F-003", 0, 0, {"oral": 19_000})],
                  rubric, 1, 1, SEED)  # fmt: skip
    after = try_out(board, ScenarioChanges(1, (), {}, {"files": 0}), KNOWN, {})
    assert [row.mean for row in after.ranking.rows] == [20_000, 19_000, 0]
    assert chosen_in(after) == {"F-002"}
