"""Calibration of a phase: mark = mean + file + reader + noise, and what follows from it for each file and reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cohortmgr.reviews.calibration.crossing import Crossing
from cohortmgr.reviews.calibration.dense import Array, np
from cohortmgr.reviews.calibration.posterior import Posterior, weighed
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.calibration.solution import SummedValues
from cohortmgr.reviews.calibration.variances import fitted, tells_files
from cohortmgr.reviews.harmonising.rules import MarkFormula

DRAWS = 4_000
SEED = 15


@dataclass(frozen=True)
class Calibration:
    """What the marks first handed in say: the spread of files, of readers and of noise (standard deviations, points),
    the formula of the marks, each file's standard error and each reader's own noise (points).

    `tells_files` is False where no file was read twice: what files differ by is presumed then, not found."""

    scores: PhaseScores
    mean: float
    quality: float
    severity: float
    noise: float
    formula: MarkFormula
    errors: Sequence[float]
    own_noises: Sequence[float]
    posterior: Posterior
    unit: float
    tells_files: bool

    @property
    def digest(self) -> str:
        """By which inputs it was computed."""
        return self.scores.digest

    def marks(self, scores: PhaseScores | None = None) -> list[int]:
        """Return the harmonised mark of each file in thousandths, by the marks as they stand (those of the
        calibration, if none are given); exactly what `MarkFormula.mark` says of each."""
        given, formula = scores or self.scores, self.formula
        if formula.shrinkage is None:
            return [formula.mean] * len(given.files)
        weights = np.array([formula.weights.get(each, 1000) for each in given.readers], dtype=np.int64)
        shifts = [(formula.severities[each] + formula.mean) * given.ticks for each in given.readers]
        wide = np.int64 if max(map(abs, shifts), default=0) < 2**62 else object
        over = given.score - np.array(shifts, dtype=wide)[given.reader]
        heaviest = int(weights.max(initial=1))
        furthest = int(np.abs(over).max(initial=1))
        exact = over if heaviest * furthest < 2**62 else over.astype(object)
        totals = given.totals(exact * weights[given.reader], heaviest * furthest)
        heavy = given.totals(weights[given.reader], heaviest)
        return [
            round(formula.mean + Fraction(total, given.ticks * (weight + formula.shrinkage)))
            for total, weight in zip(totals, heavy, strict=True)
        ]

    def draws(self, count: int = DRAWS, seed: int = SEED) -> Iterator[Array]:
        """Yield joint draws of the files' marks, in points over the mean, in blocks of files by draws."""
        for block in self.posterior.draws(count, seed):
            yield block * self.unit


def calibrate(scores: PhaseScores, *, is_weighted: bool = False) -> Calibration:
    """Return the calibration of scores; with `is_weighted` each reader has the weight of their own noise."""
    deviations = scores.deviations()
    # In units of their own spread, so that the same marks on another scale are the same numbers.
    spread = float(np.sqrt((deviations**2).mean())) or 1.0
    first = Crossing(
        scores.file, scores.reader, len(scores.files), len(scores.readers), np.ones(len(deviations))
    )
    solution = fitted(first, SummedValues.of(first, deviations / spread))
    noise = solution.noise
    posterior, weights = Posterior(solution, noise), np.ones(len(scores.readers))
    mean = solution.mean
    if is_weighted:
        posterior, weights, own = weighed(posterior, first)
    else:
        own = posterior.own_noises()
    unit = spread / (1000 * scores.ticks)
    ratios = solution.ratios if first.files_are_big else solution.ratios[::-1]
    quality, severity = (float(np.sqrt(ratio * noise)) * unit for ratio in ratios)
    return Calibration(
        scores,
        mean=float(scores.mean / (1000 * scores.ticks)) + mean * unit,
        quality=quality,
        severity=severity,
        noise=float(np.sqrt(noise)) * unit,
        formula=_formula(scores, posterior, spread, ratios[0], weights),
        errors=(np.sqrt(np.maximum(posterior.variances(), 0)) * unit).tolist(),
        own_noises=(np.sqrt(own) * unit).tolist(),
        posterior=posterior,
        unit=unit,
        tells_files=tells_files(first),
    )


def _formula(
    scores: PhaseScores, posterior: Posterior, spread: float, ratio: float, weights: Array
) -> MarkFormula:
    """What the mark is computed with, rounded to thousandths."""
    mean = (scores.mean + Fraction(posterior.mean * spread)) / scores.ticks
    severities = np.rint(posterior.readers * spread / scores.ticks).astype(np.int64)
    heavy = np.maximum(1, np.rint(weights * 1000)).astype(np.int64)
    return MarkFormula(
        round(mean),
        round(1000 / ratio) if ratio > 0 else None,
        dict(zip(scores.readers, severities.tolist(), strict=True)),
        dict(zip(scores.readers, heavy.tolist(), strict=True)),
    )


@dataclass(frozen=True)
class DrawnPhase:
    """A phase in an intake's draws: its weight, its draws (files by draws, in blocks), and the place of each of its
    files among the intake's."""

    weight: float
    draws: Iterable[Array]
    places: Array | None = None


def chances(draws: Iterable[Array], seats: int, added: Array | None = None) -> list[float]:
    """Return how likely each file stands among the `seats` greatest; the sum is the number of seats.

    `added` is added to each file's draws: prices, once rules have bounds, and what is computed. What is equal at the
    cut shares what is left."""
    found: Array | None = None
    count = 0
    for block in draws:
        values = block if added is None else block + added[:, None]
        files = len(values)
        taken = min(max(seats, 0), files)
        if taken == 0:
            return [0.0] * files
        cut = np.partition(values, files - taken, axis=0)[files - taken]
        above, level = values > cut, values == cut
        share = (taken - above.sum(axis=0)) / level.sum(axis=0)
        stood = above.sum(axis=1) + level @ share
        found = stood if found is None else found + stood
        count += block.shape[1]
    return [] if found is None else [min(1.0, each / count) for each in found.tolist()]


def intake_draws(phases: Sequence[DrawnPhase], files: int) -> Iterator[Array]:
    """Yield draws of the intake's marks: those of its phases by weight, by the sum of the weights. Phases are drawn
    with blocks of one width, which `Posterior.draws` gives phases of as many files."""
    weights = sum(phase.weight for phase in phases)
    for blocks in zip(*(phase.draws for phase in phases), strict=True):
        total = np.zeros((files, blocks[0].shape[1]))
        for phase, block in zip(phases, blocks, strict=True):
            if phase.places is None:
                total += phase.weight * block
            else:
                total[phase.places] += phase.weight * block
        yield total / weights
