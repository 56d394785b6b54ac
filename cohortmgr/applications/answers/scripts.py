"""Tell a name that is written in the other script than its question asks for. Pure."""

from __future__ import annotations

import unicodedata

from cohortmgr.applications.answers.values import Answer
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Question

ARABIC_NAMES = frozenset({"person.family_name_ar", "person.given_name_ar"})
LATIN_NAMES = frozenset({"person.family_name", "person.given_name"})


def wrong_script(question: Question, answer: Answer) -> Problem | None:
    """The problem of a name in Arabic letters where Latin ones are asked for, or the reverse; None if there is
    none, and for questions that ask for no name."""
    if not isinstance(answer, str):
        return None
    scripts = {_script(c) for c in answer}
    if question.target in LATIN_NAMES and "ARABIC" in scripts:
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


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
