"""What is known of files once their readings are known: effects, standard errors, joint draws, each reader's noise."""

from __future__ import annotations

from collections.abc import Iterator

from cohortmgr.reviews.calibration.crossing import Crossing
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.solution import Solution

# How many readings of the common noise a reader's own one begins with, and how often it is taken anew.
PRIOR = 8
ROUNDS = 3
# How many numbers are drawn at once.
_BLOCK = 4_000_000


class Posterior:
    """The files' effects given a solution, in its units; `noise` is the variance of a reading of weight one."""

    def __init__(self, solution: Solution, noise: float) -> None:
        self.solution, self.noise = solution, noise
        self.files_are_big = solution.crossing.files_are_big
        self.files = solution.big if self.files_are_big else solution.small
        self.readers = solution.small if self.files_are_big else solution.big
        self.mean = solution.mean

    def variances(self) -> Array:
        """Return the variance of each file's effect: how far it may lie from what is said of it."""
        return self._variances_of(self.files_are_big)

    def reader_variances(self) -> Array:
        """Return the variance of each reader's effect, in the same way."""
        return self._variances_of(not self.files_are_big)

    def _variances_of(self, bigs: bool) -> Array:
        made = self.solution
        small_ratio, inverse = made.ratios[1], made.inverse
        if not bigs:
            straight = np.diagonal(inverse)
            return self.noise * small_ratio * (straight + small_ratio * made.pull**2 / made.precision)
        around = small_ratio * made.crossing.forms(inverse) + self._shift() ** 2 / made.precision
        return self.noise * (made.alone + made.alone**2 * around)

    def _shift(self) -> Array:
        """By how much the smaller side and the mean move what a row of the larger one has, if the mean moves by one."""
        made = self.solution
        return made.crossing.of_big - made.ratios[1] * made.crossing.to_big(made.pull)

    def fit_variances(self) -> Array:
        """Return for each reading (in the order of the crossing) the variance of what the model says of it."""
        made, crossing = self.solution, self.solution.crossing
        small_ratio, inverse, big, small = made.ratios[1], made.inverse, crossing.big, crossing.small
        products = crossing.products(inverse)
        forms = np.bincount(big, crossing.weights * products, crossing.bigs)
        alone = made.alone[big]
        around = np.diagonal(inverse)[small] - 2 * alone * products + alone**2 * forms[big]
        shift = 1 - alone * self._shift()[big] - small_ratio * made.pull[small]
        return self.noise * (alone + small_ratio * around + shift**2 / made.precision)

    def residuals(self) -> Array:
        """Return for each reading (in the order of the crossing) what the model leaves of it."""
        made, crossing = self.solution, self.solution.crossing
        return made.values.each - made.mean - made.big[crossing.big] - made.small[crossing.small]

    def own_noises(self) -> Array:
        """Return each reader's own variance, shrunk to the common one as if by `PRIOR` readings of it: expected
        squares of the noise, that is of the residual and of what is not known of the fit."""
        crossing = self.solution.crossing
        reader = crossing.small if self.files_are_big else crossing.big
        squares = self.residuals() ** 2 + self.fit_variances()
        counts = np.bincount(reader)
        return (np.bincount(reader, squares) + PRIOR * self.noise) / (counts + PRIOR)

    def draws(self, count: int, seed: int) -> Iterator[Array]:
        """Yield joint draws of the files' effects, in blocks of files by draws; the same for the same seed."""
        files = max(1, len(self.files))
        chance = np.random.default_rng(seed)
        left = count
        while left:
            taken = min(left, max(1, _BLOCK // files))
            yield self._drawn(chance, taken)
            left -= taken

    def _drawn(self, chance: np.random.Generator, count: int) -> Array:
        made, crossing = self.solution, self.solution.crossing
        spread, small_ratio = np.sqrt(self.noise), made.ratios[1]
        means = made.mean + spread / np.sqrt(made.precision) * chance.standard_normal(count)
        normal = np.asfortranarray(chance.standard_normal((crossing.smalls, count)))
        small = small_ratio * (made.unshifted[:, None] - made.pull[:, None] * means)
        small += spread * np.sqrt(small_ratio) * made.factor.spread(normal)
        if not self.files_are_big:
            return small
        # Imported here: only draws need it.
        from scipy.sparse import csr_array

        shape = (crossing.bigs, crossing.smalls)
        weights = csr_array((crossing.weights, (crossing.big, crossing.small)), shape=shape)
        over = made.values.sums.big[:, None] - weights @ small - crossing.of_big[:, None] * means
        normal = chance.standard_normal((crossing.bigs, count))
        drawn: Array = made.alone[:, None] * over + (spread * np.sqrt(made.alone))[:, None] * normal
        return drawn


def weighed(posterior: Posterior, first: Crossing) -> tuple[Posterior, Array, Array]:
    """Return what is known of files once each reader's own noise is, the readers' weights and their own variances.

    `first` holds the readings with weights of one. Variances of files and readers, and the common noise, stay."""
    reader = first.small if first.files_are_big else first.big
    files, readers = (first.bigs, first.smalls) if first.files_are_big else (first.smalls, first.bigs)
    file = first.big if first.files_are_big else first.small
    noises = np.full(readers, posterior.noise)
    weights = np.ones(readers)
    for _ in range(ROUNDS):
        noises = posterior.own_noises()
        if posterior.noise == 0:
            break
        weights = posterior.noise / noises
        crossing = Crossing(file, reader, files, readers, weights[reader])
        made = posterior.solution
        values = type(made.values).of(crossing, made.values.each)
        posterior = Posterior(Solution(crossing, values, *made.ratios), posterior.noise)
    return posterior, weights, noises
