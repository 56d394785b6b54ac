"""Measure how long the slowest kind of question and the slowest pattern take over a hundred kilobytes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import cohortmgr
from bench.figures import Figure
from cohortmgr.applications.answers.composed import read_given
from cohortmgr.programmes.definition.rules import Option, Question, QuestionKind

LARGE = 100_000
DAY = date(2026, 11, 22)
LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
# Texts that make patterns try again and again: pieces that they repeat, and an end that they do not expect.
PIECES = (
    "a",
    "1",
    " ",
    "a ",
    "1 ",
    "12,",
    "-",
    "a@",
    "a.",
    ".",
    ":",
    ";",
    ">",
    "é",
    "سلام ",
    "\n",
    "{a",
    "[",
    "<a ",
    "0612345678",
)
ENDS = ("", "!", "\x00")
NAMES = ("q", "q-day", "q-month", "q-year", "q-type", "q-number", "q-province", "q-commune", "q-street", "q-1", "q-2",
         "q-abc", "q-0-t", "q-0-n")  # fmt: skip


def patterns() -> Iterator[Figure]:
    """Yield the milliseconds of the slowest kind of question and of the slowest pattern, with their names."""
    taken = {kind.value: _of_kind(kind) for kind in QuestionKind}
    worst = max(taken, key=lambda name: taken[name])
    yield Figure("100 kB in every field of a kind", taken[worst], "ms", 250, worst)
    found = {name: _of_pattern(pattern) for name, pattern in sorted(compiled().items())}
    slowest = max(found, key=lambda name: found[name])
    yield Figure("100 kB before every pattern", found[slowest], "ms", 400, f"{slowest}, of {len(found)}")


@dataclass(frozen=True)
class Used:
    """A pattern, and whether it is looked for anywhere in a text rather than at its beginning alone."""

    pattern: re.Pattern[Any]
    anywhere: bool

    def act(self, text: str) -> Callable[[], object]:
        """A function that does with the pattern what the application does, on a text or on its bytes."""
        given: Any = text if isinstance(self.pattern.pattern, str) else text.encode()
        if not self.anywhere:
            return lambda: self.pattern.match(given)
        return lambda: deque(
            self.pattern.finditer(given), maxlen=0
        )  # matches are not kept, since keeping them costs too


def compiled() -> dict[str, Used]:
    """Every pattern that a module of the application holds, by its name there."""
    found = {}
    for spec in pkgutil.walk_packages(cohortmgr.__path__, "cohortmgr."):
        module = importlib.import_module(spec.name)
        held = [(name, each) for name, each in vars(module).items() if isinstance(each, re.Pattern)]
        source = inspect.getsource(module) if held else ""
        for name, each in held:
            anywhere = re.search(rf"\b{name}\.(search|finditer|findall|subn?|split)\(", source)
            found[f"{spec.name}.{name}"] = Used(each, anywhere is not None)
    return found


def _of_kind(kind: QuestionKind) -> float:
    options = tuple(Option(key, LABEL, (key * 3,)) for key in ("abc", "def"))
    fields = (Question("t", QuestionKind.TEXT, LABEL), Question("n", QuestionKind.NUMBER, LABEL))
    asked = Question("q", kind, LABEL, options=options, fields=fields, maximum=Decimal(2))
    sent = [dict.fromkeys(NAMES, piece * (LARGE // len(piece))) for piece in PIECES]
    return max(_milliseconds(partial(read_given, asked, each, DAY)) for each in sent)


def _of_pattern(used: Used) -> float:
    texts = [piece * (LARGE // len(piece)) + end for piece in PIECES for end in ENDS]
    return max(_milliseconds(used.act(text)) for text in texts)


def _milliseconds(act: Callable[[], object]) -> float:
    """CPU of one call; of the better of two if the first takes 5 ms or more."""
    spans = []
    for _ in range(2):
        start = time.process_time()
        act()
        spans.append((time.process_time() - start) * 1000)
        if spans[0] < 5:
            break
    return min(spans)


if __name__ == "__main__":
    for figure in patterns():
        print(figure)
