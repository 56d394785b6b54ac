"""The solution of a crossed model at given ratios of variances: effects, deviance, its gradient and its curvature.

The model is value = mean + larger side + smaller side + noise. Ratios are variances by that of the noise; both may be
nought. Everything is in units of the noise's variance, which is what is left: `residual / degrees`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cohortmgr.reviews.calibration.crossing import Crossing, Sums
from cohortmgr.reviews.calibration.dense import Array, Factor, np


@dataclass(frozen=True)
class SummedValues:
    """A value of each reading, in the order of the crossing, with its sums and its weighted square."""

    each: Array
    sums: Sums
    square: float

    @staticmethod
    def of(crossing: Crossing, values: Array) -> SummedValues:
        """Sum values that stand in the order in which the readings were given."""
        each = values[crossing.order]
        return SummedValues(each, crossing.sums(each), float((crossing.weights * each * each).sum()))


class Solution:
    """The effects that are likeliest at two ratios, and what REML says of the ratios."""

    def __init__(
        self, crossing: Crossing, values: SummedValues, big_ratio: float, small_ratio: float
    ) -> None:
        self.crossing, self.values = crossing, values
        self.ratios = (big_ratio, small_ratio)
        sums, sizes = values.sums, crossing.of_big
        self.less = 1 / (1 + big_ratio * sizes)
        # The variance of an eliminated effect, were the smaller side known.
        self.alone = big_ratio * self.less
        self.left = crossing.gram(-self.alone)
        self.left.reshape(-1)[:: crossing.smalls + 1] += crossing.of_small
        matrix = small_ratio * self.left
        matrix.reshape(-1)[:: crossing.smalls + 1] += 1
        self.factor = Factor(matrix)
        of_ones, of_values = self._reduced(crossing.ones), self._reduced(sums)
        self.pull = self.factor.solved(of_ones)
        self.precision = crossing.ones.total - float((self.alone * sizes * sizes).sum())
        self.precision -= small_ratio * float(of_ones @ self.pull)
        self.unshifted = self.factor.solved(of_values)
        over = sums.total - float((self.alone * sizes) @ sums.big)
        self.mean = (over - small_ratio * float(self.pull @ of_values)) / self.precision
        self.residual = (
            values.square
            - float(self.alone @ sums.big**2)
            - small_ratio * float(of_values @ self.unshifted)
            - self.mean**2 * self.precision
        )
        self._of_small = self.unshifted - self.pull * self.mean
        self.small = small_ratio * self._of_small
        self._of_big = self.less * (sums.big - sizes * self.mean - crossing.to_big(self.small))
        self.big = big_ratio * self._of_big

    def _reduced(self, sums: Sums) -> Array:
        """What a value leaves to the smaller side once the larger is eliminated."""
        return sums.small - self.crossing.to_small(self.alone * sums.big)

    @property
    def degrees(self) -> int:
        """How many readings there are beyond the mean."""
        return self.crossing.count - 1

    @property
    def noise(self) -> float:
        """The variance of the noise that is likeliest at these ratios."""
        return max(0.0, self.residual) / self.degrees if self.degrees > 0 else 0.0

    @property
    def deviance(self) -> float:
        """Minus twice the restricted log-likelihood, but for a constant."""
        told = float(np.log1p(self.ratios[0] * self.crossing.of_big).sum()) + self.factor.log_determinant
        return told + float(np.log(self.precision)) + self.degrees * float(np.log(max(self.residual, 1e-300)))

    @cached_property
    def inverse(self) -> Array:
        """The upper triangle of the inverse of the smaller side's matrix."""
        return self.factor.inverse()

    @cached_property
    def gradient(self) -> Array:
        """The derivatives of the deviance by the two ratios; at nought they say whether a variance is worth having."""
        crossing, small_ratio = self.crossing, self.ratios[1]
        diagonal = np.diagonal(self.left) @ np.diagonal(self.inverse)
        traced = 2 * float(np.vdot(self.left, self.inverse)) - float(diagonal)
        traced -= float(self.pull @ self.pull) / self.precision
        ones = self.less * (crossing.of_big - small_ratio * crossing.to_big(self.pull))
        eliminated = float(self.less @ crossing.of_big)
        eliminated -= small_ratio * float(self.less**2 @ crossing.forms(self.inverse))
        eliminated -= float(ones @ ones) / self.precision
        explained = self.degrees / max(self.residual, 1e-300)
        return np.array(
            (
                eliminated - explained * float(self._of_big @ self._of_big),
                traced - explained * float(self._of_small @ self._of_small),
            )
        )

    @cached_property
    def curvature(self) -> Array:
        """The average information about the logarithms of the ratios: solutions for data that are the effects."""
        crossing = self.crossing
        across = crossing.to_big(self.small)
        by_big = Sums(
            crossing.of_big * self.big, crossing.to_small(self.big), float(crossing.of_big @ self.big)
        )
        by_small = Sums(across, crossing.of_small * self.small, float(crossing.of_small @ self.small))
        plain = np.array(
            (
                (float(by_big.big @ self.big), float(self.big @ across)),
                (float(self.big @ across), float(by_small.small @ self.small)),
            )
        )
        found = plain - self._explained((by_big, by_small))
        told = np.array((float(self.big @ self._of_big), float(self.small @ self._of_small)))
        residual = max(self.residual, 1e-300)
        return (found - np.outer(told, told) / residual) * self.degrees / residual

    def _explained(self, given: tuple[Sums, Sums]) -> Array:
        """How much of the products of values the model explains, the mean with it."""
        big = np.array([each.big for each in given])
        reduced = np.array([self._reduced(each) for each in given])
        over = np.array([each.total for each in given]) - big @ (self.alone * self.crossing.of_big)
        shifts = (over - self.ratios[1] * (reduced @ self.pull)) / self.precision
        solved = self.factor.solved(np.asfortranarray(reduced.T))
        return (
            (big * self.alone) @ big.T
            + self.ratios[1] * (reduced @ solved)
            + self.precision * np.outer(shifts, shifts)
        )
