"""What the worker works out of a phase: by hand, beside other phases, whatever readers are called."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.reviews.calibration.calibrating import calibrate, chances
from cohortmgr.reviews.calibration.dense import np
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.harmonising.rules import MarkFormula
from cohortmgr.reviews.jury import computing
from cohortmgr.reviews.jury.computing import harmonised
from cohortmgr.reviews.jury.rules import Contest, CountedReading, PhaseWork, ReadPhase

FILES = [f"F{number:03d}" for number in range(40)]


def _readings(seed: int = 5, files: Sequence[str] = FILES, readers: int = 6) -> list[CountedReading]:
    chance, found = random.Random(seed), []
    for place, file in enumerate(files):
        quality = chance.gauss(10_000, 2_500)
        for reader in {place % readers, (place * 5 + 1) % readers, (place + 2) % readers}:
            mark = round(quality + (3_000, 500, 0, 0, -500, -2_500)[reader % 6] + chance.gauss(0, 1_500))
            found.append(CountedReading(file, f"R{reader}", mark, mark))
    return found


def _work(readings: Sequence[CountedReading], seats: int = 10, **more: Any) -> PhaseWork:
    work = PhaseWork(ReadPhase("dossiers", 1, readings), (), {}, (Contest("O", seats, FILES),))
    return replace(work, **more)


def test_one_phase_alone_is_what_its_calibration_says() -> None:
    readings = _readings()
    found = harmonised(_work(readings))
    alone = calibrate(PhaseScores.of((each.file, each.reader, each.standing) for each in readings))
    assert found.digest == alone.digest and found.seats == 10
    assert found.formulas["harmonised"] == alone.formula.as_json()
    stood = chances(alone.draws(), 10)
    for place, file in enumerate(alone.scores.files):
        kept = found.files[file]
        assert (kept.harmonised, kept.error) == (alone.marks()[place], round(1000 * alone.errors[place]))
        assert kept.chance == pytest.approx(10_000 * stood[place], abs=1)
    assert found.formulas["letters"] == dict(zip(alone.scores.readers, "ABCDEF", strict=True))
    assert found.formulas["readings"]["R0"] == sum(1 for each in readings if each.reader == "R0")


def test_a_mark_changed_after_a_discussion_moves_the_file_and_no_formula() -> None:
    readings = _readings()
    before = harmonised(_work(readings))
    moved = [replace(readings[0], standing=readings[0].standing + 20_000), *readings[1:]]
    after = harmonised(_work(moved))
    assert after.formulas == before.formulas and after.digest == before.digest
    formula = MarkFormula.of_json(after.formulas["harmonised"])
    file = readings[0].file
    own = [(each.reader, each.standing) for each in moved if each.file == file]
    assert after.files[file].harmonised == formula.mark(own) > before.files[file].harmonised
    assert after.files[file].chance > before.files[file].chance
    others = [name for name in FILES if name != file]
    assert [after.files[name].harmonised for name in others] == [
        before.files[name].harmonised for name in others
    ]


def test_what_is_added_without_error_decides_and_weights_lessen_the_margin() -> None:
    readings = _readings()
    fixed: Mapping[str, tuple[int, Fraction]] = {
        file: (3, 3 * Fraction(20_000 if place < 10 else 0)) for place, file in enumerate(FILES)
    }
    found = harmonised(_work(readings, fixed=fixed))
    assert [found.files[file].chance for file in FILES] == [10_000] * 10 + [0] * 30
    assert found.figures["doubtful"] == {"raw": 0, "harmonised": 0, "weighted": 0}
    assert found.figures["words"]["harmonised"] == {"sure": 10, "open": 0, "out": 30}
    alone = harmonised(_work(readings))
    rows = {row[0]: row for row in found.figures["ribbons"]["O"]["harmonised"]}
    straight = {row[0]: row for row in alone.figures["ribbons"]["O"]["harmonised"]}
    file = next(each for each in rows if each in straight)
    assert rows[file][3] == pytest.approx(straight[file][3] / 4, abs=1)
    mark = (found.files[file].harmonised + fixed[file][1]) / 4
    assert rows[file][2] == round(mark)


def test_another_phase_that_people_read_is_drawn_beside_it() -> None:
    readings, other = _readings(), ReadPhase("entretien", 2, _readings(9))
    found = harmonised(_work(readings, others=(other,)))
    alone = harmonised(_work(readings))
    assert found.formulas == alone.formulas
    assert sum(each.chance for each in found.files.values()) == pytest.approx(100_000, abs=40)
    assert any(abs(found.files[file].chance - alone.files[file].chance) > 2_000 for file in FILES)
    # By its formula once one is chosen: a mean of nought and no severities draws all its marks together.
    level = replace(other, formula=MarkFormula(10_000, None, {}))
    leveled = harmonised(_work(readings, others=(level,)))
    ordered = sorted(FILES, key=lambda file: -alone.files[file].harmonised)[:10]
    chosen = [row[0] for row in leveled.figures["ribbons"]["O"]["harmonised"] if row[5]]
    assert sorted(chosen) == sorted(ordered)


def test_offerings_have_seats_of_their_own_and_who_may_not_go_on_has_no_chance() -> None:
    readings = _readings()
    contests = (Contest("O", 5, FILES[:15]), Contest("P", 3, FILES[15:30]), Contest("Q", 4, ()))
    found = harmonised(_work(readings, contests=contests))
    assert found.seats == 8 and list(found.figures["ribbons"]) == ["O", "P"]
    for seats, files in ((5, FILES[:15]), (3, FILES[15:30]), (0, FILES[30:])):
        assert sum(found.files[file].chance for file in files) == pytest.approx(10_000 * seats, abs=20)


def test_names_and_the_width_of_a_draw_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = _readings()
    found = harmonised(_work(readings, others=(ReadPhase("entretien", 1, _readings(9, FILES[:20])),)))
    monkeypatch.setattr(computing, "_BLOCK", 40 * 333)
    renamed = [replace(each, reader=f"x{each.reader}") for each in readings]
    again = harmonised(_work(renamed, others=(ReadPhase("entretien", 1, _readings(9, FILES[:20])),)))
    assert again.files == found.files
    assert again.figures["ribbons"] == found.figures["ribbons"]


def test_those_who_cross_far_from_the_line_are_shown_too_and_counted() -> None:
    files = [f"F{number:03d}" for number in range(200)]
    readings = _readings(3, files, 4)
    generous = [
        replace(each, first=each.first + 12_000, standing=each.standing + 12_000)
        if each.reader == "R0"
        else each
        for each in readings
    ]
    found = harmonised(PhaseWork(ReadPhase("dossiers", 1, generous), (), {}, (Contest("O", 60, files),)))
    ribbon = found.figures["ribbons"]["O"]
    rows = ribbon["harmonised"]
    crossing = [row for row in rows if row[4] != row[5]]
    assert len(rows) <= computing.MOST_SHOWN and len(crossing) <= ribbon["harmonised_crossing"]
    ordered = sorted(files, key=lambda file: -found.files[file].harmonised)
    far = {row[0] for row in crossing} - set(ordered[40:80])
    assert far, "all that cross lie near the line, and the test shows nothing"


@pytest.mark.parametrize(("files", "readers"), [(40, 6), (12, 24)], ids=["few readers", "many readers"])
def test_a_reader_s_error_is_that_of_the_dense_solution(files: int, readers: int) -> None:
    readings = _readings(files=FILES[:files], readers=readers)
    found = harmonised(_work(readings, contests=(Contest("O", 4, FILES[:files]),)))
    plain = calibrate(PhaseScores.of((each.file, each.reader, each.standing) for each in readings))
    files, readers = len(plain.scores.files), len(plain.scores.readers)
    # Henderson's equations of the mean, the files and the readers, whole.
    design = np.zeros((len(readings), 1 + files + readers))
    rows = np.arange(len(readings))
    design[:, 0] = design[rows, 1 + plain.scores.file] = design[rows, 1 + files + plain.scores.reader] = 1
    penalty = np.zeros(1 + files + readers)
    penalty[1 : 1 + files] = plain.noise**2 / plain.quality**2
    penalty[1 + files :] = plain.noise**2 / plain.severity**2
    covariance = plain.noise**2 * np.linalg.inv(design.T @ design + np.diag(penalty))
    expected = np.sqrt(np.diagonal(covariance)[1 + files :])
    assert [each["error"] / 1000 for each in found.figures["readers"]] == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("marks", [[10_000], [10_000, 10_000], [9_000, 12_000, 15_000]])
def test_few_marks_and_equal_ones_are_harmonised_too(marks: list[int]) -> None:
    readings = [CountedReading(f"F{place}", f"R{place % 2}", mark, mark) for place, mark in enumerate(marks)]
    names = [each.file for each in readings]
    found = harmonised(PhaseWork(ReadPhase("dossiers", 1, readings), (), {}, (Contest("O", 1, names),)))
    assert sum(each.chance for each in found.files.values()) == pytest.approx(10_000, abs=3)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 7), st.integers(0, 3)), st.integers(0, 20_000), min_size=1, max_size=20
    ),
    st.integers(1, 9),
)
def test_chances_add_up_to_the_seats_and_marks_are_the_formula_s(
    given_marks: dict[tuple[int, int], int], seats: int
) -> None:
    readings = [
        CountedReading(f"F{file}", f"R{reader}", mark, mark)
        for (file, reader), mark in sorted(given_marks.items())
    ]
    files = sorted({each.file for each in readings})
    found = harmonised(PhaseWork(ReadPhase("dossiers", 1, readings), (), {}, (Contest("O", seats, files),)))
    taken = min(seats, len(files))
    assert found.seats == taken
    assert sum(each.chance for each in found.files.values()) == pytest.approx(10_000 * taken, abs=len(files))
    formula = MarkFormula.of_json(found.formulas["harmonised"])
    for file in files:
        own = [(each.reader, each.standing) for each in readings if each.file == file]
        assert found.files[file].harmonised == formula.mark(own)
    for number in found.figures["doubtful"].values():
        assert -1e-6 <= number <= min(taken, len(files) - taken) + 1e-6
    if len(files) <= seats:
        assert found.figures["words"]["harmonised"]["sure"] == len(files)
