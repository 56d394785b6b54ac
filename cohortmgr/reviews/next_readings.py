"""Which file to read once more, and by whom: where one more reading is likeliest to change the choice.

The value of a reading is what the choice is expected to gain by it (the knowledge gradient): t phi(d/t) - d Phi(-d/t),
where d is how far a file's mark lies from its cut and t² by how much the reading lessens its variance. All is in
points. Readings that were given out and not handed in yet count as if they had been.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import erfc, exp, pi, sqrt

from cohortmgr.reviews.assignment.pairing import lot

DRAWS = 1_000


@dataclass(frozen=True)
class FileStanding:
    """A file whose place is known in part: its mark, how uncertain that is, and the cut that it is held against (one
    for all, or one a file once bounds have prices). `pending` readings are with somebody; `kept_from` may not read it,
    those who have it among them. `room` is how many more readings it may have; None for any number. `share` is what a
    point of this mark counts for in the mark by which files are chosen: a part, where other phases count too."""

    file: str
    mark: float
    variance: float
    cut: float
    pending: int = 0
    kept_from: Collection[str] = field(default_factory=frozenset)
    room: int | None = None
    share: float = 1.0


@dataclass(frozen=True)
class NextReading:
    """A reading to give out, and what it is worth in points."""

    file: str
    reviewer: str
    worth: float


def worth_of_reading(standing: FileStanding, noise: float) -> float:
    """Return what one more reading of a file is worth; `noise` is the variance of one reading."""
    return _worth(standing, standing.pending, noise)


def _worth(standing: FileStanding, pending: int, noise: float) -> float:
    before = variance_after(standing.variance, pending, noise)
    lessened = sqrt(max(0.0, before - variance_after(before, 1, noise)))
    if lessened == 0:
        return 0.0
    distance = abs(standing.mark - standing.cut)
    away = distance / lessened
    density = exp(-away * away / 2) / sqrt(2 * pi)
    return standing.share * max(0.0, lessened * density - distance * erfc(away / sqrt(2)) / 2)


def variance_after(variance: float, readings: int, noise: float) -> float:
    """Return the variance of a file's mark after some more readings with that noise."""
    if variance <= 0 or readings == 0:
        return max(0.0, variance)
    return 0.0 if noise <= 0 else 1 / (1 / variance + readings / noise)


def next_readings(
    standings: Sequence[FileStanding],
    loads: Mapping[str, int],
    count: int,
    noise: float,
    seed: str,
    limits: Mapping[str, int] | None = None,
) -> list[NextReading]:
    """Return up to `count` readings to give out, those worth most first, each counted as pending for the next.

    `loads` says how many files each reader has; a reading goes to the freest who is not kept from the file and is below
    their limit, by lot among equals. A file that nobody else may read is passed over, and so is one that has all that
    it may have, or whose reading cannot change anything. Fewer are the first of more: the same input gives the same
    result."""
    heap = [
        (-worth_of_reading(each, noise), lot(seed, each.file), place) for place, each in enumerate(standings)
    ]
    heapq.heapify(heap)
    carried, pending = dict(loads), [each.pending for each in standings]
    kept_from = [set(each.kept_from) for each in standings]
    given: list[NextReading] = []
    while heap and len(given) < count:
        worth, drawn, place = heapq.heappop(heap)
        standing = standings[place]
        if standing.room is not None and pending[place] - standing.pending >= standing.room:
            continue
        able = [
            name
            for name, load in carried.items()
            if name not in kept_from[place] and load < (limits or {}).get(name, load + 1)
        ]
        if worth == 0 or not able:
            continue
        freest = min(able, key=lambda name: (carried[name], lot(seed, f"{standing.file} {name}")))
        given.append(NextReading(standing.file, freest, -worth))
        carried[freest] += 1
        kept_from[place].add(freest)
        pending[place] += 1
        heapq.heappush(heap, (-_worth(standing, pending[place], noise), drawn, place))
    return given


def doubtful_after(
    standings: Sequence[FileStanding], given: Sequence[NextReading], seats: int, noise: float, seed: int
) -> float:
    """Return how many of those chosen will probably not be among the best once some readings are handed in: the mean
    over draws of the files as they may be, and of the marks that the readings may give them. Files are drawn each for
    itself."""
    from cohortmgr.reviews.calibration.dense import np  # numpy is loaded only where it is used

    more: dict[str, int] = {}
    for reading in given:
        more[reading.file] = more.get(reading.file, 0) + 1
    taken = min(seats, len(standings))
    if taken <= 0 or taken == len(standings):
        return 0.0
    after = np.array(
        [variance_after(each.variance, each.pending + more.get(each.file, 0), noise) for each in standings]
    )
    shares = np.array([each.share for each in standings])
    above = shares * np.array([each.mark - each.cut for each in standings])
    spread = shares * np.sqrt(np.maximum(np.array([each.variance for each in standings]) - after, 0))
    left = shares * np.sqrt(after)
    chance = np.random.default_rng(seed)
    wrong = 0
    for _ in range(DRAWS):
        marks = above + spread * chance.standard_normal(len(above))
        true = marks + left * chance.standard_normal(len(above))
        best = np.argpartition(-true, taken - 1)[:taken]
        chosen = np.argpartition(-marks, taken - 1)[:taken]
        wrong += taken - len(np.intersect1d(best, chosen, assume_unique=True))
    return wrong / DRAWS
