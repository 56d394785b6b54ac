"""Measure how long the readings of a large intake take to be given out."""

from __future__ import annotations

import random
import time

from bench.figures import Figure
from cohortmgr.reviews.assignment.flow import assign

FILES, READINGS, READERS = 20_000, 2, 60
KNOWN = 100
"""How many candidates a reader knows, and does not read."""


def sharing() -> Figure:
    """Seconds from nothing to who reads which file, of 20,000 files by 60 readers who each know a hundred candidates.

    It includes loading scipy where this is the first to need it, as it is in a worker."""
    chance = random.Random(14)
    files = [f"F{number:05}" for number in range(FILES)]
    readers = [f"R{number:02}" for number in range(READERS)]
    known = {(name, file) for name in readers for file in chance.sample(files, KNOWN)}
    started = time.perf_counter()
    shares = assign(dict.fromkeys(files, READINGS), readers, known, "intake", {})
    spent = time.perf_counter() - started
    if len(shares.pairs) != FILES * READINGS:
        raise RuntimeError(f"{len(shares.pairs)} readings were given")
    return Figure(
        "20,000 files x 2 to 60 readers", spent, "s", 5, f"{len(known):,} conflicts".replace(",", " ")
    )


if __name__ == "__main__":
    found = sharing()
    print(f"{found.name}: {found.value:.2f} {found.unit} ({found.beside})")
