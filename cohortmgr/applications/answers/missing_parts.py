"""Find the parts that an answer lacks: a form saves answers in part, and asks for the rest before sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Question, QuestionKind, Text

_MISSING = N_("Il manque : %(question)s")
# The parts without which nobody can find an address.
NEEDED: Mapping[str, Text] = {
    "province": {"fr": "province", "ar": "العمالة أو الإقليم", "en": "province"},
    "commune": {"fr": "commune", "ar": "الجماعة", "en": "commune"},
}


def incomplete(question: Question, answer: Answer) -> Iterator[Problem]:
    """Yield a Problem for each missing part of a given answer; `where` is the name of the part's field."""
    if question.kind is QuestionKind.ADDRESS and isinstance(answer, dict):
        for name, said in NEEDED.items():
            if not answer.get(name):
                yield _absent(f"{question.key}-{name}", question.label, said)
    elif question.kind is QuestionKind.GROUP and isinstance(answer, list):
        yield from _rows(question, answer)


def _rows(question: Question, rows: list[object]) -> Iterator[Problem]:
    for place, row in enumerate(rows):
        held = row if isinstance(row, dict) else {}
        for each in question.fields:
            if each.required and not is_given(held.get(each.key)):
                numbered = {language: f"{said} {place + 1}" for language, said in question.label.items()}
                yield _absent(f"{question.key}-{place}-{each.key}", numbered, each.label)
    for place in range(len(rows), int(question.minimum or 0)):
        label = {language: f"{said} {place + 1}" for language, said in question.label.items()}
        yield Problem(_MISSING, {"question": label}, f"{question.key}-{place}")


def _absent(where: str, whole: Text, part: Text) -> Problem:
    """A Problem that says « Il manque : Adresse : commune », in each language."""
    between = {"fr": " : "}
    label = {
        language: f"{said}{between.get(language, ': ')}{part.get(language, '')}"
        for language, said in whole.items()
    }
    return Problem(_MISSING, {"question": label}, where)
