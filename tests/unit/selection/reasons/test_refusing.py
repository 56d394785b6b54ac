"""What a refused person is told: what had to be exceeded is nobody's mark, and of few people no figure is told."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection.reasons.refusing import (
    FEW,
    CriterionMark,
    PartingLine,
    parting_line,
    reason_for,
    reasons_to_stay,
)

MANY = PartingLine(30, 14_750, 14_250)
CRITERIA = [
    CriterionMark("maths", "Mathématiques", 9_000, 14_000, "Un module d'algèbre aiderait."),
    CriterionMark("project", "Projet", 8_000, 15_000),
    CriterionMark("english", "Anglais", 16_000, 15_000),
    CriterionMark("code", "Programmation", 13_500, 14_000),
]


def test_reasons_tell_rank_threshold_and_the_weakest_criteria() -> None:
    reasons = reason_for(87, 542, 11_125, MANY, CRITERIA)
    assert [reason.where for reason in reasons] == ["rank", "line", "project", "maths"]
    assert reasons[1].values == {"mean": Decimal("11.12"), "threshold": Decimal("14.50")}
    assert str(reasons[3]).endswith("Un module d'algèbre aiderait.")
    assert all(str(reason) for reason in reasons)


def test_reasons_at_the_line_and_without_a_seat() -> None:
    assert "départage" in str(reason_for(31, 40, 14_000, PartingLine(30, 14_000, 14_000), [], tied=True)[1])
    assert str(reason_for(1, 40, 14_000, None, [])[1]) == "line: Aucune place n’était à pourvoir."
    near = reason_for(31, 40, 13_999, PartingLine(30, 14_000, 13_999), [])[1]
    assert near.values == {"mean": Decimal("13.999"), "threshold": Decimal("13.9995")}
    close = reason_for(31, 40, 13_999, PartingLine(30, 13_999, 13_200), [])[1]
    assert "à moins d’un millième" in close.what, "the exact means differ by less than a thousandth"


@given(
    st.lists(st.integers(0, 20_000), min_size=1, max_size=40),
    st.lists(st.integers(0, 20_000), min_size=1, max_size=40),
    st.booleans(),
)
def test_what_had_to_be_exceeded_is_nobody_s_mark_and_above_one_s_own(
    one: list[int], other: list[int], harmonised: bool
) -> None:
    """Some of the same marks are chosen and some are not: a tie-break parted them."""
    every = sorted((*one, *other), reverse=True)
    passed, left = every[: len(one)], every[len(one) :]
    line = parting_line(passed, left)
    assert line is not None and line.lowest == passed[-1]
    for mean in left:
        told = reason_for(2, 40, mean, line, [], harmonised=harmonised)[1].values
        if mean == line.lowest:
            assert told.keys() == {"mean"}
        elif len(passed) < FEW:
            assert told["low"] <= line.threshold <= told["high"] == told["low"] + 1
        else:
            assert told["mean"] < told["threshold"] * 1 and told["threshold"] * 1000 < line.lowest
            assert all(each < told["threshold"] * 1000 for each in left if each < line.lowest)


def test_nobody_passed_nothing_parts() -> None:
    assert parting_line([], [12_000]) is None
    line = parting_line([12_000], [])
    assert line is not None and 0 < line.threshold < 12


def test_of_few_chosen_neither_their_mark_nor_their_average_is_told() -> None:
    for chosen in (1, FEW - 1, FEW):
        line = PartingLine(chosen, 14_750, 14_250)
        stays = reasons_to_stay(9, 40, {"fr": "Dossiers"}, 11_125, line, CRITERIA)
        for reasons in (reason_for(9, 40, 11_125, line, CRITERIA), stays):
            shown = " ".join(str(reason) for reason in reasons)
            assert ("14.50" in shown, "contre 15.00" in shown) == (chosen >= FEW, chosen >= FEW)
            assert "8.00 sur 20" in shown, "one's own"
            assert ("entre 14 et 15" in shown) == (chosen < FEW)


def test_who_stopped_although_nothing_parts_them_is_told_no_threshold() -> None:
    line = PartingLine(30, 12_000, 13_000)  # who went on by hand
    [_rank, stopped, *_] = reasons_to_stay(9, 40, {"fr": "Dossiers"}, 13_000, line, [])
    assert stopped.values == {"phase": {"fr": "Dossiers"}, "mean": Decimal("13.00")}
