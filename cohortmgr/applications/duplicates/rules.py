"""How much two files look like one person's: takes what is known of each, gives a score and its signs. Pure.

Two files that reach the threshold share a telephone, an address, or a date of birth and the beginning of a word of
their names: never a date of birth alone, and never a name alone. What they may share is a trait, kept as a number
beside each file, so that a file is only compared with those that share one with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b

from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.errors import N_
from cohortmgr.base.text import fold

THRESHOLD = 60
# A trait of more people than this (a school's telephone) tells nobody apart, and would make too many pairs.
CROWD = 40
_LONGEST = 80
_BEGINNING = 3
LIVING = (ApplicationState.DRAFT.value, ApplicationState.SUBMITTED.value)
# A file that was withdrawn still tells something about a file of another intake.
TELLING = (*LIVING, ApplicationState.WITHDRAWN.value)


class TraitKind(StrEnum):
    """What two files may share that has them compared."""

    PHONE = "phone"
    EMAIL = "email"
    BIRTH = "birth"


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
    # A mistyped number leaves the same name and date of birth in sight; either alone is not enough.
    Sign.OTHER_NUMBER: -20,
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

    @cached_property
    def words(self) -> Sequence[str]:
        """The words of the name, folded and sorted."""
        return _words(self.name)

    @cached_property
    def words_ar(self) -> Sequence[str]:
        """The words of the name in Arabic script, folded and sorted."""
        return _words(self.name_ar)

    @cached_property
    def address(self) -> str:
        """The folded e-mail address."""
        return fold(self.email or "")


@dataclass(frozen=True)
class Likeness:
    """How much two files look like one person's, from 0 to 100, and the signs behind it."""

    score: int
    signs: tuple[Sign, ...]

    @property
    def is_told(self) -> bool:
        """Whether the two files are a pair to look at."""
        return self.score >= THRESHOLD


def likeness(one: PersonTraits, other: PersonTraits) -> Likeness:
    """The likeness of two people, whichever comes first. The words of a name may stand in any order. The
    weights allow for families, whose members share a phone but not both a birth and a name."""
    signs: list[Sign] = []
    if (one.words and one.words == other.words) or (len(one.words_ar) > 1 and one.words_ar == other.words_ar):
        signs.append(Sign.SAME_NAME)
    elif _near(one.words, other.words) or _near(one.words_ar, other.words_ar):
        signs.append(Sign.NEAR_NAME)
    if one.birth and other.birth:
        signs.append(Sign.SAME_BIRTH if one.birth == other.birth else Sign.OTHER_BIRTH)
    if one.phone and one.phone == other.phone:
        signs.append(Sign.SAME_PHONE)
    if one.address and one.address == other.address:
        signs.append(Sign.SAME_EMAIL)
    mine, theirs = one.numbers or {}, other.numbers or {}
    if any(mine[kind] != theirs[kind] for kind in mine.keys() & theirs.keys()):
        signs.append(Sign.OTHER_NUMBER)
    return Likeness(max(0, min(100, sum(WEIGHTS[sign] for sign in signs))), tuple(signs))


def keys_of(one: PersonTraits) -> dict[int, TraitKind]:
    """The numbers of what somebody may share with others. Two people whose likeness reaches the threshold have one in
    common, unless a typing error spoilt the beginning of every word of a name.

    The whole name with the date of birth is one too: it finds two files where a beginning is a crowd's."""
    found: dict[int, TraitKind] = {}
    if one.phone:
        found[_number("phone", one.phone)] = TraitKind.PHONE
    if one.address:
        found[_number("email", one.address)] = TraitKind.EMAIL
    for words in (one.words, one.words_ar):
        if one.birth and words:
            day = one.birth.isoformat()
            telling = {word[:_BEGINNING] for word in words if len(word) >= _BEGINNING} or set(words)
            for said in (*(("begins", each) for each in sorted(telling)), ("whole", *words)):
                found[_number(day, *said)] = TraitKind.BIRTH
    return found


def _number(*said: str) -> int:
    """A number of 64 bits. Two traits that fall on one by chance have two files compared in vain, and no more."""
    return int.from_bytes(blake2b("\0".join(said).encode(), digest_size=8).digest(), signed=True)


def is_shown(state: str, beside: str, *, same_intake: bool) -> bool:
    """Whether staff of a file's intake are told of another file: only of living ones within the intake."""
    return state in LIVING and beside in (LIVING if same_intake else TELLING)


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
