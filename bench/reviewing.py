"""`python -m bench.reviewing`: how many of the true best are found, by how files are read and how marks are taken.

600 files, 30 seats; what a file is worth, what a reader adds and what chance adds are drawn (1, 0.6 and 0.8 standard
deviations), and marks are whole points from 0 to 20. Each policy meets the same phases, so that differences are paired.
The tables stand in docs/reviewing.md, and so does the story of the demonstration, with `--demonstration FOLDER`, where
one is loaded. `sharing` and `calibrating` are figures of `python -m bench`.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

# As wsgi and the worker have it, before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import sqlalchemy as sa

from bench.figures import Figure
from cohortmgr.accounts.models import Person
from cohortmgr.app import create_app
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.base.settings import Settings
from cohortmgr.demo.commands.choice import merit_of
from cohortmgr.demo.commands.setting import INTAKE, PROGRAMME
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews.assignment.flow import assign
from cohortmgr.reviews.calibration.calibrating import Calibration, calibrate, chances
from cohortmgr.reviews.calibration.cautions import cautions
from cohortmgr.reviews.calibration.dense import Factor
from cohortmgr.reviews.calibration.rules import doubtful_names, filled_by_one
from cohortmgr.reviews.calibration.scores import PhaseScores
from cohortmgr.reviews.further.outlook import PlacedFile, ReadingState, outlook
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.next_readings import FileStanding, next_readings
from cohortmgr.selection import queries as selection
from tests.unit.reviews.calibration.worlds import World, shared_out, world

FILES, SEATS = 600, 30
# How many readings are given out before marks are calibrated anew.
BATCH = 30
SHARED, READINGS, READERS = 20_000, 2, 60
# The most readings of a file in the demonstration's programme.
MOST = 8
KNOWN = 100
"""How many candidates a reader knows, and does not read."""

Found = dict[str, list[float]]


def sharing() -> Figure:
    """Seconds from nothing to who reads which file, of 20,000 files by 60 readers who each know a hundred candidates.

    It includes loading scipy where this is the first to need it, as it is in a worker."""
    chance = random.Random(14)
    files = [f"F{number:05}" for number in range(SHARED)]
    readers = [f"R{number:02}" for number in range(READERS)]
    known = {(name, file) for name in readers for file in chance.sample(files, KNOWN)}
    started = time.perf_counter()
    shares = assign(dict.fromkeys(files, READINGS), readers, known, "intake", {})
    spent = time.perf_counter() - started
    if len(shares.pairs) != SHARED * READINGS:
        raise RuntimeError(f"{len(shares.pairs)} readings were given")
    return Figure(
        "20,000 files x 2 to 60 readers", spent, "s", 5, f"{len(known):,} conflicts".replace(",", " ")
    )


def calibrating() -> Iterator[Figure]:
    """CPU of the fit of 73,000 marks by 3,000 readers of 1,100 files, as a multiple of one factorization of its smaller
    side; and of 600 files."""
    scores = _many()
    small = min(len(scores.files), len(scores.readers))
    chance = np.random.default_rng(0)
    square = chance.standard_normal((small, small))
    square = square @ square.T + small * np.eye(small)
    floor = min(_cpu(lambda: Factor(square.copy())) for _ in range(5))
    spent = min(_cpu(lambda: calibrate(scores)) for _ in range(3))
    beside = f"{spent * 1000:.0f} ms CPU; one factorization of {small} {floor * 1000:.0f} ms"
    yield Figure("calibration of 73,000 marks", spent / floor, "×", 40, beside)
    few = world(1).scores(*shared_out(FILES, 20, 3, 1))
    spent = min(_cpu(lambda: calibrate(few)) for _ in range(5)) * 1000
    yield Figure("calibration of 600 files", spent, "ms CPU", 50, "1,800 marks, 20 readers")


def _many() -> PhaseScores:
    chance = np.random.default_rng(0)
    files, readers = 1_128, 2_972
    cells = chance.choice(files * readers, 73_421, replace=False)
    # Each side has only those who read or were read.
    file, reader = (np.unique(side, return_inverse=True)[1] for side in (cells // readers, cells % readers))
    seen = 3.25 + chance.normal(0, 0.52, files)[file] + chance.normal(0, 0.33, readers)[reader]
    marks = np.clip(np.round(seen + chance.normal(0, 1.18, len(cells))), 1, 5).astype(np.int64)
    names = (
        [f"d{number}" for number in range(file.max() + 1)],
        [f"s{number}" for number in range(reader.max() + 1)],
    )
    return PhaseScores(*names, file, reader, marks * 1000)


def _cpu(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def share_found(made: World, scores: PhaseScores, marks: Sequence[float]) -> float:
    """The share of the true best among those that marks choose, in percent; equal marks by lot."""
    lots = np.random.default_rng(1).random(len(marks))
    order = np.lexsort((lots, -np.asarray(marks)))[:SEATS]
    return 100 * len({int(scores.files[place][1:]) for place in order} & made.best(SEATS)) / SEATS


def raw_marks(scores: PhaseScores) -> np.ndarray:
    """The mean of each file's marks."""
    files = len(scores.files)
    return np.bincount(scores.file, scores.score, files) / np.bincount(scores.file, minlength=files)


def doubt(made: World, found: Calibration) -> tuple[float, float]:
    """How many of those chosen are said not to be among the best, and how many truly are not."""
    stood = chances(found.draws(1_000), SEATS)
    order = np.argsort(-found.posterior.files)[:SEATS]
    names = {int(found.scores.files[place][1:]) for place in order}
    return doubtful_names(stood[place] for place in order), len(names - made.best(SEATS))


def fixed(made: World, readers: int, each: int, seed: int, out: Found) -> None:
    """As many readings a file: the raw mean beside the calibrated mark."""
    scores = made.scores(*shared_out(FILES, readers, each, seed))
    out.setdefault(f"raw, {each * FILES:,}", []).append(share_found(made, scores, raw_marks(scores)))
    found = calibrate(scores)
    out.setdefault(f"calibrated, {each * FILES:,}", []).append(share_found(made, scores, found.marks()))
    if each == 2:
        _keep_doubt(made, found, "two each", out)


def adaptive(made: World, readers: int, first: int, totals: Sequence[int], seed: int, out: Found) -> None:
    """Some readings a file, then more where they are likeliest to change the choice."""
    file, reader = shared_out(FILES, readers, first, seed)
    while True:
        scores = made.scores(file, reader)
        found = calibrate(scores)
        if len(file) in totals:
            name = f"{'one' if first == 1 else 'two'} each, then to {len(file):,}"
            out.setdefault(name, []).append(share_found(made, scores, found.marks()))
            _keep_doubt(made, found, name, out)
        if len(file) >= max(totals):
            return
        count = min(BATCH, min(total for total in totals if total > len(file)) - len(file))
        pairs = [
            (int(one.file[1:]), int(one.reviewer[1:]))
            for one in next_readings(
                _standings(found), _loads(scores, readers), count, found.noise**2, "bench"
            )
        ]
        more = np.array(pairs)
        file, reader = np.append(file, more[:, 0]), np.append(reader, more[:, 1])


def _standings(found: Calibration) -> list[FileStanding]:
    marks = np.array(found.marks()) / 1000
    highest = np.sort(marks)[::-1]
    cut = float(highest[SEATS - 1] + highest[SEATS]) / 2
    read: dict[int, set[str]] = {}
    for file, reader in zip(found.scores.file.tolist(), found.scores.reader.tolist(), strict=True):
        read.setdefault(file, set()).add(found.scores.readers[reader])
    return [
        FileStanding(name, float(marks[place]), found.errors[place] ** 2, cut, kept_from=read[place])
        for place, name in enumerate(found.scores.files)
    ]


def _loads(scores: PhaseScores, readers: int) -> dict[str, int]:
    loads = {f"R{number:02}": 0 for number in range(readers)}
    counts = np.bincount(scores.reader, minlength=len(scores.readers)).tolist()
    return loads | dict(zip(scores.readers, counts, strict=True))


def _keep_doubt(made: World, found: Calibration, name: str, out: Found) -> None:
    for kind, value in zip(("stated", "true"), doubt(made, found), strict=True):
        out.setdefault(f"{kind}: {name}", []).append(value)


def _lots(made: World) -> World:
    noise = made.noise.copy()
    noise[:, 0] = np.random.default_rng(7).normal(0, 1.3, FILES) - made.quality
    return replace(made, noise=noise)


def _copies(made: World) -> World:
    """One reader gives what another gives."""
    severity, noise = made.severity.copy(), made.noise.copy()
    severity[1], noise[:, 1] = severity[0], noise[:, 0]
    return replace(made, severity=severity, noise=noise)


def _skewed(made: World) -> World:
    quality = np.random.default_rng(int(1e6 * abs(made.quality[0]))).exponential(1.0, FILES) - 1
    return replace(made, quality=quality)


class _Coarse(World):
    """Marks of six steps only: 0, 4, 8, … 20."""

    def marks(self, file: np.ndarray, reader: np.ndarray) -> np.ndarray:
        return 4 * np.round(super().marks(file, reader) / 4)


class _High(World):
    """Marks about 17, of which many are 20."""

    def marks(self, file: np.ndarray, reader: np.ndarray) -> np.ndarray:
        seen = self.quality[file] + self.severity[reader] + self.noise[file, reader]
        return np.clip(np.round(17 + 3 * seen), 0, 20)


def _as(kind: type[World]) -> Callable[[World], World]:
    return lambda made: kind(made.quality, made.severity, made.noise)


def _careless(made: World) -> World:
    factor = np.exp(
        np.random.default_rng(int(1e6 * abs(made.severity[0]))).normal(0, 0.45, len(made.severity))
    )
    return replace(made, noise=made.noise * factor)


STRANGE: dict[str, Callable[[World], World]] = {
    "as supposed": lambda made: made,
    "care differs": _careless,
    "one draws lots": _lots,
    "one copies another": _copies,
    "two pieces": lambda made: made,
    "six steps": _as(_Coarse),
    "skewed files": _skewed,
    "top of the scale": _as(_High),
}


def strange(readers: int, seeds: int) -> Iterator[str]:
    """Where the model is wrong: three readings each, the raw mean beside the calibrated and the weighted mark."""
    yield f"\n{readers} readers, {seeds} seeds, three readings each:\n"
    yield "| phase | raw | calibrated | weighted | stated | true | cautions in |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, turn in STRANGE.items():
        rows = [_strange(name, turn, readers, seed) for seed in range(seeds)]
        means = np.mean(rows, axis=0)
        shares = " | ".join(f"{value:.1f}" for value in means[:5])
        yield f"| {name} | {shares} | {100 * means[5]:.0f} % |"


def _strange(name: str, turn: Callable[[World], World], readers: int, seed: int) -> tuple[float, ...]:
    made = turn(world(3_000 + seed, FILES, readers))
    file, reader = shared_out(FILES, readers, 3, seed)
    if name == "two pieces":
        one, half = shared_out(FILES // 2, readers // 2, 3, seed), (FILES // 2, readers // 2)
        file, reader = np.append(one[0], one[0] + half[0]), np.append(one[1], one[1] + half[1])
    scores = made.scores(file, reader)
    found, weighted = calibrate(scores), calibrate(scores, is_weighted=True)
    said = bool(cautions(found, (Decimal(0), Decimal(20))))
    shares = [
        share_found(made, scores, marks) for marks in (raw_marks(scores), found.marks(), weighted.marks())
    ]
    return (*shares, *doubt(made, found), float(said))


def policies(readers: int, seeds: int) -> Iterator[str]:
    """The share of the true best by policy, with the paired difference to six raw readings a file."""
    out: Found = {}
    for seed in range(seeds):
        made = world(1_000 + seed, FILES, readers)
        for each in (2, 3, 6):
            fixed(made, readers, each, 5_000 + seed, out)
        adaptive(made, readers, 2, (1_500, 1_800), 5_000 + seed, out)
        adaptive(made, readers, 1, (900, 1_200), 5_000 + seed, out)
    yield f"\n{readers} readers, {seeds} seeds:\n"
    yield "| readings | share of the best, % | beside raw 3,600 | in doubt: stated | true |"
    yield "|---|--:|--:|--:|--:|"
    base = np.array(out["raw, 3,600"])
    for name, values in out.items():
        if name.startswith(("stated", "true")):
            continue
        gap = np.array(values) - base
        error = 1.96 * gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else 0.0
        key = "two each" if name == "calibrated, 1,200" else name
        told = " | ".join(
            f"{np.mean(out[f'{kind}: {key}']):.1f}" if f"{kind}: {key}" in out else ""
            for kind in ("stated", "true")
        )
        yield f"| {name} | {np.mean(values):.1f} | {gap.mean():+.1f} ± {error:.1f} | {told} |"


def demonstration(folder: Path) -> Iterator[str]:
    """The story of the demonstration that is loaded in a folder: who marks how, and what became of whose files."""
    app = create_app(Settings(data=folder, demonstration=True), "system")
    with app.app_context():
        intake = programmes.intake_of(PROGRAMME, INTAKE)
        batch = selection.batches_of(intake)[-1]
        chosen = {
            row.application_reference for row in selection.decisions_of(batch) if row.outcome == "offer"
        }
        rows = sa.select(Application, Person.given_name, Person.family_name, Review.total_thousandths)
        rows = rows.join(Review, Review.application_id == Application.id)
        rows = rows.join(Person, Person.id == Review.reviewer_id)
        rows = rows.where(Review.intake_id == intake.id, Review.state == "submitted")
        read = db.session.execute(rows.order_by(Application.id, Review.id)).all()
        worth = {row[0].reference: merit_of(row[0].email, row[0].number, row[0].answers) for row in read}
        marks = [(row[0].reference, f"{row[1]} {row[2]}", row[3] or 0) for row in read]
    yield from _told(marks, chosen, worth)


def _told(
    marks: Sequence[tuple[str, str, int]], chosen: set[str], worth: Mapping[str, float]
) -> Iterator[str]:
    scores, seats = PhaseScores.of(marks), len(chosen)
    found, weighted = calibrate(scores), calibrate(scores, is_weighted=True)
    plain, heavy = (_first(scores, each.marks(), seats) for each in (found, weighted))
    best = set(sorted(worth, key=lambda file: -worth[file])[:seats])
    read: dict[str, dict[str, int]] = {}
    for file, reader, mark in marks:
        read.setdefault(reader, {})[file] = mark
    files = len(scores.files)
    yield f"\n{files} files, {len(marks)} marks, {len(read)} readers, {seats} seats:\n"
    yield f"| reader | files | mean mark | severity | of the {seats} chosen | by chance | harmonised | weighted |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for reader in sorted(read, key=lambda name: -found.formula.severities[name]):
        theirs, severity = read[reader], found.formula.severities[reader] / 1000
        counts = [len(each & theirs.keys()) for each in (chosen, plain, heavy)]
        usual, mean = seats * len(theirs) / files, sum(theirs.values()) / len(theirs) / 1000
        cells = (len(theirs), f"{mean:.2f}", f"{severity:+.2f}", counts[0], f"{usual:.1f}", *counts[1:])
        yield f"| {reader} | {' | '.join(map(str, cells))} |"
    for reader, (count, chance) in filled_by_one(read, chosen, files).items():
        yield f"\nBy chance {count} or more of those chosen are {reader}'s files once in {round(1 / chance):,} cases."
    stood = chances(found.draws(), seats)
    told = [doubtful_names(stood[scores.files.index(file)] for file in each) for each in (chosen, plain)]
    yield f"\nOf the {seats} of greatest merit the raw mean finds {len(chosen & best)}, the harmonised mark"
    yield f"{len(plain & best)}, the weighted one {len(heavy & best)}; {len(chosen & plain)} are of both."
    yield f"Stated to be doubtful: {told[0]:.1f} of those chosen, {told[1]:.1f} of those by harmonised marks."
    yield f"Standard deviations: quality {found.quality:.2f}, severity {found.severity:.2f}, noise {found.noise:.2f}."
    yield _promised(found, stood, seats)


def _promised(found: Calibration, stood: Sequence[float], seats: int) -> str:
    scores, read = found.scores, dict[str, set[str]]()
    for file, reader in zip(scores.file.tolist(), scores.reader.tolist(), strict=True):
        read.setdefault(scores.files[file], set()).add(scores.readers[reader])
    loads = {name: sum(name in readers for readers in read.values()) for name in scores.readers}
    state = ReadingState({file: len(readers) for file, readers in read.items()}, {}, read, loads, {}, MOST)
    placed = [
        PlacedFile(name, 1, mark, round(1000 * error), round(10_000 * chance))
        for name, mark, error, chance in zip(scores.files, found.marks(), found.errors, stood, strict=True)
    ]
    told = outlook(placed, {1: seats}, state, found.noise, "bench")
    more, left = told.worthwhile, told.after(told.worthwhile)
    after = f"{more} more readings: from {told.doubtful:.1f} doubtful names to {left:.1f}"
    return f"{told.sure} sure, {told.open} to discuss, {told.out} out of reach; {after}."


def _first(scores: PhaseScores, marks: Sequence[int], seats: int) -> set[str]:
    order = sorted(zip(marks, scores.files, strict=True), key=lambda each: (-each[0], each[1]))
    return {file for _mark, file in order[:seats]}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.reviewing", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="phases a policy meets (default 50)")
    parser.add_argument(
        "--strange", type=int, default=24, help="phases that are strange, of each kind (default 24)"
    )
    parser.add_argument("--readers", type=int, nargs="*", default=[20, 8])
    parser.add_argument("--demonstration", type=Path, help="a folder where one is loaded: its story alone")
    chosen = parser.parse_args()
    if chosen.demonstration:
        print("\n".join(demonstration(chosen.demonstration)))
        return
    for readers in chosen.readers:
        for line in policies(readers, chosen.seeds) if chosen.seeds else ():
            print(line, flush=True)
        for line in strange(readers, chosen.strange) if chosen.strange else ():
            print(line, flush=True)


if __name__ == "__main__":
    main()
