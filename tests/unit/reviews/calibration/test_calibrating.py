"""A calibration as a whole: names, shifts and scales, strange phases, chances that come true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.reviews.calibration.calibrating import (
    Calibration,
    DrawnPhase,
    calibrate,
    chances,
    intake_draws,
)
from cohortmgr.reviews.calibration.rules import doubtful_names
from cohortmgr.reviews.calibration.scores import PhaseScores
from tests.unit.reviews.calibration.worlds import shared_out, world

Reading = tuple[str, str, int]

READINGS = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 5)), st.integers(0, 20_000), min_size=1, max_size=50
).map(lambda found: [(f"F{file:02}", f"R{reader}", mark) for (file, reader), mark in found.items()])


def _marks(readings: Sequence[Reading], *, is_weighted: bool = False) -> dict[str, int]:
    found = calibrate(PhaseScores.of(readings), is_weighted=is_weighted)
    return dict(zip(found.scores.files, found.marks(), strict=True))


@settings(max_examples=60, deadline=None)
@given(READINGS, st.booleans())
def test_names_change_nothing(readings: list[Reading], is_weighted: bool) -> None:
    """Neither marks nor errors nor chances: everything follows the order of the lines."""
    other = [(f"dossier {99 - int(file[1:])}", f"É{reader[::-1]}", mark) for file, reader, mark in readings]
    one, two = (calibrate(PhaseScores.of(each), is_weighted=is_weighted) for each in (readings, other))
    assert one.marks() == two.marks() and one.errors == two.errors
    assert chances(one.draws(50), 3) == chances(two.draws(50), 3)
    assert one.digest != two.digest


@settings(max_examples=60, deadline=None)
@given(READINGS, st.integers(-30_000, 30_000))
def test_adding_to_all_marks_adds_it_to_the_estimates(readings: list[Reading], added: int) -> None:
    before = _marks(readings)
    after = _marks([(file, reader, mark + added) for file, reader, mark in readings])
    assert all(abs(after[file] - mark - added) <= 2 for file, mark in before.items())


@settings(max_examples=60, deadline=None)
@given(READINGS)
def test_doubling_all_marks_doubles_the_estimates(readings: list[Reading]) -> None:
    before = _marks(readings)
    after = _marks([(file, reader, 2 * mark) for file, reader, mark in readings])
    assert all(abs(after[file] - 2 * mark) <= 2 for file, mark in before.items())


@settings(max_examples=60, deadline=None)
@given(READINGS, st.booleans())
def test_a_calculator_gives_the_same_marks(readings: list[Reading], is_weighted: bool) -> None:
    found = calibrate(PhaseScores.of(readings), is_weighted=is_weighted)
    by_hand = [
        found.formula.mark([(reader, mark) for one, reader, mark in readings if one == file])
        for file in found.scores.files
    ]
    assert found.marks() == by_hand


def test_a_file_s_mark_takes_the_marks_as_they_stand() -> None:
    """Variances and severities come from the first marks; after a discussion one mark of one file is another."""
    made = world(1, 40, 5)
    scores = made.scores(*shared_out(40, 5, 3, 1))
    found = calibrate(scores)
    changed = scores.score.copy()
    changed[0] += 3_000
    before, after = found.marks(), found.marks(replace(scores, score=changed))
    own = scores.file[0]
    shrunk = 3_000 / (3 + (found.formula.shrinkage or 0) / 1000)
    assert after[own] - before[own] == pytest.approx(shrunk, abs=1)
    assert [a for a in range(40) if before[a] != after[a]] == [own]


def _is_sane(found: Calibration) -> bool:
    numbers = (found.mean, found.quality, found.severity, found.noise, *found.errors, *found.own_noises)
    return all(np.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    "readings",
    [
        [("F1", "R1", 12_000)],
        [("F1", "R1", 12_000), ("F1", "R2", 14_000)],
        [("F1", "R1", 12_000), ("F2", "R1", 14_000)],
        [("F1", "R1", 12_000), ("F2", "R2", 14_000)],
        [(f"F{f}", f"R{r}", 10_000) for f in range(6) for r in range(3)],
        [(f"F{f}", f"R{r}", 10_000 + 500 * f + 700 * r) for f in range(6) for r in range(3)],
        [(f"F{f}", "R0", 10_000 + 500 * f) for f in range(6)],
        [(f"F{f}", f"R{f}", 10_000 + 500 * f) for f in range(6)],
        [("F0", f"R{r}", 10_000 + 500 * r) for r in range(6)],
    ],
    ids=[
        "one",
        "a file alone",
        "a reader alone",
        "two alone",
        "equal",
        "no noise",
        "one reader",
        "pairs",
        "one file",
    ],
)
def test_phases_that_say_little_have_marks_nevertheless(readings: list[Reading]) -> None:
    for is_weighted in (False, True):
        found = calibrate(PhaseScores.of(readings), is_weighted=is_weighted)
        assert _is_sane(found)
        files = len(found.scores.files)
        stood = chances(found.draws(200), 2)
        assert sum(stood) == pytest.approx(min(2, files)) and max(stood) <= 1
        low, high = min(mark for *_, mark in readings), max(mark for *_, mark in readings)
        assert all(low - 2_000 <= mark <= high + 2_000 for mark in found.marks())


def test_equal_marks_stay_what_they_are() -> None:
    found = calibrate(PhaseScores.of([(f"F{f}", f"R{r}", 10_000) for f in range(6) for r in range(3)]))
    assert set(found.marks()) == {10_000} and found.noise == found.quality == found.severity == 0
    assert chances(found.draws(10), 2) == pytest.approx([1 / 3] * 6)


def test_marks_without_noise_are_taken_apart() -> None:
    readings = [(f"F{f}", f"R{r}", 10_000 + 500 * f + 700 * r) for f in range(6) for r in range(3)]
    found = calibrate(PhaseScores.of(readings))
    assert np.diff(found.marks()).tolist() == pytest.approx([500] * 5, abs=1)
    assert [found.formula.severities[f"R{r}"] for r in range(3)] == pytest.approx([-700, 0, 700], abs=2)


def test_two_pieces_are_fitted_together() -> None:
    made = world(4, 60, 6)
    pairs = [(f, r) for f in range(60) for r in range(6) if (f < 30) == (r < 3)]
    file, reader = np.array(pairs).T
    assert _is_sane(calibrate(made.scores(file, reader), is_weighted=True))


def test_draws_spread_as_the_errors_say() -> None:
    """On either side, and with weights."""
    made = world(2, 30, 8)
    file, reader = shared_out(30, 8, 3, 2)
    whole = made.scores(file, reader)
    turned = PhaseScores(whole.readers, whole.files, whole.reader, whole.file, whole.score)
    for scores in (whole, turned):
        for is_weighted in (False, True):
            found = calibrate(scores, is_weighted=is_weighted)
            drawn = np.hstack(list(found.draws(20_000)))
            assert drawn.std(axis=1) == pytest.approx(found.errors, rel=0.05)
            assert drawn.mean(axis=1) == pytest.approx(found.posterior.files * found.unit, abs=0.08)


def test_chances_are_those_of_the_draws_and_prices_move_them() -> None:
    draws = [np.array([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]]), np.array([[5.0], [5.0], [0.0]])]
    assert chances(draws, 1) == pytest.approx([1.5 / 3, 0.5 / 3, 1 / 3])
    assert sum(chances(draws, 2)) == pytest.approx(2)
    assert chances(draws, 1, np.array([0.0, 10.0, 0.0])) == [0, 1, 0]
    assert chances(draws, 9) == [1, 1, 1] and chances(draws, 0) == [0, 0, 0]


def test_an_intake_s_draws_are_those_of_its_phases_by_weight() -> None:
    first, second = [np.array([[1.0, 2.0], [3.0, 4.0]])], [np.array([[10.0, 20.0]])]
    phases = [DrawnPhase(3, first), DrawnPhase(1, second, np.array([1]))]
    assert np.vstack(list(intake_draws(phases, 2))).tolist() == [[0.75, 1.5], [4.75, 8.0]]


def test_severity_is_taken_out_and_own_noise_found() -> None:
    """A reader who gives two points more and reads a quarter fills the raw choice; one who draws lots is seen."""
    made = world(5, 600, 8)
    severity = made.severity.copy()
    severity[0] = 2.4
    noise = made.noise.copy()
    noise[:, 1] = np.random.default_rng(99).normal(0, 1.3, 600) - made.quality
    scores = replace(made, severity=severity, noise=noise).scores(*shared_out(600, 8, 3, 5))
    found = calibrate(scores, is_weighted=True)
    assert max(found.formula.severities, key=found.formula.severities.__getitem__) == "R00"
    place = list(scores.readers).index("R01")
    assert np.argmax(found.own_noises) == place and found.own_noises[place] > 1.3 * found.noise
    assert found.formula.weights["R01"] == min(found.formula.weights.values()) < 600


def test_names_in_doubt_are_as_many_as_are_truly_wrong() -> None:
    """Over fifty phases of 600 files, 30 seats and two readings each: stated and true differ by less than one."""
    stated, true = [], []
    for seed in range(50):
        readers = 20 if seed % 2 else 8
        made = world(9_000 + seed, 600, readers)
        scores = made.scores(*shared_out(600, readers, 2, seed))
        found = calibrate(scores)
        stood = chances(found.draws(800), 30)
        order = np.argsort(-found.posterior.files)[:30]
        stated.append(doubtful_names(stood[place] for place in order))
        true.append(len({int(scores.files[place][1:]) for place in order} - made.best(30)))
    assert 10 < np.mean(true) < 17
    assert abs(np.mean(stated) - np.mean(true)) < 1


def test_the_digest_tells_every_input() -> None:
    readings = [("F1", "R1", 1), ("F2", "R1", 2), ("F1", "R2", 3)]
    others = [
        readings[::-1],
        [("F1", "R1", 1), ("F2", "R1", 2), ("F1", "R2", 4)],
        [("F1", "R1", 1), ("F2", "R1", 2), ("F1", "R3", 3)],
        readings[:2],
    ]
    digests = {PhaseScores.of(each).digest for each in (readings, *others)}
    assert len(digests) == 5 and PhaseScores.of(list(readings)).digest in digests
