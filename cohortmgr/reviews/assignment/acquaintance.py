"""Whose files a reader must not read by what they said: names of people, and schools, clubs and institutions. Pure.

A name is found as a search finds it, whatever the order, the script, the hyphens and the articles, but by whole words:
each word that was typed is one of the file's. A name is kept as the blind words by which it is found, so that a file
that is sent later is barred too, and nobody reads whom somebody knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cohortmgr.applications.file.words import sought
from cohortmgr.base.text import fold
from cohortmgr.reviews.assignment.pairing import ReaderPair

MOST_LISTED = 1_000
"""Up to so many adults readers tick in a list; of more, and of minors, they type the names of those whom they know."""
MOST_TYPED = 200
SHORTEST = 2
"""The fewest words of a name: a first name alone would bar a reader from every file that bears it."""
MOST_PLACES = 20
LONGEST_PLACE = 120
SHORTEST_ACRONYM = 3

_WORDS = re.compile(r"[^\W_]+")
# What stands between the words of a name of a place, and is no part of it.
_BETWEEN = frozenset(
    ("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "sur")
    + ("and", "for", "in", "of", "the", "في", "من", "و")
)
# What many places are called: alone it names none.
_KINDS = frozenset(
    (
        "academie",
        "academy",
        "association",
        "center",
        "centre",
        "club",
        "college",
        "ecole",
        "faculte",
        "faculty",
    )
    + (
        "groupe",
        "high",
        "institut",
        "institute",
        "lycee",
        "national",
        "nationale",
        "prive",
        "privee",
        "public",
    )
    + ("publique", "school", "superieur", "superieure", "universite", "university", "جامعه", "كليه", "مدرسه")
    + ("ثانويه", "معهد", "مركز", "نادي", "جمعيه", "اكاديميه", "وطنيه", "عليا", "خاصه", "عموميه", "اعداديه")
)


def typed_names(text: str) -> tuple[list[str], list[str]]:
    """Return the names that were typed, one a line, and the lines that are none: those of one word."""
    names, short = list[str](), list[str]()
    for line in map(str.strip, text.splitlines()):
        if line:
            (names if len(sought(line)) >= SHORTEST else short).append(line)
    return list(dict.fromkeys(names)), short


def blinded(name: str, blind: Callable[[str], str]) -> str:
    """Return a name as it is kept: for each of its words the blind ways to write it."""
    return " ".join(",".join(sorted(map(blind, ways))) for ways in sought(name))


def typed_places(text: str) -> tuple[list[str], list[str]]:
    """Return the places that were typed, one a line, and the lines that name none: `university` alone."""
    places, vague = list[str](), list[str]()
    for line in (" ".join(each.split())[:LONGEST_PLACE] for each in text.splitlines()):
        if line:
            (places if _telling(line) - _KINDS else vague).append(line)
    return list(dict.fromkeys(places)), vague


class SayingKind(StrEnum):
    """What is said of a reader: of whom and what they know by themselves, of what they read by who manages readings."""

    NAME = "name"
    PLACE = "place"
    INSTITUTION = "institution"
    LANGUAGE = "language"
    FIELD = "field"


@dataclass(frozen=True)
class BearerFile:
    """What a file says of its person that a reader may know: the words of their name, as `blinded` makes them, and the
    schools that they named."""

    words: Collection[str] = ()
    schools: Sequence[str] = ()


@dataclass(frozen=True)
class ReaderSaying:
    """What a reader said: whom they know, as `blinded` keeps it, and the schools, clubs and institutions that are
    theirs."""

    names: Sequence[str] = ()
    places: Sequence[str] = ()


@dataclass
class _SchoolIndex:
    """Which files bear a word, and which name a school."""

    by_word: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_school: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def barred(files: Mapping[str, BearerFile], readers: Mapping[str, ReaderSaying]) -> set[ReaderPair]:
    """Return (reader, file) of each file that a reader must not read by what they said."""
    index = _SchoolIndex()
    for number, file in files.items():
        for word in file.words:
            index.by_word[word].add(number)
        for school in file.schools:
            index.by_school[school].add(number)
    schools = {school: _NamedSchool.of(school) for school in index.by_school}
    found: set[ReaderPair] = set()
    for reader, said in readers.items():
        known = {number for name in said.names for number in _bearing(name, index.by_word)}
        for place in map(_NamedSchool.of, said.places):
            for school, other in schools.items():
                if place.is_named_by(other):
                    known |= index.by_school[school]
        found |= {(reader, number) for number in known}
    return found


def _bearing(name: str, by_word: Mapping[str, set[str]]) -> set[str]:
    """The files that have, for each word of a name, one of the ways to write it."""
    found: set[str] | None = None
    for ways in name.split():
        having = set().union(*(by_word.get(way, ()) for way in ways.split(",")))
        found = having if found is None else found & having
        if not found:
            return set()
    return found or set()


@dataclass(frozen=True)
class _NamedSchool:
    """A place by its words, those between them left out, and by the first letters of these."""

    words: frozenset[str]
    acronym: str

    @classmethod
    def of(cls, name: str) -> _NamedSchool:
        """Return the place that a text names."""
        words = _words(name)
        return cls(frozenset(words), "".join(word[0] for word in words))

    def is_named_by(self, other: _NamedSchool) -> bool:
        """Whether another place is this one, or a part of it: it has all its words, or one is the other's acronym."""
        if self.words and self.words <= other.words:
            return True
        if len(self.acronym) >= SHORTEST_ACRONYM and self.acronym in other.words:
            return True
        alone = next(iter(self.words)) if len(self.words) == 1 else ""
        return len(alone) >= SHORTEST_ACRONYM and other.acronym.startswith(alone)


def _words(name: str) -> list[str]:
    return [_indefinite(word) for word in _WORDS.findall(fold(name)) if word not in _BETWEEN]


def _telling(name: str) -> frozenset[str]:
    return frozenset(_words(name))


def _indefinite(word: str) -> str:
    rest = word.removeprefix("ال")
    return rest if len(rest) >= SHORTEST_ACRONYM else word
