"""A seeded model of reviewers for the demonstration: some severe, some lenient, some careful, some not.

A file has a true merit that no one sees, and each criterion shows it with a bias of its own. A reviewer adds
a severity, a habit of using more or less of the scale, and noise. The same seed gives the same scores on any
machine.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

LANGUAGE_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")


@dataclass(frozen=True)
class Temper:
    """How a reviewer scores, in parts of the scale: offset, stretch about the middle, noise (standard deviation)."""

    severity: float
    stretch: float
    noise: float


def _chance(*words: object) -> random.Random:
    text = "\x1f".join(str(word) for word in words)
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))


def temper(reviewer: str, seed: int) -> Temper:
    """Return the lasting temper of a reviewer. One in three adds or takes off more than 12 % of the scale."""
    chance = _chance(seed, "temper", reviewer)
    return Temper(
        severity=chance.gauss(0.0, 0.12),
        stretch=min(1.4, max(0.6, chance.gauss(1.0, 0.15))),
        noise=chance.uniform(0.03, 0.09),
    )


def true_merit(features: Mapping[str, object], file: str, seed: int) -> float:
    """Return the merit of a file from 0 to 1, from its semesters, its languages, and what papers do not show.

    `features` may hold "semesters" (marks out of twenty), "languages" (levels A1…C2) and "motivation" (text).
    """
    marks = [float(Decimal(str(mark))) for mark in _listed(features.get("semesters"))]
    studies = (sum(marks) / len(marks) - 10) / 8 if marks else 0.4
    levels = [LANGUAGE_LEVELS.index(str(level)) / 5 for level in _listed(features.get("languages"))]
    languages = sum(levels) / len(levels) if levels else 0.5
    words = min(1.0, len(str(features.get("motivation") or "").split()) / 40)
    unseen = _chance(seed, "merit", file).gauss(0.0, 0.10)
    return min(1.0, max(0.0, 0.55 * studies + 0.15 * languages + 0.10 * words + 0.12 + unseen))


def score(
    reviewer: str, file: str, criterion: str, seed: int, *, merit: float, low: int = 0, high: int = 20
) -> int:
    """Return the score of `reviewer` for a file of `merit` on one criterion: a whole number from `low` to `high`."""
    mood = temper(reviewer, seed)
    bent = _chance(seed, "bent", file, criterion).gauss(0.0, 0.08)
    noise = _chance(seed, "noise", reviewer, file, criterion).gauss(0.0, mood.noise)
    seen = 0.5 + (merit + bent - 0.5) * mood.stretch + mood.severity + noise
    return min(high, max(low, round(low + seen * (high - low))))


def scores(
    reviewer: str, file: str, bounds: Mapping[str, tuple[int, int]], seed: int, *, merit: float
) -> dict[str, int]:
    """Return one whole reading: a score for each criterion of `bounds` (criterion -> lowest, highest)."""
    return {
        criterion: score(reviewer, file, criterion, seed, merit=merit, low=low, high=high)
        for criterion, (low, high) in bounds.items()
    }


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return ()
    return value if isinstance(value, (list, tuple)) else (value,)
