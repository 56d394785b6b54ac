"""Remember which texts a person was asked about and kept. Pure.

A form asks about an address that looks mistyped, or a name in the other script, until the person answers: not until
the text was saved, which a page does of itself while somebody types. What was kept is remembered among the answers,
under names that no question can have, as a mark of the question and the text: another text is asked about again, and
a row of a group that moves up is not. The marks of sealed questions are sealed with the answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from cohortmgr.programmes.definition.rules import Form

OPEN, SEALED = "_settled", "_settled_sealed"
PLACES = (OPEN, SEALED)
# The marks that one file holds at most; the oldest go first, and those texts are asked about again.
MOST = 60


def note(form: Form, answers: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Add what was kept, by the name of the field, to the answers."""
    sealed = {question.key for question in form.questions if question.sealed}
    for name, text in texts.items():
        place = SEALED if name.partition("-")[0] in sealed else OPEN
        held, mark = _held(answers, place), _mark(name, text)
        if mark not in held:
            answers[place] = [*held, mark][-MOST:]


def kept(answers: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    """Those of the texts, by the name of the field, that the person was asked about and kept."""
    known: Collection[str] = {mark for place in PLACES for mark in _held(answers, place)}
    return {name: text for name, text in texts.items() if _mark(name, text) in known} if known else {}


def carried(answers: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What stands in that place, for the answers that take the place of these."""
    held = _held(answers, place)
    return {place: held} if held else {}


def _held(answers: Mapping[str, Any], place: str) -> list[str]:
    held = answers.get(place)
    return [str(mark) for mark in held] if isinstance(held, list) else []


def _mark(name: str, text: str) -> str:
    parts = [part for part in name.split("-") if not part.isdigit()]
    return hashlib.blake2b("\n".join([*parts, text.strip()]).encode(), digest_size=8).hexdigest()
