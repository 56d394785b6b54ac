"""Variances, effects and errors against the dense solution, and against figures that are stored."""

from __future__ import annotations

import numpy as np
import pytest

from cohortmgr.reviews.calibration.calibrating import calibrate
from cohortmgr.reviews.calibration.crossing import Crossing
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.calibration.solution import Solution, SummedValues
from tests.unit.reviews.calibration.oracle import at, solved
from tests.unit.reviews.calibration.worlds import shared_out, world


def _small(
    seed: int, files: int, readers: int, quality: float, severity: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A table with holes, in whole thousandths."""
    chance = np.random.default_rng(seed)
    file, reader = np.nonzero(chance.random((files, readers)) < 0.6)
    file = np.unique(file, return_inverse=True)[1]
    reader = np.unique(reader, return_inverse=True)[1]
    marks = chance.normal(0, quality, files)[file] + chance.normal(0, severity, readers)[reader]
    marks = np.round(1000 * (10 + 3 * (marks + chance.normal(0, 0.8, len(file)))))
    return file, reader, marks


def _scores(file: np.ndarray, reader: np.ndarray, marks: np.ndarray) -> PhaseScores:
    # Names are zero padded, but places follow the order of lines: the same order for the oracle.
    names = (
        [f"F{each:03}" for each in range(file.max() + 1)],
        [f"R{each:03}" for each in range(reader.max() + 1)],
    )
    return PhaseScores(names[0], names[1], file, reader, marks.astype(np.int64))


CASES = [
    (0, 12, 5, 1.0, 0.6),
    (1, 5, 12, 0.0, 0.6),
    (2, 20, 4, 1.0, 0.0),
    (3, 12, 5, 0.2, 0.1),
    (4, 5, 12, 1.0, 0.6),
    (6, 12, 5, 1.0, 0.6),
    (7, 5, 12, 0.2, 0.1),
    (8, 20, 4, 1.0, 0.6),
    (10, 5, 12, 1.0, 0.0),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_few_marks_have_the_dense_solution(case: tuple[int, int, int, float, float]) -> None:
    """Whichever side is eliminated, and with variances of nought among them."""
    file, reader, marks = _small(*case)
    found, oracle = calibrate(_scores(file, reader, marks)), solved(file, reader, marks / 1000)
    for name in ("quality", "severity", "noise", "mean"):
        assert getattr(found, name) == pytest.approx(getattr(oracle, name), abs=0.004), name
    assert found.errors == pytest.approx(oracle.errors, abs=0.004)
    severities = [found.formula.severities[each] / 1000 for each in found.scores.readers]
    assert severities == pytest.approx(oracle.readers, abs=0.004)
    assert [mark / 1000 for mark in found.marks()] == pytest.approx(oracle.mean + oracle.files, abs=0.005)


def test_weights_are_those_of_the_dense_solution() -> None:
    file, reader, marks = _small(0, 12, 5, 1.0, 0.6)
    found = calibrate(_scores(file, reader, marks), is_weighted=True)
    weights = np.array([found.formula.weights[name] for name in found.scores.readers]) / 1000
    assert len(set(weights.tolist())) > 1
    deviations = (found.quality, found.severity, found.noise)
    oracle = at(file, reader, marks / 1000, deviations, weights[reader])
    assert found.errors == pytest.approx(oracle.errors, abs=0.003)
    assert [mark / 1000 for mark in found.marks()] == pytest.approx(oracle.mean + oracle.files, abs=0.005)


def test_own_noise_is_the_expected_square_shrunk_by_eight_readings() -> None:
    """The first round, from the dense solution: residual squared and posterior variance of the fitted value."""
    file, reader, marks = _small(8, 20, 4, 1.0, 0.6)
    found = calibrate(_scores(file, reader, marks))
    quality, severity, noise = found.quality, found.severity, found.noise
    of_file, of_reader = np.eye(file.max() + 1)[file], np.eye(reader.max() + 1)[reader]
    signal = quality**2 * of_file @ of_file.T + severity**2 * of_reader @ of_reader.T
    inverse = np.linalg.inv(signal + noise**2 * np.eye(len(file)))
    ones = np.ones(len(file))
    projected = inverse - np.outer(inverse @ ones, inverse @ ones) / (ones @ inverse @ ones)
    # Noise that is left: e = noise² P y, with the variance noise² - noise⁴ P.
    left = noise**2 * projected @ (marks / 1000)
    squares = left**2 + noise**2 - noise**4 * np.diag(projected)
    counts = np.bincount(reader)
    own = (8 * noise**2 + np.bincount(reader, squares)) / (8 + counts)
    assert found.own_noises == pytest.approx(np.sqrt(own), rel=1e-4)


def test_the_gradient_is_that_of_the_deviance() -> None:
    file, reader, marks = _small(3, 12, 5, 1.0, 0.6)
    chance = np.random.default_rng(0)
    crossing = Crossing(file, reader, file.max() + 1, reader.max() + 1, chance.uniform(0.5, 2, len(file)))
    values = SummedValues.of(crossing, marks / 1000 - 10)
    for ratios in ((0.7, 0.3), (0.0, 0.4), (2.0, 0.0)):
        slope = Solution(crossing, values, *ratios).gradient
        for side in (0, 1):
            step = np.eye(2)[side] * 1e-6
            after = Solution(crossing, values, *(np.array(ratios) + step)).deviance
            before = Solution(crossing, values, *ratios).deviance
            assert slope[side] == pytest.approx((after - before) / 1e-6, rel=1e-3, abs=1e-3)


# Of `world(15, 90, 12)` with `shared_out(90, 12, 3, 15)`, in points. They were made by `oracle.solved`, which takes
# minutes for them. R is not on the machines where these tests run; there the same four come from
# `lmer(score ~ 1 + (1 | file) + (1 | reader))`.
STORED = {"mean": 10.7285, "quality": 3.1635, "severity": 2.1927, "noise": 2.2354}


def test_a_phase_has_the_figures_that_are_stored() -> None:
    made = world(15, 90, 12)
    found = calibrate(made.scores(*shared_out(90, 12, 3, 15)))
    for name, figure in STORED.items():
        assert getattr(found, name) == pytest.approx(figure, rel=5e-4), name


@pytest.mark.parametrize(("files", "readers"), [(400, 30), (30, 400)])
def test_a_large_phase_gives_back_the_spread_that_it_was_made_with(files: int, readers: int) -> None:
    made = world(3, files, readers)
    file, reader = np.nonzero(np.random.default_rng(3).random((files, readers)) < 0.5)
    marks = 10_000 + 3_000 * (made.quality[file] + made.severity[reader] + made.noise[file, reader])
    found = calibrate(_scores(file, reader, np.round(marks)))
    assert found.noise == pytest.approx(3 * made.noise[file, reader].std(), rel=0.02)
    assert found.quality == pytest.approx(3 * made.quality.std(), rel=0.1)
    assert found.severity == pytest.approx(3 * made.severity.std(), rel=0.2)
