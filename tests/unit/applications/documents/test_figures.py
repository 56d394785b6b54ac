"""A reading holds for the figure and the content that it was made of."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.documents.figures import Verdict, comparable, figure_status, newest, unchecked


@dataclass(frozen=True)
class Note:
    question: str = "s1"
    declared: str = "12.5"
    read: str = "12.5"
    sha256: str = "a"


@pytest.mark.parametrize(
    ("declared", "content", "note", "verdict", "changes"),
    [
        ("12.5", "a", None, Verdict.UNCHECKED, ()),
        ("12,50", "a", Note(), Verdict.EQUAL, ()),
        ("12.5", "a", Note(read="11"), Verdict.DIFFERENT, ()),
        ("13", "a", Note(), Verdict.CHANGED, ("figure",)),
        ("12.5", "b", Note(), Verdict.CHANGED, ("document",)),
        ("13", "b", Note(), Verdict.CHANGED, ("figure", "document")),
        (None, "a", Note(), Verdict.CHANGED, ("figure",)),
        ("12.5", None, Note(), Verdict.CHANGED, ("document",)),
    ],
)
def test_where_a_figure_stands(
    declared: str | None, content: str | None, note: Note | None, verdict: Verdict, changes: tuple[str, ...]
) -> None:
    found = figure_status(declared, content, note)
    assert (found.verdict, found.changes) == (verdict, changes)


@given(st.decimals(0, 20, places=3))
def test_a_figure_is_one_however_it_is_written(value: object) -> None:
    assert comparable(f"{value}0") == comparable(str(value).replace(".", ","))


def test_other_texts_are_compared_as_they_are() -> None:
    assert comparable(" Oui ") == "Oui" and comparable("NaN") == "NaN"


def test_what_nobody_found_equal_is_still_to_be_checked() -> None:
    proofs = {"s1": "transcripts", "s2": "transcripts", "s3": "transcripts"}
    answers = {"s1": "12.5", "s2": "14"}
    notes = newest([Note(read="1"), Note(), Note(question="s2", declared="14", read="12")])
    assert unchecked(proofs, answers, {"transcripts": "a"}, notes) == ["s2"]
    assert unchecked(proofs, answers, {"transcripts": "b"}, notes) == ["s1", "s2"]
    assert unchecked({}, answers, {}, {}) == []
