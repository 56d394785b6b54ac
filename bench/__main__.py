"""`python -m bench`: print a table of figures, each beside its floor; code 1 if one misses its target."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bench import figures
from bench.figures import Figure
from bench.installation import Installation, installed
from bench.letters import letters
from bench.patterns import patterns
from bench.reviewing import calibrating, sharing
from bench.selection.allocating import allocating
from bench.selection.boards import boards
from bench.selection.certificates import verifying
from bench.selection.choosing import choosing

# Few enough that a run takes seconds; `python -m bench.letters` sends a hundred thousand.
LETTERS = 3000


def main() -> int:
    """Measure, print, and say whether every target is met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="a superuser's URL; without it, SQLite")
    parser.add_argument("--times", type=int, default=200, help="requests a round for a page (default 200)")
    parser.add_argument("--journeys", type=int, default=30, help="journeys (default 30)")
    chosen = parser.parse_args()
    print(
        f"On {'PostgreSQL' if chosen.postgres else 'SQLite'}; statements without transaction control.",
        flush=True,
    )
    found: list[Figure] = []
    with installed(chosen.postgres) as made:
        for figure in measured(made, chosen.times, chosen.journeys):
            print(line(figure), flush=True)
            found.append(figure)
    missed = [figure.name for figure in found if not figure.passed]
    print(
        f"{len(found) - len(missed)} of {len(found)} targets met."
        + (f" Missed: {', '.join(missed)}." if missed else "")
    )
    return 1 if missed else 0


def measured(made: Installation, times: int, journeys: int) -> Iterator[Figure]:
    """Yield every figure as soon as it is measured."""
    yield from figures.statements(made)
    yield from figures.weights(made)
    yield from figures.pages(made, times)
    yield figures.journeys(made, journeys)
    yield figures.twice_at_once(made)
    yield from patterns()
    yield sharing()
    yield from calibrating()
    yield from verifying()
    yield from allocating()
    yield from choosing()
    yield from letters(made, LETTERS)
    yield from boards(made)  # last: it reads and seals the imported intake


def line(figure: Figure) -> str:
    """One row of the table."""
    value = f"{figure.value:.0f}" if not figure.unit else f"{figure.value:.2f} {figure.unit}"
    most = f"≤ {figure.most:g} {figure.unit}".rstrip()
    return f"{'PASS' if figure.passed else 'FAIL'}  {figure.name:38} {value:>14}  {most:12} {figure.beside}"


if __name__ == "__main__":
    raise SystemExit(main())
