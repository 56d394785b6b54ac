"""Anchors are read by all who may, and say how far readers agree."""

from collections import Counter

import pytest

from cohortmgr.reviews.assignment.anchoring import agreement_on, anchor_pairs, anchors_of

FILES = [f"F{number:03}" for number in range(80)]
PEOPLE = ["A", "B", "C"]


@pytest.mark.parametrize(("files", "number", "most"), [(80, 6, 6), (45, 6, 4), (9, 6, 0), (80, 0, 0)])
def test_there_are_as_many_as_the_rubric_says_and_a_tenth_at_most(files: int, number: int, most: int) -> None:
    found = anchors_of(FILES[:files], PEOPLE, (), "intake", number)
    assert len(found) == most and found == anchors_of(FILES[:files][::-1], PEOPLE, (), "intake", number)


def test_a_file_that_is_barred_to_somebody_is_none_if_others_are_not() -> None:
    barred = {("A", file) for file in FILES[:70]} | {("gone", FILES[75])}
    assert not set(anchors_of(FILES, PEOPLE, barred, "intake", 6)) & set(FILES[:70])


def test_all_who_may_read_an_anchor_get_it_and_nobody_more_than_their_limit() -> None:
    pairs = anchor_pairs(["F1", "F2"], PEOPLE, {("A", "F1")}, {"F2": {"B"}, "F9": {"C"}}, {"C": 2})
    assert sorted(pairs) == [("F1", "B"), ("F1", "C"), ("F2", "A")]
    assert Counter(name for _, name in pairs)["C"] == 1


def test_agreement_is_the_spread_of_each_file_and_the_distance_of_each_reader() -> None:
    totals = [("F1", "A", 10_000), ("F1", "B", 14_000), ("F2", "A", 12_000)]
    found = agreement_on(["F2", "F1"], {"A": "Amina", "B": "Badr", "C": "Chama"}, totals)
    assert [(each.number, each.readings, each.mean, each.spread) for each in found.files] == [
        ("F1", 2, 12_000, 4_000),
        ("F2", 1, None, None),
    ]
    assert [(each.name, each.readings, each.deviation) for each in found.readers] == [
        ("Amina", 2, -4_000),
        ("Badr", 1, 4_000),
        ("Chama", 0, None),
    ]
