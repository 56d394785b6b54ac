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
# Of these the definite ones are left out within a name too: Ait El Taleb and Ait Taleb. Before some letters they take
# the letter's sound: Ettaoussi, Ezzahra, Echcherif.
_DEFINITE = ("el", "al", "ال")
_ASSIMILATED = re.compile(r"[ea](?:([dlnrstz])(?=\1)|ch(?=ch))")
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
    begins as it does itself. An article belongs to what follows: half of all names have one. A definite one that is
    written apart, or within a name, is also left out."""
    words: list[str] = []
    shorter: list[str] = []
    joined = 0
    for word in list(_words(text))[:_MOST]:
        bare = "" if word in _DEFINITE else word
        if words and joined and joined < _JOINED:
            words[-1] += word
            shorter[-1] += _indefinite(bare)
        else:
            words.append(word)
            shorter.append(bare)
            joined = 0
        joined = joined + 1 if word in _ARTICLES else 0
    asked = []
    for place, short in enumerate(shorter):
        ways = ["".join(words[first : place + 1]) for first in _before(place)]
        ways += [short] if len(short) >= _SHORTEST_REST else []
        asked.append(tuple(dict.fromkeys(way[:LONGEST] for way in ways)))
    return asked


def _before(place: int) -> range:
    return range(place, max(-1, place - _JOINED), -1)


def _of_name(parts: Sequence[str]) -> Iterator[str]:
    for run in _runs(parts):
        yield from _bare(run)
    yield from _runs([_indefinite(part) for part in parts if part not in _DEFINITE])


def _runs(parts: Sequence[str]) -> Iterator[str]:
    """What stands beside each other, in one."""
    for first in range(len(parts)):
        for last in range(first + 1, min(first + _JOINED, len(parts)) + 1):
            yield "".join(parts[first:last])


def _bare(word: str) -> Iterator[str]:
    """The word, and what is left of it without its article."""
    yield word
    for article in _ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + _SHORTEST_REST:
            yield word.removeprefix(article)


def _indefinite(word: str) -> str:
    """The word without its definite article; the word if it has none, or is no word of a name."""
    found = _ASSIMILATED.match(word)
    ends = [found.end()] if found else [len(each) for each in _DEFINITE if word.startswith(each)]
    rest = word[ends[0] :] if ends and word.isalpha() else word
    return rest if len(rest) >= _SHORTEST_REST else word


def _words(text: str) -> Iterator[str]:
    # Many leave a hamza out that has no letter of its own: شيماء and شيما.
    for piece in fold(text).replace("ء", "").split():
        if "@" in piece or any(letter.isdigit() for letter in piece):
            yield from filter(None, [_whole(piece)])
        else:
            yield from _LETTERS.findall(piece)


def _whole(text: str) -> str:
    return "".join(_LETTERS.findall(fold(text)))
