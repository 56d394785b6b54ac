"""Ranking by the marks of several phases, and the certificate that states them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.programmes.definition.rubric import (
    Criterion,
    NoShow,
    PhaseKind,
    PointKind,
    PointSource,
    Rubric,
    RubricPhase,
)
from cohortmgr.reviews.phases.marks import FileMarks, Reading, whole_mark
from cohortmgr.reviews.rules import total_thousandths
from cohortmgr.selection.board import SelectionBoard, SelectionFile, build, require_read
from cohortmgr.selection.certificate import certificate, digest, outcomes_of, verify
from cohortmgr.selection.deciding import decisions
from cohortmgr.selection.stating import rubric_of

NAME = {"fr": "Critère", "ar": "معيار", "en": "Criterion"}
PHASES = (
    RubricPhase(
        "points",
        (Criterion("p", NAME, 1, 0, 20, points=PointSource(PointKind.MEAN, ("s1",), missing=0)),),
        PhaseKind.COMPUTED,
    ),
    RubricPhase(
        "dossiers", (Criterion("d", NAME, 1, 0, 5), Criterion("e", NAME, 2, 0, 5)), readings=2, goes_on=3
    ),
    RubricPhase("entretien", (Criterion("o", NAME, 1, 0, 20),), PhaseKind.INTERVIEW, readings=1, weight=3),
)
RUBRIC = Rubric(PHASES)


def reading(phase: RubricPhase, *scores: int) -> Reading:
    given = dict(zip((each.key for each in phase.criteria), scores, strict=False))
    return Reading(total_thousandths(phase, given, part=phase.kind is PhaseKind.COMPUTED), given)


def file(
    number: int,
    points: int | None,
    read: tuple[int, int],
    oral: int | None = None,
    reached: int = 2,
    absent: frozenset[str] = frozenset(),
) -> SelectionFile:
    computed, files, heard = PHASES
    readings = {
        "points": [reading(computed, points)] if points is not None else [],
        "dossiers": [reading(files, *read), reading(files, *read)],
        "entretien": [reading(heard, oral)] if oral is not None else [],
    }
    name = f"M-{number:03}"
    marks = FileMarks(readings, reached, absent)
    return SelectionFile(number, number, name, name, None, True, reference=name, marks=marks)


def board(*files: SelectionFile, seats: int = 2, waiting: int = 1) -> SelectionBoard:
    return build(files, RUBRIC, seats, waiting, "seed")


FOUR = (
    file(1, 10, (3, 3), 10),
    file(2, None, (3, 3), 15),
    file(3, 20, (5, 5), reached=1),
    file(4, 20, (5, 5), absent=frozenset({"entretien"})),
    file(5, 2, (2, 2), 20),
)


def certified(found: SelectionBoard) -> dict[str, Any]:
    return certificate(
        found.ranking, found.seats, "seed", rubric_of(found.rubric), found.waiting, found.scores, found.parts
    )


def test_who_went_to_the_last_phase_comes_before_who_did_not() -> None:
    found = board(*FOUR)
    assert [row.reference for row in found.ranking.rows][:3] == ["M-002", "M-005", "M-001"]
    assert {row.reference for row in found.ranking.rows[3:]} == {"M-003", "M-004"}
    assert [row.decided for row in found.ranking.rows[3:]] == ["phase", "phase"]
    assert [row.reference for row in found.cut.chosen] == ["M-002", "M-005"]
    free = board(*FOUR, seats=9)
    assert len(free.cut.chosen) == 3 and not free.cut.waiting, "no seat for who stopped, though it be free"


def test_the_mark_is_exact_over_the_phases_that_have_one() -> None:
    found = {row.reference: row.exact for row in board(*FOUR).ranking.rows}
    assert found["M-001"] == (Fraction(10_000) + 12_000 + 3 * 10_000) / 5
    assert found["M-002"] == (Fraction(12_000) + 3 * 15_000) / 4, "what is not computed does not count"
    assert found["M-003"] == Fraction(20_000)


def test_the_refused_are_told_where_they_stopped() -> None:
    told = {
        each.file.number: [str(reason) for reason in each.reasons] for each in decisions(board(*FOUR), ())
    }
    assert any("s’est arrêté après" in reason for reason in told["M-003"])
    assert any("n’étiez pas là" in reason for reason in told["M-004"])


def test_nothing_is_decided_while_a_mark_lacks_or_a_phase_is_open() -> None:
    found = board(*FOUR, file(6, 3, (1, 1)))
    with pytest.raises(Refused, match="Il manque des notes"):
        require_read(found)
    with pytest.raises(Refused, match="Closez d’abord"):
        require_read(build(FOUR, RUBRIC, 2, 1, "seed", PHASES[1]))
    require_read(board(*FOUR))


def test_a_certificate_of_phases_holds_and_says_its_format() -> None:
    found = certified(board(*FOUR))
    assert found["format"] == 4 and verify(found) == []
    assert outcomes_of(found)["M-005"] == ("offer", 2)


def changed(certificate_: dict[str, Any], change: Any) -> dict[str, Any]:
    copied = deepcopy(certificate_)
    change(copied)
    copied["sha256"] = digest(copied)
    return copied


@pytest.mark.parametrize(
    "change",
    [
        lambda each: each["rows"][1]["phases"][2]["scores"][0].update(o=19),
        lambda each: each["rows"][1]["phases"][2]["totals"].__setitem__(0, 19_000),
        lambda each: each["rows"][3].update(short=0),
        lambda each: each["rows"][0].update(short=1),
        lambda each: each["rows"][0]["phases"].pop(1),
        lambda each: each["rows"][0].update(short=-1),
        lambda each: each["rows"][0]["tie"].__setitem__(0, 1),
        lambda each: each["rubric"]["phases"][2].update(weight=1),
        lambda each: each["rubric"]["phases"][1].update(readings=3),
        lambda each: each.update(format=3),
        lambda each: each["rows"].reverse(),
    ],
)
def test_whatever_is_changed_in_it_shows(change: Any) -> None:
    assert verify(changed(certified(board(*FOUR)), change)) != []


def test_a_knock_out_in_any_phase_comes_last() -> None:
    strict = replace(PHASES[1].criteria[0], knock_out_below=4)
    phases = (PHASES[0], replace(PHASES[1], criteria=(strict, PHASES[1].criteria[1])), PHASES[2])
    found = build(FOUR, Rubric(phases), 2, 1, "seed")
    assert {row.reference for row in found.ranking.rows if row.knocked_out} == {"M-001", "M-002", "M-005"}
    assert not found.cut.chosen and verify(certified(found)) == []


def test_a_no_show_of_nought_has_a_mark() -> None:
    assert replace(PHASES[2], no_show=NoShow.NOUGHT).no_show is NoShow.NOUGHT
    came = file(7, 10, (3, 3), 0)
    (row,) = board(came).ranking.rows
    assert row.short == 0 and row.exact == (Fraction(10_000) + 12_000) / 5


SCORES = st.tuples(
    st.none() | st.integers(0, 20), st.integers(0, 5), st.integers(0, 5), st.none() | st.integers(0, 20)
)


@given(st.lists(SCORES, min_size=1, max_size=8), st.integers(0, 4))
def test_the_order_is_that_of_a_plain_calculation(given: list[Any], seats: int) -> None:
    files = [
        file(place, points, (one, two), oral, reached=2 if oral is not None else 1)
        for place, (points, one, two, oral) in enumerate(given)
    ]
    found = board(*files, seats=seats)
    marks = {each.number: whole_mark(RUBRIC, each.marks) for each in files if each.marks}
    reached = {each.number: each.marks.reached for each in files if each.marks}
    order = [(reached[row.reference], marks[row.reference]) for row in found.ranking.rows]
    assert order == sorted(order, reverse=True)
    assert len(found.cut.chosen) == min(seats, sum(1 for each in reached.values() if each == 2))
    assert verify(certified(found)) == []
