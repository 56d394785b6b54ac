"""What the marks of several phases come to, against a plain calculation; and who goes on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.programmes.definition.rubric import Criterion, PhaseKind, Rubric, RubricPhase
from cohortmgr.reviews.phases.marks import (
    FileMarks,
    Reading,
    competes,
    counted_place,
    knocked_out_by,
    lacking_in,
    whole_mark,
)
from cohortmgr.reviews.phases.rules import (
    current_place,
    deciding_place,
    going_on,
    narrowing_before,
    reached_place,
    settled_keys,
)

NAME = {"fr": "Nom", "ar": "اسم", "en": "Name"}
KEYS = ("a", "b", "c")


def rubric(weights: list[int], goes_on: tuple[int | None, ...] = (None, None, None)) -> Rubric:
    kinds = (PhaseKind.COMPUTED, PhaseKind.FILES, PhaseKind.TEST)
    return Rubric(
        tuple(
            RubricPhase(key, (Criterion(f"c{key}", NAME, 1, 0, 20),), kind, weight=weight, goes_on=most)
            for key, kind, weight, most in zip(KEYS, kinds, weights, goes_on, strict=True)
        )
    )


TOTALS = st.lists(st.integers(0, 20_000), max_size=4)


@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=3), st.tuples(TOTALS, TOTALS, TOTALS), st.integers(0, 2)
)
def test_the_whole_mark_is_the_weighted_mean_of_the_phases_that_have_one(
    weights: list[int], totals: tuple[list[int], ...], reached: int
) -> None:
    readings = {key: [Reading(each, {}) for each in own] for key, own in zip(KEYS, totals, strict=True)}
    found = whole_mark(rubric(weights), FileMarks(readings, reached))
    top, bottom = Fraction(0), 0
    for weight, own in list(zip(weights, totals, strict=True))[: reached + 1]:
        if own:
            top, bottom = top + weight * Fraction(sum(own), len(own)), bottom + weight
    assert found == (top / bottom if bottom else None)


def test_a_harmonised_mark_takes_the_place_of_the_mean_of_its_phase() -> None:
    readings = {"a": [Reading(6_000, {})], "b": [Reading(10_000, {}), Reading(12_000, {})]}
    file = FileMarks(readings, 2, harmonised={"b": 20_600})
    a, b, c = rubric([1, 2, 4]).phases
    assert [file.mark_in(phase) for phase in (a, b, c)] == [6_000, 20_600, None], "it may lie beyond twenty"
    assert whole_mark(rubric([1, 2, 4]), file) == Fraction(6_000 + 2 * 20_600, 3)
    assert whole_mark(rubric([1, 2, 4]), file, 0) == 6_000
    assert lacking_in(rubric([1, 2, 4]), replace(file, readings={"b": readings["b"][:1]})) is not None
    strict = replace(b.criteria[0], knock_out_below=Decimal(13))
    given = [Reading(10_000, {"cb": 10}), Reading(12_000, {"cb": 12})]
    phases = Rubric((a, replace(b, criteria=(strict,)), c))
    assert knocked_out_by(phases, replace(file, readings={"b": given})) == "cb", "by what readers gave"


def test_who_did_not_come_counts_as_far_as_before_that() -> None:
    file = FileMarks({"b": [Reading(1, {})] * 2}, 2, frozenset({"b"}))
    assert counted_place(rubric([1, 1, 1]), file) == 0
    assert counted_place(rubric([1, 1, 1]), FileMarks({}, 2, frozenset({"a"}))) == -1
    assert lacking_in(rubric([1, 1, 1]), file) is None


def test_nobody_waits_for_what_a_rule_cannot_compute() -> None:
    phases = rubric([1, 1, 1])
    assert lacking_in(phases, FileMarks({}, 0)) is None
    one = FileMarks({"b": [Reading(1, {})]}, 1)
    lacking = lacking_in(phases, one)
    assert lacking is not None and lacking.key == "b", "two readings are asked for"
    assert lacking_in(phases, replace(one, readings={"b": [Reading(1, {})] * 2})) is None


MARKS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3), st.none() | st.integers(0, 6), max_size=9
)


@given(MARKS, st.integers(1, 5), st.sets(st.text("abcdefgh", min_size=1, max_size=3), max_size=2))
def test_who_goes_on_is_who_fewer_than_so_many_are_better_than(
    marks: dict[str, int | None], number: int, out: set[str]
) -> None:
    exact = {name: None if mark is None else Fraction(mark) for name, mark in marks.items()}
    found = going_on(exact, number, out)
    able = {name: mark for name, mark in marks.items() if mark is not None and name not in out}
    expected = {
        name for name, mark in able.items() if sum(1 for other in able.values() if other > mark) < number
    }
    assert set(found.chosen) == expected
    assert set(found.staying) == set(marks) - expected
    assert found.tied == max(0, len(expected) - number)
    assert list(found.chosen) == sorted(found.chosen, key=lambda name: (-able[name], name))


def test_an_intake_is_in_the_first_phase_that_is_to_be_closed() -> None:
    phases = rubric([1, 1, 1], (2, None, None))
    assert current_place(phases, ()) == 0 and current_place(phases, {"a"}) == 2
    assert reached_place(phases, (), ()) == 0
    assert reached_place(phases, {"a"}, {"a"}) == 2
    assert reached_place(phases, (), {"a"}) == 0
    assert reached_place(phases, {"a"}, ()) == 0, "what was taken back holds no more"
    assert current_place(rubric([1, 1, 1]), ()) == 2 == reached_place(rubric([1, 1, 1]), (), ())


def test_only_phases_that_narrow_stand_before_another() -> None:
    phases = rubric([1, 1, 1], (2, None, None))
    assert [each.key for each in narrowing_before(phases, "c")] == ["a"]
    assert narrowing_before(phases, "a") == () and narrowing_before(phases, "none") == ()


def test_a_phase_decides_where_the_next_ones_stay_behind() -> None:
    phases = [
        RubricPhase("dossiers"),
        RubricPhase("epreuve", kind=PhaseKind.TEST, goes_on=10),
        RubricPhase("entretien", kind=PhaseKind.INTERVIEW),
    ]
    rubric = Rubric(tuple(phases))
    assert [deciding_place(rubric, each.key) for each in phases] == [1, 1, 2]
    assert deciding_place(Rubric((RubricPhase("dossiers"),)), "dossiers") == 0


def test_who_stopped_did_not_come_or_is_knocked_out_competes_no_more() -> None:
    limited = replace(rubric([1, 1, 1], (None, 5, None)).phases[1].criteria[0], knock_out_below=Decimal(8))
    found = rubric([1, 1, 1], (None, 5, None))
    found = Rubric((found.phases[0], replace(found.phases[1], criteria=(limited,)), found.phases[2]))
    low, high = ([Reading(mark * 1000, {"cb": mark}) for _ in range(2)] for mark in (7, 9))
    assert competes(found, FileMarks({"b": high}, 1), 1)
    assert not competes(found, FileMarks({"b": low}, 1), 1), "a criterion knocks it out"
    assert not competes(found, FileMarks({"b": high}, 1), 2), "it stopped before"
    assert not competes(found, FileMarks({"b": high}, 2, frozenset({"c"})), 2), "its person did not come"
    assert competes(found, FileMarks({"b": high}, 2, frozenset({"c"})), 1)


def test_what_counted_when_a_later_phase_was_closed_is_settled_too() -> None:
    found = rubric([1, 1, 1], (None, 5, None))
    assert settled_keys(found, ()) == frozenset()
    assert settled_keys(found, {"b"}) == {"a", "b"}
    assert settled_keys(found, {"a"}) == {"a"}
