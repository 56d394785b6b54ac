"""A row of an institution's file once it is judged: usable, or with all its faults. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cohortmgr.applications.answers.values import Answer
from cohortmgr.base.errors import Problem

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class RowFault:
    """A problem in a row, with the header of its column (None: the problem concerns the row as a whole)."""

    column: str | None
    problem: Problem


@dataclass(frozen=True)
class Sending:
    """A usable row. `sent_at` is in UTC, None when the file does not say. `identity` is (target, number),
    such as ("identifier.cin", "AB123456"). `answers` are by question key; `raw` are the row's cells by
    header."""

    line: int
    sent_at: datetime | None
    identity: tuple[str, str]
    answers: Mapping[str, Answer]
    raw: Mapping[str, str]
    fingerprint: str

    @property
    def rank(self) -> tuple[datetime, int]:
        """The order among the sendings of one person: the latest stands, and of one moment the one further
        down."""
        return (self.sent_at or _EARLIEST, self.line)


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used: its cells by header (of a cut row, those that are there), and all its
    faults."""

    line: int
    raw: Mapping[str, str]
    faults: tuple[RowFault, ...]
    fingerprint: str

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems, without the columns."""
        return tuple(fault.problem for fault in self.faults)
