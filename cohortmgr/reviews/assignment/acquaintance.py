"""Whether a name that a reader typed is that of a candidate: the same words, in whatever order and spelling. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cohortmgr.base.text import fold

MOST_LISTED = 1_000
"""Up to so many adults readers tick in a list; of more, and of minors, they type the names of those whom they know."""
MOST_TYPED = 200
SHORTEST = 2
"""The fewest words of a name: a first name alone would bar a reader from every file that bears it."""


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name as they are compared."""
    return frozenset(fold(name).replace("-", " ").split())


def typed_names(text: str) -> list[frozenset[str]]:
    """Return the names that were typed, one a line, each as its words; a line of one word is no name."""
    found = [words_of(line) for line in text.splitlines()]
    return [words for words in found if len(words) >= SHORTEST]


def is_known(name: str, typed: Iterable[frozenset[str]]) -> bool:
    """Whether a candidate's name is one of those that were typed."""
    return words_of(name) in typed
