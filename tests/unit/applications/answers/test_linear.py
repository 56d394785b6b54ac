"""100 kB in every field of every kind: refused by limits or read in a time that grows no faster than the text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bench.patterns import ENDS, PIECES, compiled
from cohortmgr.applications.answers.composed import read_cell, read_given
from cohortmgr.base.errors import Problem
from cohortmgr.programmes.definition.rules import Option, Question, QuestionKind

TODAY = date(2026, 11, 22)
LABEL = {"fr": "Question", "ar": "سؤال", "en": "Question"}
LARGE = 100_000
HEAVY = ("a", "1", " ", "a ", "1 ", "12,", "-", "a@", "a.", ".", ":", ";", ">", "é", "e\u0301", "سلام ", "\n", "\x00",
         "\u202e", "0612345678", "a-", "=", "12/", "/", "، ")  # fmt: skip
PATTERNS = compiled()


def question(kind: QuestionKind) -> Question:
    options = tuple(Option(key, {"fr": key, "ar": "خيار", "en": key}, (key * 3,)) for key in ("abc", "def"))
    fields = (Question("t", QuestionKind.TEXT, LABEL), Question("n", QuestionKind.NUMBER, LABEL))
    return Question("q", kind, LABEL, options=options, fields=fields, maximum=Decimal(2) if fields else None)


def seconds(act: Callable[[], Any], times: int = 3) -> float:
    """The best of a few, on the process's own clock."""
    found = []
    for _ in range(times):
        start = time.process_time()
        act()
        found.append(time.process_time() - start)
    return min(found)


def grows_evenly(act: Callable[[int], Any]) -> bool:
    """Whether twice the text takes well under four times as long, as a square would; a fast act needs no proof."""
    for attempt in range(5):
        long = seconds(lambda: act(LARGE), 3 if attempt else 1)  # most are fast at once
        if long < 0.005 or long < 3 * seconds(lambda: act(LARGE // 2)):
            return True
    return False


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_each_pattern_of_the_application_is_linear(name: str) -> None:
    used = PATTERNS[name]
    for piece in (*HEAVY, *PIECES):
        for ending in ENDS:

            def act(size: int, piece: str = piece, ending: str = ending) -> object:
                return used.act(piece * (size // len(piece)) + ending)()

            assert grows_evenly(act), f"{used.pattern.pattern!r} on {piece!r}"


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_a_hundred_kilobytes_in_every_field_of_a_kind(kind: QuestionKind) -> None:
    asked = question(kind)
    names = ("q", "q-day", "q-month", "q-year", "q-type", "q-number", "q-province", "q-commune", "q-street", "q-1",
             "q-2", "q-abc", "q-0-t", "q-0-n")  # fmt: skip
    for piece in HEAVY:
        text = piece * (LARGE // len(piece))
        sent = dict.fromkeys(names, text)
        taken = seconds(lambda sent=sent: read_given(asked, sent, TODAY))  # type: ignore[misc]
        assert taken < 0.25, f"{kind} on {piece!r}: {taken:.3f} s"
        _, problems = read_given(asked, sent, TODAY)
        if problems:
            assert all(len(str(problem)) < 400 for problem in problems)
        if kind is not QuestionKind.GROUP:
            found = read_cell(asked, text, TODAY)
            assert not isinstance(found, Problem) or len(str(found)) < 400


def test_a_thousand_rows_are_read_in_bounds() -> None:
    sent = {f"q-{row}-{name}": "x" * 90 for row in range(999) for name in ("t", "n")}
    rows, problems = read_given(question(QuestionKind.GROUP), sent, TODAY)
    assert isinstance(rows, list) and len(rows) == 2 and problems
    assert seconds(lambda: read_given(question(QuestionKind.GROUP), sent, TODAY)) < 0.25
