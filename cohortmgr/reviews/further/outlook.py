"""What further readings promise: how many files are sure or open, and how many chosen names would stay doubtful."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from cohortmgr.reviews.calibration.rules import ChanceWord, chance_word, doubtful_names
from cohortmgr.reviews.next_readings import FileStanding, NextReading, doubtful_after, next_readings

SIZES = (10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000)
"""For how many more readings it is told what they would lift."""
WORTH_IN = 100
"""As many readings are worth it as long as each hundred lift one doubtful name."""
SEED = 15


@dataclass(frozen=True)
class PlacedFile:
    """A file of an offering by its number: its harmonised mark and the error of that, in thousandths of a point, and
    how likely it stands among those who are chosen, in ten-thousandths.

    `whole` is the mark by which it is placed, in thousandths, and `share` which part of it the harmonised mark is,
    where other phases count too."""

    number: str
    offering_id: int
    mark: int
    error: int
    chance: int
    whole: Fraction | None = None
    share: Fraction = Fraction(1)

    @property
    def placed_by(self) -> Fraction:
        """The mark by which it is placed, in thousandths."""
        return Fraction(self.mark) if self.whole is None else self.whole


@dataclass(frozen=True)
class ReadingState:
    """What is known of the readings of a phase, by the files' numbers: how many each has or waits for (`held`), how
    many of these no harmonised mark counts yet (`pending`), and who may not read it; how many files each reader has,
    the most that some may have, and the most readings of a file."""

    held: Mapping[str, int]
    pending: Mapping[str, int]
    kept_from: Mapping[str, Collection[str]]
    loads: Mapping[str, int]
    limits: Mapping[str, int]
    most: int


@dataclass(frozen=True)
class ReadingOutlook:
    """What is told of a phase: files by how likely they are chosen; how many of those chosen are doubtful now, and how
    many once the `awaited` readings are handed in; then after so many more; up to how many more are worth it, and how
    many could be given at all."""

    sure: int
    open: int
    out: int
    chosen: int
    doubtful: float
    awaited: int
    doubtful_then: float
    steps: Sequence[tuple[int, float]]
    worthwhile: int

    def after(self, readings: int) -> float:
        """Return how many names are doubtful after so many more readings, by the steps."""
        return next((left for number, left in self.steps if number == readings), self.doubtful_then)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    @staticmethod
    def of_json(kept: Mapping[str, Any]) -> ReadingOutlook:
        """Return what `as_json` gave."""
        steps = tuple((int(number), float(left)) for number, left in kept["steps"])
        return ReadingOutlook(**{**kept, "steps": steps})


def by_offering(files: Sequence[PlacedFile]) -> dict[int, list[PlacedFile]]:
    """Return files by their offering, the best first; equals by their number."""
    found: dict[int, list[PlacedFile]] = defaultdict(list)
    for file in sorted(files, key=lambda each: (-each.placed_by, each.number)):
        found[file.offering_id].append(file)
    return found


def standings_of(
    files: Sequence[PlacedFile], places: Mapping[int, int], state: ReadingState
) -> dict[int, list[FileStanding]]:
    """Return the files of each offering against its cut, which lies midway between the last who is chosen and the first
    who is not. `places` says how many of an offering are chosen; where that is nobody or all, nothing is to be read."""
    found = {}
    for offering_id, ranked in by_offering(files).items():
        seats = places.get(offering_id, 0)
        if not 0 < seats < len(ranked):
            continue
        cut = (ranked[seats - 1].placed_by + ranked[seats].placed_by) / 2
        found[offering_id] = [_standing(file, cut, state) for file in ranked]
    return found


def _standing(file: PlacedFile, cut: Fraction, state: ReadingState) -> FileStanding:
    """A file against the cut: against what its harmonised mark would have to be for its whole mark to be the cut."""
    return FileStanding(
        file.number,
        file.mark / 1000,
        (file.error / 1000) ** 2,
        float((file.mark + (cut - file.placed_by) / file.share) / 1000),
        state.pending.get(file.number, 0),
        state.kept_from.get(file.number, frozenset()),
        max(0, state.most - state.held.get(file.number, 0)),
        float(file.share),
    )


def readings_to_give(
    standings: Mapping[int, Sequence[FileStanding]],
    state: ReadingState,
    count: int,
    noise: float,
    seed: str,
) -> list[NextReading]:
    """Return up to `count` readings to give, those worth most first, of all offerings together: they share readers.
    `noise` is the standard deviation of one reading, in points."""
    files = [each for offering in standings.values() for each in offering]
    return next_readings(files, state.loads, count, noise**2, seed, state.limits)


def outlook(
    files: Sequence[PlacedFile],
    places: Mapping[int, int],
    state: ReadingState,
    noise: float,
    seed: str,
) -> ReadingOutlook:
    """Return what further readings of a phase promise, one a file at most on the average.

    Draws of each file for itself say by which part the doubts would shrink; that part is taken of the doubtful names by
    the chances that are kept, which know what files share of their readers."""
    words = [chance_word(file.chance / 10_000) for file in files]
    chosen = [file for one, each in by_offering(files).items() for file in each[: places.get(one, 0)]]
    doubtful = doubtful_names(file.chance / 10_000 for file in chosen)
    standings = standings_of(files, places, state)
    given = readings_to_give(standings, state, len(files), noise, seed)
    left = _Doubts(standings, places, noise)
    start = left.before()
    part = doubtful / start if start else 0.0
    then = part * left.after([])
    sizes = [size for size in SIZES if size < len(given)] + ([len(given)] if given else [])
    steps = tuple((size, part * left.after(given[:size])) for size in sizes)
    return ReadingOutlook(
        sure=words.count(ChanceWord.SURE),
        open=words.count(ChanceWord.OPEN),
        out=words.count(ChanceWord.OUT),
        chosen=len(chosen),
        doubtful=doubtful,
        awaited=sum(state.pending.get(file.number, 0) for file in files),
        doubtful_then=then,
        steps=steps,
        worthwhile=worthwhile(then, steps),
    )


def worthwhile(start: float, steps: Sequence[tuple[int, float]]) -> int:
    """Return the greatest number of readings whose last step lifts one doubtful name by hundred readings; 0 if none."""
    found, number, left = 0, 0, start
    for size, after in steps:
        if (left - after) * WORTH_IN >= size - number:
            found = size
        number, left = size, after
    return found


@dataclass(frozen=True)
class _Doubts:
    """How many names are doubtful, by draws of each file for itself: those of all offerings together."""

    standings: Mapping[int, Sequence[FileStanding]]
    places: Mapping[int, int]
    noise: float

    def before(self) -> float:
        """Before anything more is handed in."""
        return self._summed(
            {one: [replace(file, pending=0) for file in each] for one, each in self.standings.items()}
        )

    def after(self, given: Sequence[NextReading]) -> float:
        """Once all that is pending and all that is given is handed in."""
        return self._summed(self.standings, given)

    def _summed(
        self, standings: Mapping[int, Sequence[FileStanding]], given: Sequence[NextReading] = ()
    ) -> float:
        return sum(
            doubtful_after(each, given, self.places[one], self.noise**2, SEED)
            for one, each in standings.items()
        )
