"""How much two files look like one person's: takes what is known of each, gives a score and its signs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from cohortmgr.base.errors import N_
from cohortmgr.base.text import fold

THRESHOLD = 60
# A value shared by more than this many people (a school's telephone) tells nobody apart, and would make too
# many pairs.
CROWD = 12
_LONGEST = 80


class Sign(StrEnum):
    """A reason why two files look alike, or different."""

    SAME_NAME = "same_name"
    NEAR_NAME = "near_name"
    SAME_BIRTH = "same_birth"
    OTHER_BIRTH = "other_birth"
    SAME_PHONE = "same_phone"
    SAME_EMAIL = "same_email"
    OTHER_NUMBER = "other_number"


WEIGHTS: Mapping[Sign, int] = {
    Sign.SAME_NAME: 45,
    Sign.NEAR_NAME: 30,
    Sign.SAME_BIRTH: 35,
    Sign.OTHER_BIRTH: -40,
    Sign.SAME_PHONE: 25,
    Sign.SAME_EMAIL: 35,
    Sign.OTHER_NUMBER: -30,
}
SIGN_NAMES: Mapping[Sign, str] = {
    Sign.SAME_NAME: N_("Même nom"),
    Sign.NEAR_NAME: N_("Noms presque égaux"),
    Sign.SAME_BIRTH: N_("Même date de naissance"),
    Sign.OTHER_BIRTH: N_("Dates de naissance différentes"),
    Sign.SAME_PHONE: N_("Même téléphone"),
    Sign.SAME_EMAIL: N_("Même adresse e-mail"),
    Sign.OTHER_NUMBER: N_("Numéros d’identité différents"),
}


@dataclass(frozen=True)
class PersonTraits:
    """What is known of a file's person. `name` is given and family name; `phone` and each number are blind
    indexes."""

    id: int
    name: str = ""
    name_ar: str = ""
    birth: date | None = None
    phone: str | None = None
    email: str | None = None
    numbers: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Likeness:
    """Two files, the smaller number first, with a score from 0 to 100 and the signs behind it."""

    first: int
    second: int
    score: int
    signs: tuple[Sign, ...]


def likeness(one: PersonTraits, other: PersonTraits) -> Likeness:
    """The likeness of two people, whichever comes first. The words of a name may stand in any order. The
    weights allow for families, whose members share a phone but not both a birth and a name."""
    signs: list[Sign] = []
    words, others = _words(one.name), _words(other.name)
    arabic, others_ar = _words(one.name_ar), _words(other.name_ar)
    if (words and words == others) or (arabic and arabic == others_ar and len(arabic) > 1):
        signs.append(Sign.SAME_NAME)
    elif _near(words, others) or _near(arabic, others_ar):
        signs.append(Sign.NEAR_NAME)
    if one.birth and other.birth:
        signs.append(Sign.SAME_BIRTH if one.birth == other.birth else Sign.OTHER_BIRTH)
    if one.phone and one.phone == other.phone:
        signs.append(Sign.SAME_PHONE)
    if one.email and fold(one.email) == fold(other.email or ""):
        signs.append(Sign.SAME_EMAIL)
    mine, theirs = one.numbers or {}, other.numbers or {}
    if any(mine[kind] != theirs[kind] for kind in mine.keys() & theirs.keys()):
        signs.append(Sign.OTHER_NUMBER)
    score = max(0, min(100, sum(WEIGHTS[sign] for sign in signs)))
    first, second = sorted((one.id, other.id))
    return Likeness(first, second, score, tuple(signs))


def pairs(people: Iterable[PersonTraits], within: Collection[int] | None = None) -> list[Likeness]:
    """The pairs that reach the threshold, the most alike first. With `within`, only pairs of one person in it
    and one not.

    Only people who share a phone, an address, a name, or a birth and the beginning of a word of their name
    are compared, so that ten thousand files take seconds."""
    known = {each.id: each for each in people}
    seen: set[tuple[int, int]] = set()
    found: list[Likeness] = []
    for group in _groups(known.values()):
        for one, other in combinations(sorted(group), 2):
            if within is not None and (one in within) == (other in within):
                continue
            if (one, other) not in seen:
                seen.add((one, other))
                alike = likeness(known[one], known[other])
                if alike.score >= THRESHOLD:
                    found.append(alike)
    return sorted(found, key=lambda each: (-each.score, each.first, each.second))


def _groups(people: Iterable[PersonTraits]) -> Iterator[set[int]]:
    """Groups of people who share something, small enough to be worth comparing."""
    by: dict[tuple[str, str], set[int]] = defaultdict(set)
    for each in people:
        words = _words(each.name) or _words(each.name_ar)
        by["name", " ".join(words)].add(each.id)
        if each.birth:
            for word in words:
                by[f"birth {each.birth.isoformat()}", word[:3]].add(each.id)
        if each.phone:
            by["phone", each.phone].add(each.id)
        if each.email:
            by["email", fold(each.email)].add(each.id)
    return (group for group in by.values() if 1 < len(group) <= CROWD)


def _words(name: str) -> Sequence[str]:
    """The words of a name, folded and sorted; hyphens and apostrophes separate words."""
    return sorted(fold(name[:_LONGEST]).replace("-", " ").replace("'", " ").split())


def _near(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names are nearly the same. One letter in eight may differ, but two at most; or one word may
    be missing from a name of three or more."""
    if not one or not other:
        return False
    short, long = sorted((set(one), set(other)), key=len)
    if len(short) >= 2 and short < long and len(long) - len(short) == 1:
        return True
    left, right = " ".join(one), " ".join(other)
    allowed = min(2, max(len(left), len(right)) // 8)
    return allowed > 0 and _distance(left, right, allowed) <= allowed


def _distance(one: str, other: str, most: int) -> int:
    """Levenshtein's distance, or `most` + 1 as soon as it is known to be more (Wagner and Fischer, 1974)."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        here = [row]
        for column, facing in enumerate(other, 1):
            cost = 0 if letter == facing else 1
            here.append(min(above[column] + 1, here[column - 1] + 1, above[column - 1] + cost))
        if min(here) > most:
            return most + 1
        above = here
    return above[-1]
