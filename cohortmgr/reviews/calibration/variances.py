"""The variances of files, readers and noise, by restricted maximum likelihood (REML).

Newton's steps by the average information, in the logarithms of the ratios to the noise, from a start by sums of
squares: some six factorizations. A variance that falls towards nought is tried at nought, where the slope says whether
it stays there.
"""

from __future__ import annotations

from cohortmgr.reviews.calibration.crossing import Crossing
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.solution import Solution, SummedValues

PRESUMED = 1 / 0.64
"""The ratio of the variance of files to that of noise where no file was read twice, which nothing else can tell."""

LARGEST = 1e7
_STEP = 2.0
# From a step of this length Newton's next one ends within a hundredth of it.
_NEAR = 2e-4
_ROUNDS = 60
# Below it, times the readings that a file has, a ratio may as well be nought.
_SMALL = 0.02


def fitted(crossing: Crossing, values: SummedValues) -> Solution:
    """Return the solution at the ratios that REML finds likeliest.

    A side with one row says nothing of its variance, which is nought then. A side whose rows have one reading each
    cannot be told from noise: readers' variance is nought then, and files have the presumed one."""
    if crossing.count < 2 or values.square == 0:
        return Solution(crossing, values, 0.0, 0.0)
    ratios, free = _start(crossing, values)
    return _Search(crossing, values, free).found(ratios)


def tells_files(crossing: Crossing) -> bool:
    """Whether some file was read twice, and there are two at least."""
    files = crossing.bigs if crossing.files_are_big else crossing.smalls
    return 1 < files < crossing.count


def _start(crossing: Crossing, values: SummedValues) -> tuple[Array, list[int]]:
    """The ratios at which the search begins, and which of the two it may change."""
    start = _by_squares(crossing, values)
    free = []
    for side, rows in enumerate((crossing.bigs, crossing.smalls)):
        is_files = crossing.files_are_big == (side == 0)
        if 1 < rows < crossing.count:
            free.append(side)
        else:
            start[side] = PRESUMED if is_files and rows > 1 else 0.0
    return start, free


def _by_squares(crossing: Crossing, values: SummedValues) -> Array:
    """Ratios by which the sums of squares by row, by column and in all are those that one would expect."""
    sums, count = values.sums, crossing.count
    big, small = crossing.of_big, crossing.of_small
    across_big = float((crossing.weights**2 / big[crossing.big]).sum())
    across_small = float((crossing.weights**2 / small[crossing.small]).sum())
    expected = np.array(
        (
            (count, count, count, count),
            (count, count, across_big, crossing.bigs),
            (count, across_small, count, crossing.smalls),
            (count, float(big @ big) / count, float(small @ small) / count, 1),
        )
    )
    seen = (
        values.square,
        float(sums.big @ (sums.big / big)),
        float(sums.small @ (sums.small / small)),
        sums.total**2 / count,
    )
    _, of_big, of_small, noise = np.linalg.lstsq(expected, np.array(seen), rcond=None)[0]
    noise = max(noise, 0.02 * values.square / count)
    least = _SMALL * np.array((crossing.bigs, crossing.smalls)) / count
    return np.clip(np.array((of_big, of_small)) / noise, least, 50.0)


class _Search:
    """The search for the ratios; those that are not free stay as they were."""

    def __init__(self, crossing: Crossing, values: SummedValues, free: list[int]) -> None:
        self.crossing, self.values, self.free = crossing, values, free
        self.at_nought: list[int] = []
        self.rows = np.array((crossing.bigs, crossing.smalls))
        # Below which value each ratio is tried at nought.
        self.brink = 1.01 * _SMALL * self.rows / crossing.count

    def found(self, ratios: Array) -> Solution:
        here = self._at(ratios)
        for _ in range(_ROUNDS):
            here = self._without_noughts(here)
            step = self._step(here)
            if float(np.abs(step).max()) < _NEAR:
                here = self._at(here.ratios * np.exp(step)) if step.any() else here
                again = self._from_nought(here)
                if again is None:
                    return here
                here = again
                continue
            there = self._downhill(here, step)
            if there is None:
                return here
            here = there
        return here

    def _at(self, ratios: Array) -> Solution:
        return Solution(self.crossing, self.values, float(ratios[0]), float(ratios[1]))

    def _step(self, here: Solution) -> Array:
        """A step of Newton's in the logarithms, of bounded length."""
        step = np.zeros(2)
        if self.free:
            slope = (here.gradient * here.ratios)[self.free]
            bent = here.curvature[np.ix_(self.free, self.free)]
            bent = bent + np.eye(len(self.free)) * (1e-9 * self.crossing.count + np.abs(slope).max() * 1e-3)
            step[self.free] = -np.linalg.solve(bent, slope)
            # Without noise the ratios would grow for ever.
            room = np.log(LARGEST / np.maximum(here.ratios, 1e-300))
            step = np.minimum(np.clip(step, -_STEP, _STEP), np.maximum(room, 0.0))
        return step

    def _downhill(self, here: Solution, step: Array) -> Solution | None:
        """The solution one step on, or a part of it, that is no less likely; None where the arithmetic ends."""
        least = here.deviance
        for _ in range(12):
            there = self._at(here.ratios * np.exp(step))
            if there.deviance <= least + 1e-10 * abs(least):
                return there
            step = step / 2
        return None

    def _without_noughts(self, here: Solution) -> Solution:
        """Try ratios that have become small at nought, and keep them there if the slope leads down to it."""
        for side in list(self.free):
            if here.ratios[side] > self.brink[side]:
                continue
            tried = np.array(here.ratios)
            tried[side] = 0.0
            there = self._at(tried)
            if there.gradient[side] >= -1e-9 * self.crossing.count:
                self.free.remove(side)
                self.at_nought.append(side)
                here = there
            else:
                self.brink[side] /= 100
        return here

    def _from_nought(self, here: Solution) -> Solution | None:
        """Give a ratio that was put at nought another chance, now that the other one is known; None if it stays."""
        for side in self.at_nought:
            if here.gradient[side] < -1e-9 * self.crossing.count:
                self.at_nought.remove(side)
                self.free.append(side)
                ratios = np.array(here.ratios)
                ratios[side] = self.brink[side]
                self.brink[side] /= 100
                return self._at(ratios)
        return None
