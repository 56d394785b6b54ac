"""Phases that are made up: files of known quality, readers of known severity, and who reads what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cohortmgr.reviews.calibration.scores import PhaseScores

QUALITY, SEVERITY, NOISE = 1.0, 0.6, 0.8


@dataclass(frozen=True)
class World:
    """What nobody knows of a phase: how good each file is, and what each reader would say of it."""

    quality: np.ndarray
    severity: np.ndarray
    noise: np.ndarray

    def best(self, seats: int) -> set[int]:
        """The files that are truly the best."""
        return set(np.argsort(-self.quality)[:seats].tolist())

    def marks(self, file: np.ndarray, reader: np.ndarray) -> np.ndarray:
        """The marks of readings: whole points from 0 to 20, 10 on average, three to a standard deviation."""
        seen = self.quality[file] + self.severity[reader] + self.noise[file, reader]
        return np.clip(np.round(10 + 3 * seen), 0, 20)

    def scores(self, file: np.ndarray, reader: np.ndarray) -> PhaseScores:
        """The marks of readings as the model takes them."""
        marks = self.marks(file, reader).astype(int) * 1000
        rows = zip(file.tolist(), reader.tolist(), marks.tolist(), strict=True)
        return PhaseScores.of((f"F{one:04}", f"R{other:02}", mark) for one, other, mark in rows)


def world(seed: int, files: int = 600, readers: int = 20) -> World:
    """A phase drawn from a seed."""
    chance = np.random.default_rng(seed)
    quality = chance.normal(0, QUALITY, files)
    severity = chance.normal(0, SEVERITY, readers)
    return World(quality, severity, chance.normal(0, NOISE, (files, readers)))


def shared_out(files: int, readers: int, each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(file, reader) of each reading: as many readers a file, with loads that are level, by lot."""
    chance = np.random.default_rng(seed)
    loads = np.zeros(readers)
    pairs = []
    for file in chance.permutation(files):
        order = np.lexsort((chance.random(readers), loads))[:each]
        loads[order] += 1
        pairs += [(file, reader) for reader in order]
    file, reader = np.array(pairs).T
    return file, reader
