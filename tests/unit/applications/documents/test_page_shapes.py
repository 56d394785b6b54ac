"""Of which pages of a paper there are pictures, how large they are, and which one a screen gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.applications.documents.rules import (
    A4_POINTS,
    media_type_of,
    page_files,
    picture_key,
    shapes_of,
    unpictured,
)


@dataclass
class Paper:
    pages: list[Any] = field(default_factory=list)
    narrow_pages: list[Any] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)


def paper(wide: int, narrow: int, *parts: int) -> Paper:
    shapes = [{"key": f"n{n}", "width": 100 + n, "height": 200 + n} for n in range(1, narrow + 1)]
    return Paper([f"w{n}" for n in range(1, wide + 1)], shapes, [{"pages": each} for each in parts])


@given(st.integers(0, 25), st.integers(0, 25), st.lists(st.integers(0, 9), max_size=6), st.integers(-2, 30))
def test_a_number_has_a_picture_if_and_only_if_it_is_a_page_with_one(
    wide: int, narrow: int, parts: list[int], number: int
) -> None:
    given_paper = paper(wide, min(narrow, wide), *parts)
    shapes = shapes_of(given_paper)
    assert [each.number for each in shapes] == list(range(1, wide + 1))
    assert unpictured(given_paper) == max(0, sum(parts) - wide)
    known = {each.number: each for each in shapes}
    assert (picture_key(given_paper, number) is not None) == (number in known)
    if number in known:
        has_narrow = known[number].has_narrow
        assert has_narrow == (number <= narrow)
        assert picture_key(given_paper, number) == f"w{number}"
        assert picture_key(given_paper, number, narrow=True) == ("n" if has_narrow else "w") + str(number)
        assert (known[number].width, known[number].height) == (
            (100 + number, 200 + number) if has_narrow else A4_POINTS
        )


def test_every_picture_is_among_the_files_of_a_paper() -> None:
    two = paper(2, 2)
    assert set(page_files(two.pages, two.narrow_pages)) == {"w1", "w2", "n1", "n2"}
    assert page_files([], []) == []


def test_a_part_that_was_never_counted_hides_no_page() -> None:
    assert unpictured(Paper(["w1"], [], [{"key": "k"}])) == 0


def test_a_picture_says_what_it_is() -> None:
    assert (media_type_of(b"RIFF....WEBP"), media_type_of(b"\xff\xd8\xff")) == ("image/webp", "image/jpeg")
