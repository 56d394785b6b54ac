"""A file as its reader sees it: what the rubric's phase hides, and every sealed answer, are not there.

Readers judge the content of the file; who the person is stays with those who manage the intake.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _

from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.file.models import Document
from cohortmgr.base.i18n import day, localized, number
from cohortmgr.programmes.definition.rules import (
    Form,
    HiddenPart,
    Question,
    QuestionKind,
)

# What is no content of a file: papers stand apart, consents are given by everybody.
_APART = (QuestionKind.FILE, QuestionKind.CONSENT)
# What an answer tells of its person, by its kind and by where it is kept. Other targets, such as numbers of identity,
# a bank account or a guardian, are never shown.
_TOLD_BY_KIND: Mapping[QuestionKind, HiddenPart] = {
    QuestionKind.CITY: HiddenPart.CITY,
    QuestionKind.REGION: HiddenPart.REGION,
    QuestionKind.ADDRESS: HiddenPart.CONTACT,
    QuestionKind.EMAIL: HiddenPart.CONTACT,
    QuestionKind.PHONE: HiddenPart.CONTACT,
}
_TOLD_BY_TARGET: Mapping[str, HiddenPart] = {
    "person.family_name": HiddenPart.NAME,
    "person.given_name": HiddenPart.NAME,
    "person.family_name_ar": HiddenPart.NAME,
    "person.given_name_ar": HiddenPart.NAME,
    "person.sex": HiddenPart.SEX,
    "person.birth_date": HiddenPart.AGE,
    "person.email": HiddenPart.CONTACT,
    "person.phone": HiddenPart.CONTACT,
}
# How a question ends in our languages.
_QUESTION_MARKS = ("?", "\u061f")
_FIGURES = (QuestionKind.GRADE, QuestionKind.NUMBER)


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as text. A `long` one is shown as paragraphs; without a label its section says what it is."""

    label: str
    value: str
    long: bool


def sections_of(
    form: Form, answers: Mapping[str, object], hidden: Collection[HiddenPart]
) -> list[tuple[str, list[ShownAnswer]]]:
    """Return (title, answers) of each section that has something to read, in the present language, without the hidden
    parts."""
    found = []
    for section in form.sections:
        said = [
            _shown(_without(question, hidden), answers.get(question.key))
            for question in section.questions
            if _open(question, hidden)
        ]
        present = [each for each in said if each.value]
        if present:
            found.append((localized(section.title), _in_reader_s_words(present)))
    return found


def _in_reader_s_words(present: list[ShownAnswer]) -> list[ShownAnswer]:
    """What asks the candidate ("Pourquoi ce master ?") is no heading for a reader: the only text of a section stands
    under its title alone. Of several, and of short answers, the question says which is which."""
    texts = [each for each in present if each.long]
    if len(texts) != 1 or not texts[0].label.rstrip().endswith(_QUESTION_MARKS):
        return present
    return [replace(each, label="") if each is texts[0] else each for each in present]


def papers_shown(
    form: Form, documents: Sequence[Document], hidden: Collection[HiddenPart]
) -> list[tuple[Document, str]]:
    """Return (paper, its name for the reader): a number and the question's label, and the file's own name unless it is
    hidden, for it is often that of its person."""
    questions = {question.key: question for question in form.questions}
    found: list[tuple[Document, str]] = []
    for each in documents:
        asked = questions.get(each.question)
        if asked is not None and asked.reveals in hidden:
            continue
        name = f"{len(found) + 1}. {localized(asked.label) if asked else _('Document')}"
        bare = HiddenPart.FILE_NAMES in hidden
        found.append((each, name if bare else f"{name} ({each.filename})"))
    return found


def _open(question: Question, hidden: Collection[HiddenPart]) -> bool:
    if question.sealed or question.kind in _APART:
        return False
    if question.target is not None and question.target not in _TOLD_BY_TARGET:
        return False
    told = (
        question.reveals,
        _TOLD_BY_KIND.get(question.kind),
        _TOLD_BY_TARGET.get(question.target or ""),
    )
    return not any(part in hidden for part in told if part is not None)


def _without(question: Question, hidden: Collection[HiddenPart]) -> Question:
    """A group without the fields of its rows that are hidden."""
    return replace(question, fields=tuple(each for each in question.fields if _open(each, hidden)))


def _shown(question: Question, answer: object) -> ShownAnswer:
    long = question.kind is QuestionKind.LONG_TEXT
    if isinstance(answer, list | dict):
        return ShownAnswer(localized(question.label), shown(question, answer) or "", len(answer) > 1)
    return ShownAnswer(localized(question.label), _text(question, str(answer or "")), long)


def _text(question: Question, answer: str) -> str:
    if question.kind is QuestionKind.REGION:
        return localized(REGIONS.get(answer)) or answer
    if question.kind is QuestionKind.DATE and answer:
        return day(date.fromisoformat(answer))
    if question.kind in _FIGURES and answer:
        try:
            return number(Decimal(answer))
        except InvalidOperation:
            return answer
    for option in question.options:
        if option.key == answer:
            return localized(option.label)
    return answer
