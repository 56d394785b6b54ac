"""Figures of lme4 on marks that we made, stored: R is not needed to compare.

They were printed by lme4 1.1-31 on R 4.2.2 with the formula score ~ 1 + (1 | application) + (1 | reviewer), by REML,
optimizer bobyqa with rhoend = 1e-9, from these same marks as a table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from cohortmgr.reviews.calibration.calibrating import calibrate
from cohortmgr.reviews.calibration.scores import PhaseScores
from tests.unit.reviews.calibration.worlds import shared_out, world


@dataclass(frozen=True)
class Fitted:
    """What lme4 found: mean, standard deviations, effects of all readers and of the first six files, in points."""

    mean: float
    quality: float
    severity: float
    noise: float
    readers: tuple[float, ...]
    files: tuple[float, ...]


# By (seed, files, readers, readings of each file, of the last reader one line in so many).
FIGURES = {
    (1, 60, 8, 3, 1): Fitted(
        9.63346701, 2.48626889, 1.24796445, 2.3243937,
        (0.5129585, 1.3790231, -1.8885546, -1.2856965, 0.2067019, -0.0462862, -0.1807106, 1.3025645),
        (-0.279135, 1.930522, 1.359954, -2.849192, 2.812277, 2.003315),
    ),
    (2, 90, 6, 3, 4): Fitted(
        9.71687735, 3.21209978, 1.3154935, 2.3921457,
        (2.2424266, -0.8102409, -0.0252947, -1.4213490, 0.1306610, -0.1162030),
        (-0.547573, -0.693918, -0.797454, -5.947129, 4.541831, 2.366557),
    ),
    (3, 400, 25, 2, 1): Fitted(
        10.9, 3.06423268, 1.82870452, 2.30442759,
        (
            -3.1215055, -1.0884272, 2.5943641, 0.1987977, -1.1322215, 2.2705688, 1.1872534, 0.3166861, 0.6838926,
            1.8607915, -0.3542760, 0.3245220, -1.6924721, 2.2254062, -0.9298957, 2.6878403, -3.8969229, 1.7149501,
            0.8675723, -2.5705783, 0.5711304, -0.0168144, -0.4173436, -1.1492591, -1.1340593,
        ),
        (5.1989792, -4.6011407, 1.0678720, 0.5003604, 0.0394353, -4.5291269),
    ),
}  # fmt: skip


def _scores(seed: int, files: int, readers: int, each: int, one_in: int) -> PhaseScores:
    made, (file, reader) = world(seed, files, readers), shared_out(files, readers, each, seed)
    kept = (reader != readers - 1) | (np.arange(len(reader)) % one_in == 0)
    return made.scores(file[kept], reader[kept])


@pytest.mark.parametrize("case", FIGURES, ids=str)
def test_it_finds_what_lme4_finds_to_three_digits(case: tuple[int, int, int, int, int]) -> None:
    found, fitted = calibrate(_scores(*case)), FIGURES[case]
    for name in ("mean", "quality", "severity", "noise"):
        assert getattr(found, name) == pytest.approx(getattr(fitted, name), abs=0.0005), name
    severities = [found.formula.severities[f"R{place:02}"] / 1000 for place in range(len(fitted.readers))]
    assert severities == pytest.approx(fitted.readers, abs=0.0011)
    marks = dict(zip(found.scores.files, found.marks(), strict=True))
    effects = [marks[f"F{place:04}"] / 1000 - fitted.mean for place in range(len(fitted.files))]
    assert effects == pytest.approx(fitted.files, abs=0.003)
