"""What a refused person is told: what had to be exceeded is nobody's mark, and of few people no figure is told."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.selection.reasons import FEW, CriterionMark, PartingLine, reason_for, reasons_to_stay

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
    close = reason_for(31, 40, 13_999, PartingLine(30, 13_999, 13_999), [])[1]
    assert "à moins d’un millième" in close.what, "the exact means differ by less than a thousandth"


@given(
    st.integers(0, 20_000), st.integers(0, 20_000), st.integers(0, 20_000), st.integers(1, 40), st.booleans()
)
def test_what_had_to_be_exceeded_is_nobody_s_mark_and_above_one_s_own(
    one: int, other: int, own: int, chosen: int, harmonised: bool
) -> None:
    left, lowest = sorted((one, other))
    mean = min(own, left)
    told = reason_for(2, 40, mean, PartingLine(chosen, lowest, left), [], harmonised=harmonised)[1].values
    assert told["mean"] in (round(Decimal(mean) / 1000, 2), Decimal(mean) / 1000)
    if left == lowest:
        assert told.keys() == {"mean"}
    elif chosen < FEW:
        assert told["low"] <= Decimal(left + lowest) / 2000 <= told["high"] == told["low"] + 1
        assert told.keys() == {"mean", "low", "high"}
    else:
        assert told["mean"] < told["threshold"] and left < told["threshold"] * 1000 < lowest


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
