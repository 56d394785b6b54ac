"""Tell a name that is written in the other script than its question asks for. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping

from cohortmgr.applications.answers.values import Answer
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Form, Question

ARABIC_NAMES = frozenset({"person.family_name_ar", "person.given_name_ar"})
LATIN_NAMES = frozenset({"person.family_name", "person.given_name"})
# One cell of many lists holds a name twice, and no exchange puts that right.
_BOTH_FOR_LATIN = N_(
    "« %(value)s » est en lettres arabes et latines, et ce nom est attendu en lettres latines. Gardez-y celles-ci."
)
_BOTH_FOR_ARABIC = N_(
    "« %(value)s » est en lettres arabes et latines, et ce nom est attendu en lettres arabes. Gardez-y celles-ci."
)


def wrong_script(question: Question, answer: Answer) -> Problem | None:
    """The problem of a name in Arabic letters where Latin ones are asked for, or the reverse, or in both; None if
    there is none, and for questions that ask for no name."""
    if not isinstance(answer, str):
        return None
    scripts = _scripts(answer)
    if scripts >= {"ARABIC", "LATIN"} and question.target in ARABIC_NAMES | LATIN_NAMES:
        what = _BOTH_FOR_LATIN if question.target in LATIN_NAMES else _BOTH_FOR_ARABIC
    elif question.target in LATIN_NAMES and "ARABIC" in scripts:
        what = N_(
            "« %(value)s » est en lettres arabes, et ce nom est attendu en lettres latines. Échangez les deux."
        )
    elif question.target in ARABIC_NAMES and "LATIN" in scripts:
        what = N_(
            "« %(value)s » est en lettres latines, et ce nom est attendu en lettres arabes. Échangez les deux."
        )
    else:
        return None
    return Problem(what, {"value": answer[:60]}, question.key)


def in_both_writings(form: Form) -> frozenset[str]:
    """The questions that ask a name in one writing, where another asks it in the other: of a name that is asked once,
    nobody says in which."""
    return frozenset(key for pair in _pairs(form) for key in pair)


def exchanged(form: Form, texts: Mapping[str, str], movable: Collection[str]) -> dict[str, str]:
    """The names, by question, once those in each other's place are exchanged: a name all in Arabic letters where Latin
    ones are asked for, or the reverse. Empty if an exchange would put nothing right. `movable` are the questions
    whose answers may be changed here."""
    found: dict[str, str] = {}
    for latin, arabic in _pairs(form):
        if latin not in movable or arabic not in movable:
            continue
        of_latin, of_arabic = texts.get(latin, ""), texts.get(arabic, "")
        here, there = _scripts(of_latin), _scripts(of_arabic)
        if ("ARABIC" in here or "LATIN" in there) and "LATIN" not in here and "ARABIC" not in there:
            found |= {latin: of_arabic, arabic: of_latin}
    return found


def _pairs(form: Form) -> Iterator[tuple[str, str]]:
    """The questions that ask one name in both writings, the Latin one first."""
    known = {question.target: question.key for question in form.questions if question.target}
    for target in sorted(LATIN_NAMES):
        if target in known and f"{target}_ar" in known:
            yield known[target], known[f"{target}_ar"]


def _scripts(text: str) -> set[str]:
    return {_script(c) for c in text}


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
