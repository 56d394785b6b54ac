"""What is wrong with the lines of somebody's table, told all at once and each by its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmgr.base.errors import Problem


@dataclass(frozen=True)
class LineFault:
    """What is wrong with one line of a file."""

    line: int
    problem: Problem


class FaultyLines(Exception):
    """Lines of a file cannot be read, all of them in their order."""

    def __init__(self, faults: Sequence[LineFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(f"{len(self.faults)} faulty lines")
