"""Find the parts that an answer lacks: a form saves answers in part, and asks for the rest before sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohortmgr.applications.answers.values import Answer, is_given
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes.definition.rules import Question, QuestionKind, Text

# What to do for an answer: a person is told that, and not that something is missing.
_FILL = N_("Remplissez « %(question)s ».")
_ANSWER = N_("Répondez à « %(question)s ».")
_CHOOSE = N_("Choisissez une réponse à « %(question)s ».")
_TO_DO: Mapping[QuestionKind, str] = {
    QuestionKind.CONSENT: N_("Cochez « %(question)s »."),
    QuestionKind.FILE: N_("Envoyez « %(question)s »."),
    QuestionKind.CHOICE: _CHOOSE,
    QuestionKind.CHOICES: _CHOOSE,
    QuestionKind.REGION: _CHOOSE,
    QuestionKind.LANGUAGE_LEVEL: _CHOOSE,
    QuestionKind.RANKING: _CHOOSE,
}
# The parts without which nobody can find an address.
NEEDED: Mapping[str, str] = {
    "province": N_("Choisissez la province de « %(question)s »."),
    "commune": N_("Indiquez la commune de « %(question)s »."),
}


def to_answer(question: Question, label: Text | None = None, where: str = "") -> Problem:
    """A Problem that says what to do for a question without an answer: « Cochez… », « Choisissez… ».

    `label` stands for the question's own, `where` for its key."""
    said = label or question.label
    what = _TO_DO.get(question.kind)
    if what is None:
        what = _ANSWER if said.get("fr", "").endswith("?") else _FILL
    return _to_do(what, said, where or question.key)


def _to_do(what: str, label: Text, where: str) -> Problem:
    return Problem(
        what, {"question": {language: said.rstrip(".") for language, said in label.items()}}, where
    )


def incomplete(question: Question, answer: Answer) -> Iterator[Problem]:
    """Yield a Problem for each missing part of a given answer; `where` is the name of the part's field."""
    if question.kind is QuestionKind.ADDRESS and isinstance(answer, dict):
        for name, what in NEEDED.items():
            if not answer.get(name):
                yield _to_do(what, question.label, f"{question.key}-{name}")
    elif question.kind is QuestionKind.GROUP and isinstance(answer, list):
        yield from _rows(question, answer)


def _rows(question: Question, rows: list[object]) -> Iterator[Problem]:
    for place, row in enumerate(rows):
        held = row if isinstance(row, dict) else {}
        for each in question.fields:
            if each.required and not is_given(held.get(each.key)):
                yield to_answer(
                    each, _part(_numbered(question, place), each.label), f"{question.key}-{place}-{each.key}"
                )
    for place in range(len(rows), int(question.minimum or 0)):
        yield to_answer(question, _numbered(question, place), f"{question.key}-{place}")


def _numbered(question: Question, place: int) -> Text:
    return {language: f"{said} {place + 1}" for language, said in question.label.items()}


def _part(whole: Text, part: Text) -> Text:
    """The name of a part within the whole, in each language: « Diplôme 2 : Intitulé »."""
    between = {"fr": " : "}
    return {
        language: f"{said}{between.get(language, ': ')}{part.get(language, '')}"
        for language, said in whole.items()
    }
