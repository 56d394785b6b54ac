"""What is said of a calibration that must be read with care, and of one that need not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from cohortmgr.reviews.calibration import cautions as said
from cohortmgr.reviews.calibration.calibrating import Calibration, calibrate
from cohortmgr.reviews.calibration.cautions import agreement, cautions
from cohortmgr.reviews.calibration.scores import PhaseScores
from tests.unit.reviews.calibration.worlds import World, shared_out, world

SCALE = (Decimal(0), Decimal(20))


def _of(found: Calibration) -> list[str]:
    return [each.what for each in cautions(found, SCALE)]


def _lots(made: World) -> World:
    noise = made.noise.copy()
    noise[:, 1] = np.random.default_rng(99).normal(0, 1.3, len(noise)) - made.quality
    return replace(made, noise=noise)


def test_a_sound_phase_has_no_caution() -> None:
    for seed in range(12):
        readers = 20 if seed % 2 else 8
        made = world(seed, 600, readers)
        assert _of(calibrate(made.scores(*shared_out(600, readers, 2, seed)))) == []


@pytest.mark.parametrize(("readers", "each"), [(8, 2), (20, 3)])
def test_who_draws_lots_is_named_alone(readers: int, each: int) -> None:
    for seed in range(8):
        found = calibrate(_lots(world(seed, 600, readers)).scores(*shared_out(600, readers, each, seed)))
        (caution,) = cautions(found, SCALE)
        assert caution.values == {"count": 1, "names": ("R01",)}


def test_agreement_is_one_for_who_reads_the_same_and_nought_for_lots() -> None:
    found = calibrate(_lots(world(3, 600, 8)).scores(*shared_out(600, 8, 4, 3)))
    slope, error = agreement(found)
    place = list(found.scores.readers).index("R01")
    assert abs(slope[place]) < 3 * error[place] < 0.5
    assert np.delete(slope, place) == pytest.approx(1.15, abs=0.25)


def _grid(mark: Callable[[int, int], int], files: int = 12, readers: int = 12) -> list[tuple[str, str, int]]:
    return [(f"F{f:02}", f"R{r:02}", mark(f, r)) for f in range(files) for r in range(readers)]


def _noisy(seed: int = 0) -> Callable[[int, int], int]:
    chance = np.random.default_rng(seed)
    return lambda f, r: round(10_000 + 900 * f + 700 * r + 800 * chance.normal())


def test_pieces_are_named() -> None:
    readings = [each for each in _grid(_noisy()) if (int(each[0][1:]) < 9) == (int(each[1][1:]) < 9)]
    first = cautions(calibrate(PhaseScores.of(readings)))[0]
    assert first.what == said._PIECES
    assert first.values == {"count": 2, "names": ("R09", "R10", "R11")}


def test_few_readings_are_named_and_many_names_cut() -> None:
    few = calibrate(PhaseScores.of(_grid(_noisy(), files=9, readers=30)))
    (caution,) = [each for each in cautions(few) if each.what == said._FEW]
    names = caution.values["names"]
    assert caution.values["count"] == 30 and isinstance(names, tuple)
    assert len(names) == 21 and names[-1] == "…"
    assert said._FEW not in _of(calibrate(PhaseScores.of(_grid(_noisy(), files=10))))


def test_marks_at_an_end_are_counted_where_the_scale_is_known() -> None:
    readings = [(file, reader, min(mark, 20_000)) for file, reader, mark in _grid(_noisy())]
    found = calibrate(PhaseScores.of(readings))
    at_end = sum(mark == 20_000 for *_, mark in readings)
    (caution,) = [each for each in cautions(found, SCALE) if each.what == said._AT_AN_END]
    assert at_end > 20 and caution.values == {"all": 144, "low": 0, "high": at_end}
    assert said._AT_AN_END not in [each.what for each in cautions(found)]


def test_variances_of_nought_are_told() -> None:
    chance = np.random.default_rng(1)
    alike = calibrate(PhaseScores.of(_grid(lambda f, r: round(10_000 + 700 * r + 500 * chance.normal()))))
    assert alike.formula.shrinkage is None and said._NO_QUALITY in _of(alike)
    level = calibrate(PhaseScores.of(_grid(lambda f, r: 10_000 + 900 * f + (1 if (f + r) % 2 else -1) * 500)))
    assert level.severity == 0 and said._NO_SEVERITY in _of(level)
    exact = calibrate(PhaseScores.of(_grid(lambda f, r: 10_000 + 500 * f + 300 * r)))
    assert said._NO_NOISE in _of(exact)


def test_files_that_were_read_once_are_told_and_ranked_nevertheless() -> None:
    chance = np.random.default_rng(2)
    readings = [(f"F{f:02}", f"R{f % 3}", round(10_000 + 3_000 * chance.normal())) for f in range(60)]
    found = calibrate(PhaseScores.of(readings))
    assert _of(found) == [said._PIECES, said._READ_ONCE]
    assert found.formula.shrinkage == 640 and len(set(found.marks())) > 30
