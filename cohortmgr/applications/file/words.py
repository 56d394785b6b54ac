"""Words by which a file is found: those of its names, number and address, and those that a search asks for. Pure.

A name is written in many ways: `El Amrani`, `Elamrani`, `el-amrani`, عبد الله and عبدالله. So what stands beside
each other in a name is a word also when it is written in one, and so it is in a search: whichever of the two is joined,
the other is found by its beginning. Whatever stands between letters separates, and no case, accent or tashkeel counts.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from cohortmgr.base.text import fold

# A longer word is cut, in a file as in a search.
LONGEST = 60
# So many words beside each other may be written in one: عبد رب النبي.
_JOINED = 3
# Of a longer text no more is examined.
_MOST = 12
# What begins many names, and is left out by whoever looks for them: Elamrani is found by Amrani.
_ARTICLES = ("el", "al", "ben", "bel", "ait", "abd", "abdel", "ال", "بن", "ايت", "عبد", "عبدال")
_SHORTEST_REST = 3
_LETTERS = re.compile(r"[^\W_]+")


def words_of(names: Sequence[str], number: str, email: str = "") -> str:
    """Return the words of a file, sorted and parted by spaces. `names` are those of both scripts, given names first:
    nobody writes a given and a family name in one, unless the one could be the article of the other (Ben Amrani)."""
    parts = [list(_words(name))[:_MOST] for name in names]
    found = {word for name in parts for word in _of_name(name)}
    for one, other in itertools.pairwise(parts):
        if one and other and one[-1] in _ARTICLES:
            found.add(one[-1] + other[0])
    found |= {_whole(number), _whole(number.rpartition("-")[2])}
    if email:
        found |= {_whole(email), *(_LETTERS.findall(fold(email.partition("@")[0])))}
    return " ".join(sorted({word[:LONGEST] for word in found} - {""}))


def sought(text: str) -> list[tuple[str, ...]]:
    """Return what a search asks for: for each of its words the beginnings of which a file's words must have one.

    They are the word itself, and the word written in one with those before it; written in one with what follows, it
    begins as it does itself. An article belongs to what follows: half of all names have one."""
    words: list[str] = []
    joined = 0
    for word in list(_words(text))[:_MOST]:
        if words and joined and joined < _JOINED:
            words[-1] += word
        else:
            words.append(word)
            joined = 0
        joined = joined + 1 if word in _ARTICLES else 0
    return [
        tuple(dict.fromkeys("".join(words[first : place + 1])[:LONGEST] for first in _before(place)))
        for place in range(len(words))
    ]


def _before(place: int) -> range:
    return range(place, max(-1, place - _JOINED), -1)


def _of_name(parts: Sequence[str]) -> Iterator[str]:
    for first in range(len(parts)):
        for last in range(first + 1, min(first + _JOINED, len(parts)) + 1):
            yield from _bare("".join(parts[first:last]))


def _bare(word: str) -> Iterator[str]:
    """The word, and what is left of it without its article."""
    yield word
    for article in _ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + _SHORTEST_REST:
            yield word.removeprefix(article)


def _words(text: str) -> Iterator[str]:
    for piece in fold(text).split():
        if "@" in piece or any(letter.isdigit() for letter in piece):
            yield from filter(None, [_whole(piece)])
        else:
            yield from _LETTERS.findall(piece)


def _whole(text: str) -> str:
    return "".join(_LETTERS.findall(fold(text)))
