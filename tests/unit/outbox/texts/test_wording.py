"""The syntax of edited texts: read as printed, filled once, never evaluated."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.outbox.texts.wording import Name, Piece, filled, names, parse, printed

WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
PIECES = st.lists(st.one_of(WORDS, st.from_regex(r"[a-z][a-z0-9_]{0,59}", fullmatch=True).map(Name)))


def joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The same with texts that stand beside each other as one."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return tuple(found)


@given(PIECES)
def test_what_is_printed_is_read_again_as_it_was(pieces: list[Piece]) -> None:
    assert parse(printed(pieces)) == joined(pieces)


@given(st.text())
def test_a_text_is_refused_or_printed_as_it_was_written(text: str) -> None:
    try:
        pieces = parse(text)
    except Refused:
        return
    assert printed(pieces) == text


@given(PIECES, st.text())
def test_filling_puts_each_value_in_its_places_and_reads_none(pieces: list[Piece], value: str) -> None:
    shown = filled(pieces, dict.fromkeys(names(pieces), value + "."))
    assert shown == "".join(value + "." if isinstance(piece, Name) else piece for piece in pieces)


@pytest.mark.parametrize(
    "text",
    ["{", "}", "Bonjour {name", "name}", "{ name }", "{Name}", "{}", "{name.__class__}", "{{{", "{a{b}}",
     "{0}", "{name!r}", "{name:>9999999}", "{{ config }} {% x %}"],
)  # fmt: skip
def test_whatever_is_no_name_is_refused_or_stays_a_text(text: str) -> None:
    try:
        pieces = parse(text)
    except Refused as refusal:
        assert "Ligne 1" in str(refusal.problems[0]) or refusal.problems[0].values["line"] == 1
        return
    assert names(pieces) == frozenset()
    assert filled(pieces, {}) == text.replace("{{", "{").replace("}}", "}")


def test_an_error_says_its_line_and_what_is_near() -> None:
    with pytest.raises(Refused) as refusal:
        parse("Bonjour,\n\nvotre place {deadline est prête")
    assert refusal.value.problems[0].values == {"line": 3, "near": "votre place {deadline est"}


def test_two_braces_are_one() -> None:
    assert filled(parse("{{x}} {x}"), {"x": "{{y}}"}) == "{x} {{y}}"


def test_the_space_before_an_empty_value_goes_too() -> None:
    assert filled(parse("Bonjour {name},"), {"name": ""}) == "Bonjour,"


@pytest.mark.parametrize("text", ["{" * 200_000, "{a}" * 70_000, "{" + "a" * 200_000, "{a" * 100_000])
def test_reading_takes_a_time_that_grows_with_the_text_alone(text: str) -> None:
    start = time.process_time()
    try:
        parse(text)
    except Refused as refusal:
        assert refusal.problems
    assert time.process_time() - start < 2
