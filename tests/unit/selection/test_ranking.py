"""The ranking against a plain sort, its tie-breaks, and the cut."""

import hashlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.reviews.phases.marks import lot_of
from cohortmgr.selection.ranking import BELOW_LINE, BY_LOT, BY_MEAN, LOST_TIE, RankingEntry, cut, lot, rank

ENTRIES = st.lists(
    st.builds(
        lambda totals, tie: (tuple(totals), tie),
        st.lists(st.integers(0, 6), min_size=1, max_size=3),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ),
    max_size=12,
).map(lambda rows: [RankingEntry(f"C{index:02}", totals, tie) for index, (totals, tie) in enumerate(rows)])


@given(ENTRIES, st.text(max_size=5))
def test_the_order_is_that_of_counting_who_stands_before(entries: list[RankingEntry], seed: str) -> None:
    def before(one: RankingEntry, other: RankingEntry) -> bool:
        means = [Fraction(sum(e.totals), len(e.totals)) for e in (one, other)]
        if means[0] != means[1]:
            return means[0] > means[1]
        if one.tie != other.tie:
            return one.tie > other.tie
        lots = [hashlib.sha256((seed + e.reference).encode()).hexdigest() for e in (one, other)]
        return lots[0] < lots[1]

    ranks = {row.reference: row.rank for row in rank(entries, seed).rows}
    for entry in entries:
        assert ranks[entry.reference] == 1 + sum(
            before(other, entry) for other in entries if other is not entry
        )


def test_a_third_of_a_thousandth_decides() -> None:
    rows = rank([RankingEntry("low", (1, 1, 1)), RankingEntry("high", (1, 1, 2))], "s").rows
    assert [(row.reference, row.mean, row.decided) for row in rows] == [
        ("high", 1, BY_MEAN),
        ("low", 1, BY_MEAN),
    ]


def test_each_row_says_which_rule_decided() -> None:
    entries = [
        RankingEntry("A", (15_000,), (3, 1)),
        RankingEntry("B", (14_000,), (3, 1)),
        RankingEntry("C", (14_000,), (2, 9)),
        RankingEntry("D", (13_000,), (2, 2)),
        RankingEntry("E", (13_000,), (2, 1)),
        RankingEntry("F", (12_000,), (1, 1)),
        RankingEntry("G", (12_000,), (1, 1)),
    ]
    decided = {row.reference: row.decided for row in rank(entries, "2025").rows}
    assert decided == {
        "A": BY_MEAN,
        "B": "tie1",
        "C": "tie1",
        "D": "tie2",
        "E": "tie2",
        "F": BY_LOT,
        "G": BY_LOT,
    }


def test_the_cut_gives_seats_list_and_reasons() -> None:
    ranking = rank([RankingEntry(f"C{n}", (n * 1000,)) for n in range(10)], "s")
    result = cut(ranking, 3, 2)
    assert [row.reference for row in result.chosen] == ["C9", "C8", "C7"]
    assert [row.reference for row in result.waiting] == ["C6", "C5"]
    assert result.line == 7_000
    assert [(r.row.reference, r.reason, r.distance) for r in result.refused][0] == ("C4", BELOW_LINE, 3_000)
    assert len(result.refused) == 5


def test_equal_to_the_line_is_a_lost_tie() -> None:
    result = cut(rank([RankingEntry("A", (9,), (2,)), RankingEntry("B", (9,), (1,))], "s"), 1, 0)
    assert [(r.row.reference, r.reason, r.distance) for r in result.refused] == [("B", LOST_TIE, 0)]


def test_more_seats_than_files_and_no_seat() -> None:
    ranking = rank([RankingEntry("A", (9,))], "s")
    assert cut(ranking, 5, 5).refused == ()
    nobody = cut(ranking, 0, 0)
    assert nobody.line is None
    assert nobody.refused[0].reason == BELOW_LINE
    assert cut(rank([], "s"), 3, 3).chosen == ()


@pytest.mark.parametrize(
    "entries",
    [
        [RankingEntry("A", ())],
        [RankingEntry("A", (1,)), RankingEntry("A", (2,))],
        [RankingEntry("A", (1,), (1,)), RankingEntry("B", (1,))],
    ],
)
def test_what_cannot_be_ranked_is_refused(entries: list[RankingEntry]) -> None:
    with pytest.raises(Refused):
        rank(entries, "s")


def test_negative_seats_are_refused() -> None:
    with pytest.raises(Refused):
        cut(rank([], "s"), -1, 0)


@given(st.text(max_size=30), st.text(max_size=20))
def test_the_jury_draws_the_lots_of_the_ranking(seed: str, reference: str) -> None:
    assert lot_of(seed, reference) == lot(seed, reference)
