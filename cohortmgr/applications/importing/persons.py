"""Whose row it is: the sendings of one person, and those that bear the number of somebody else. Pure.

A number alone does not hand a file over: one that is typed wrong is often the number of somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.rules import person_values
from cohortmgr.applications.importing.sendings import Rejection, RowFault, Sending
from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind

# The numbers that identify a person, the surest first.
IDENTITIES = ("identifier.cin", "identifier.massar", "identifier.passport", "identifier.residence_permit")
_SCRIPTS = (("given_name", "family_name"), ("given_name_ar", "family_name_ar"))
_PARTICLES = frozenset(
    ("el", "al", "ben", "bin", "bint", "bent", "ibn", "abd", "ou", "ait", "oulad", "ould")
    + ("ال", "بن", "بنت", "ابن", "عبد", "ايت", "اولاد")
)
_VOWELS = re.compile("[aeiouy]|(.)(?=\\1)")
# From so many letters on, a word within another is the same name written in one; and how alike a slip leaves two words.
_PART, _SLIP = 4, 0.75

ANOTHER_PERSON = N_("Ce numéro est déjà celui d’une autre personne. Vérifiez-le sur la pièce d’identité.")
# One of the numbers is right; which, the row cannot say. It stands beside one of them and is true of all.
APART = N_(
    "Ces numéros d’identité ne sont pas ceux d’une seule personne : l’un d’eux est déjà celui d’une autre. Vérifiez "
    "chacun sur les pièces d’identité."
)
BOTH_NAMES = N_(
    "La ligne est celle de %(given)s, mais ses numéros d’identité contredisent ceux de %(known)s. Aucun numéro "
    "n’est remplacé : vérifiez-les sur les pièces d’identité."
)
OTHER_NAME = N_(
    "Ce numéro est celui de %(known)s, et la ligne porte un autre nom : %(given)s. Rien n’est remplacé : vérifiez le "
    "numéro et le nom sur la pièce d’identité."
)
# What names somebody else, whom who mends their own row may not read, and what is said to them instead.
UNNAMED = {BOTH_NAMES: APART, OTHER_NAME: ANOTHER_PERSON}
# What any number of the row may be the cause of.
OF_NUMBERS = frozenset((ANOTHER_PERSON, APART, *UNNAMED))


def judged_together(
    usable: Sequence[Sending], questions: Mapping[str, Question], form: Form
) -> tuple[list[Sending], list[Sending], list[Rejection]]:
    """The sendings that stand, those that a later one of the same person replaced, and those of somebody else, by
    another number of theirs or by all else that they say: one number typed wrong must not hand a file over. The
    earliest says whose number it is."""
    standing: dict[tuple[str, str], Sending] = {}
    numbers: dict[tuple[str, str], dict[str, str]] = {}
    rejected: list[Rejection] = []
    for sending in sorted(usable, key=lambda each: each.rank):
        held = numbers.setdefault(sending.identity, {})
        given = _numbers(questions.values(), sending.answers)
        other = next((target for target, value in given.items() if held.get(target, value) != value), None)
        known = standing.get(sending.identity)
        if known is not None and (other is not None or _is_of_another(sending, known, form)):
            rejected.append(_of_two_people(sending, known, other, questions, form))
            continue
        held |= given
        standing[sending.identity] = sending
    kept = {sending.line for sending in standing.values()}
    gone = kept | {row.line for row in rejected}
    return (
        [sending for sending in usable if sending.line in kept],
        [sending for sending in usable if sending.line not in gone],
        rejected,
    )


def is_another(given: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether what a row gives and what is known are of two people: by first names that nobody spells so of one
    person, whatever else agrees, for twins share a birth date and families a telephone; or no name agrees, and the
    birth date neither. Where one of them has no birth date, addresses and telephones decide. Both are by column of
    `Person`; what is blank on one side decides nothing."""
    if not names_differ(given, known):
        return False
    if not any(_is_like(given, known, script) for script in _SCRIPTS):
        return True
    said = [name for name in ("birth_date", "email", "phone") if given.get(name) and known.get(name)]
    decisive = ["birth_date"] if "birth_date" in said else said
    return bool(decisive) and all(given[name] != known[name] for name in decisive)


def names_differ(given: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Whether the names are two people's in each script in which both have one."""
    pairs = [(_words(given, script), _words(known, script)) for script in _SCRIPTS]
    comparable = [(one, other) for one, other in pairs if one and other]
    return bool(comparable) and not any(_is_alike(one, other) for one, other in comparable)


def _words(values: Mapping[str, Any], script: Sequence[str]) -> list[str]:
    written = fold(" ".join(str(values.get(name) or "") for name in script))
    plain = "".join(character if character.isalnum() else " " for character in written)
    return sorted(plain.split())


def _is_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names are spellings of one: the same letters however they are cut, or a part of the other's."""
    if sorted("".join(one)) == sorted("".join(other)):
        return True
    fewer, more = sorted((set(one), set(other)), key=len)
    return len(fewer) > 1 and fewer <= more


def _is_like(given: Mapping[str, Any], known: Mapping[str, Any], script: Sequence[str]) -> bool:
    """Whether one person may be written in both ways: a word of one name stands in the other, as people spell it, and
    not as the family name of both, which is that of brothers and sisters too. Who has no first name on one side may be
    anybody of the family."""
    (first, family), (known_first, known_family) = (
        [_weighty(_words(each, [column])) for column in script] for each in (given, known)
    )
    likely = [(one, other) for one in first for other in (*known_first, *known_family)]
    likely += [(one, other) for one in family for other in known_first]
    if not (first and known_first):
        likely += [(one, other) for one in family for other in known_family]
    return any(_is_near(one, other) for one, other in likely)


def _weighty(words: Sequence[str]) -> list[str]:
    """The words of a name without its particles, which many names share."""
    return [word for word in words if word not in _PARTICLES] or list(words)


def _is_near(one: str, other: str) -> bool:
    """Whether two words are spellings of one name: an initial, a part, the same consonants, or a slip."""
    fewer, more = sorted((one, other), key=len)
    if more.startswith(fewer) or (len(fewer) >= _PART and fewer in more):
        return True
    bones = [_VOWELS.sub("", each) for each in (one, other)]
    return (bones[0] == bones[1] != "") or SequenceMatcher(None, one, other).ratio() >= _SLIP


def _is_of_another(sending: Sending, known: Sending, form: Form) -> bool:
    return is_another(person_values(form, sending.answers), person_values(form, known.answers))


def _numbers(questions: Iterable[Question], answers: Mapping[str, Answer]) -> dict[str, str]:
    """The numbers of identity that a row gives, by target."""
    found = {
        question.target: answers.get(question.key) for question in questions if question.target in IDENTITIES
    }
    return {target: value for target, value in found.items() if target and isinstance(value, str)}


def _of_two_people(
    sending: Sending, known: Sending, target: str | None, questions: Mapping[str, Question], form: Form
) -> Rejection:
    names = name_in(form, sending.answers), name_in(form, known.answers)
    wanted = target or sending.identity[0]
    column = next((name for name, each in questions.items() if each.target == wanted), None)
    column = column or next(
        (name for name, each in questions.items() if each.kind is QuestionKind.IDENTITY), None
    )
    where = questions[column].key if column else None
    what = contradiction(*names, where, by_name=target is None)
    return Rejection(sending.line, sending.raw, (RowFault(column, what),), sending.fingerprint)


def contradiction(given: str, known: str, where: str | None, *, by_name: bool) -> Problem:
    """What is said of a row whose numbers are somebody else's, with both names if both may be said."""
    if not (given and known):
        return Problem(ANOTHER_PERSON if by_name else APART, {}, where)
    return Problem(OTHER_NAME if by_name else BOTH_NAMES, {"given": given, "known": known}, where)


def name_in(form: Form, answers: Mapping[str, Answer]) -> str:
    """The name of the person in a row, as far as the row says it, in either script."""
    told = person_values(form, answers)
    written = (" ".join(str(told.get(name) or "") for name in script).strip() for script in _SCRIPTS)
    return next((name for name in written if name), "")
