"""Compare figures that people declare with those that staff read on a paper: which checks hold. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Protocol

from cohortmgr.applications.answers.values import Answer


class Verdict(StrEnum):
    """What is known of a declared figure."""

    UNCHECKED = "unchecked"
    EQUAL = "equal"
    DIFFERENT = "different"
    CHANGED = "changed"


class FigureReading(Protocol):
    """What staff last read for a question: the figure declared then, the figure read, the paper's SHA-256."""

    @property
    def question(self) -> str: ...
    @property
    def declared(self) -> str: ...
    @property
    def read(self) -> str: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True)
class FigureStatus:
    """A figure's verdict; `changes` names what has changed since staff read it: "figure", "document"."""

    verdict: Verdict
    changes: tuple[str, ...] = ()


def comparable(answer: Answer) -> str:
    """An answer in the form for comparing two: 12,50 and 12.5 are one figure; other texts stay."""
    text = str(answer).strip()
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return text
    return f"{value.normalize():f}" if value.is_finite() else text


def figure_status(declared: Answer, sha256: str | None, reading: FigureReading | None) -> FigureStatus:
    """The standing of a figure. A reading holds only for the figure and the content that it was made with."""
    if reading is None:
        return FigureStatus(Verdict.UNCHECKED)
    changes = []
    if declared is None or comparable(declared) != reading.declared:
        changes.append("figure")
    if sha256 != reading.sha256:
        changes.append("document")
    if changes:
        return FigureStatus(Verdict.CHANGED, tuple(changes))
    return FigureStatus(Verdict.EQUAL if reading.declared == reading.read else Verdict.DIFFERENT)


def newest(readings: Iterable[FigureReading]) -> dict[str, FigureReading]:
    """The last reading of each question; `readings` come in the order in which they were made."""
    return {reading.question: reading for reading in readings}


def unchecked(
    proofs: Mapping[str, str],
    answers: Mapping[str, Answer],
    contents: Mapping[str, str],
    readings: Mapping[str, FigureReading],
) -> list[str]:
    """The questions whose figure nobody has yet found equal on its paper.

    `proofs` maps the question of a figure to that of its paper; `contents` maps the question of a paper to
    the SHA-256 of the current one. A figure that was not declared needs no check.
    """
    wanted: Collection[str] = [key for key in proofs if answers.get(key) not in (None, "")]
    return [
        key
        for key in wanted
        if figure_status(answers[key], contents.get(proofs[key]), readings.get(key)).verdict
        is not Verdict.EQUAL
    ]
