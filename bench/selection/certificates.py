"""`python -m bench.selection.certificates`: the CPU of verifying certificates of a choice, of 600 files and of
100,000, with marks given and with marks that follow from a rubric; code 1 if one misses its target.

No choice is computed: prices are drawn first, whoever exceeds the threshold is chosen, and the bounds are what the
chosen then count, so that the prices prove it. The verifier is run as a stranger runs it, a process that starts and
reads a file; the floor beside each figure is reading the same bytes by json alone.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.figures import Figure
from cohortmgr.selection import verify
from cohortmgr.selection.choosing.rules import Bound, Choice, ChoiceProblem, Contender, Leaf, Prices
from cohortmgr.selection.proofs.choice import StatedFile, StatedTerms, choice_certificate, lot_number

SEED = "01BENCH"
CRITERIA = [{"key": key, "max": 20, "min": 0, "weight": 1} for key in ("a", "b", "c")]
RUBRIC = {
    "phases": [{"criteria": CRITERIA, "key": "f", "kind": "files", "readings": 2, "weight": 1}],
    "ties": [],
}


def verifying() -> Iterator[Figure]:
    """Seconds or milliseconds of CPU for each size."""
    for files, seats, most in ((600, 30, 200), (100_000, 14_000, 2_000)):
        for by_rubric in (False, True):
            data = json.dumps(made(files, seats, by_rubric=by_rubric)).encode()
            floor = min(_cpu(lambda data=data: json.loads(data)) for _ in range(3))
            spent = min(_verified(data) for _ in range(2))
            name = f"verifying {files:,}{' from scores' if by_rubric else ''}"
            beside = f"json alone {1000 * floor:.0f} ms, {len(data) >> 10} kB"
            yield Figure(name, 1000 * spent, "ms CPU", most, beside)


def _verified(data: bytes) -> float:
    """The seconds of CPU of a process that verifies a file."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-I", verify.__file__, file.name], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cpu(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def made(files: int, seats: int, *, by_rubric: bool = False) -> dict[str, Any]:
    """A certificate of that many files under bounds on twelve regions and nine tracks, all of which bind."""
    draw = random.Random(files)
    stated = [_file(draw, place, by_rubric) for place in range(files)]
    names = [("region", f"r{place}") for place in range(12)] + [("track", f"t{place}") for place in range(9)]
    # Page prices in halves of a thousandth, even ones; the threshold is odd, so that nobody's sum equals it.
    prices = [2 * draw.randrange(-1_500, 1_500) for _ in names]
    own = {name: (place, price) for place, (name, price) in enumerate(zip(names, prices, strict=True))}
    sums = sorted((_sum(each, own) for each in stated), reverse=True)
    threshold = sums[seats - 1] - 1
    chosen = [each for each in stated if _sum(each, own) > threshold]
    counts = [sum(each.attributes[key] == value for each in chosen) for key, value in names]
    bounds = tuple(
        Bound({key: value}, count, None) if price > 0 else Bound({key: value}, None, count)
        for (key, value), price, count in zip(names, prices, counts, strict=True)
    )
    contenders = tuple(
        Contender(each.reference, each.mark, (), lot_number(SEED, each.reference), _groups(each, own))
        for each in stated
    )
    unit = 1 + len(chosen) * (len(stated) - 1)
    proof = Leaf(2, tuple(-price * unit for price in prices), threshold * unit)
    choice = Choice(
        tuple(each.reference for each in chosen), len(chosen), 0, proof, Prices(2, tuple(prices), threshold)
    )
    problem = ChoiceProblem(contenders, len(chosen), bounds)
    rubric = RUBRIC if by_rubric else None
    return choice_certificate(problem, choice, stated, StatedTerms(SEED, 1_000, rubric=rubric))


def _file(draw: random.Random, place: int, by_rubric: bool) -> StatedFile:
    attributes = {"region": f"r{draw.randrange(12)}", "track": f"t{draw.randrange(9)}"}
    if not by_rubric:
        return StatedFile(f"{place:064x}", round(draw.gauss(12_000, 2_000)), (), attributes)
    scores = [{key: draw.randrange(21) for key in "abc"} for _ in range(2)]
    totals = [round(1_000 * sum(each.values()) / 3) for each in scores]
    phase = {"key": "f", "scores": scores, "totals": totals}
    return StatedFile(
        f"{place:064x}", round(sum(totals) / 2), (), attributes, marks={"phases": [phase], "short": 0}
    )


def _sum(each: StatedFile, own: dict[tuple[str, str], tuple[int, int]]) -> int:
    return 2 * each.mark + sum(own[item][1] for item in each.attributes.items())


def _groups(each: StatedFile, own: dict[tuple[str, str], tuple[int, int]]) -> tuple[int, ...]:
    return tuple(sorted(own[item][0] for item in each.attributes.items()))


def main() -> int:
    """Measure, print, and say whether every target is met."""
    found = list(verifying())
    for figure in found:
        print(f"{figure.name:32} {figure.value:8.0f} {figure.unit}, at most {figure.most:g}; {figure.beside}")
    return 0 if all(figure.passed for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
