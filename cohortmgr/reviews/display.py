"""A file as its reader sees it: studies and project, without name, contact or sealed answers.

Readers judge the content of the file; who the person is stays with those who manage the intake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _

from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.file.models import Document
from cohortmgr.base.i18n import day, localized, number
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind

_HIDDEN = (QuestionKind.FILE, QuestionKind.CONSENT, QuestionKind.ADDRESS)


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as text. A `long` one is shown as paragraphs."""

    label: str
    value: str
    long: bool


def sections_of(form: Form, answers: Mapping[str, object]) -> list[tuple[str, list[ShownAnswer]]]:
    """Return (title, answers) of each section that has something to read, in the present language."""
    found = []
    for section in form.sections:
        said = [
            _shown(question, answers.get(question.key)) for question in section.questions if _open(question)
        ]
        present = [each for each in said if each.value]
        if present:
            found.append((localized(section.title), present))
    return found


def papers_shown(form: Form, documents: Sequence[Document]) -> list[tuple[Document, str]]:
    """Return (paper, its name for the reader): a number and the question's label.

    A file's own name is often that of its person, and is never shown to whoever reads blind."""
    labels = {question.key: localized(question.label) for question in form.questions}
    return [
        (each, f"{index}. {labels.get(each.question) or _('Document')}")
        for index, each in enumerate(documents, start=1)
    ]


def _open(question: Question) -> bool:
    return not question.sealed and question.target is None and question.kind not in _HIDDEN


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
    if question.kind is QuestionKind.GRADE and answer:
        return str(shown(question, answer))
    if question.kind is QuestionKind.NUMBER and answer:
        try:
            return number(Decimal(answer))
        except InvalidOperation:
            return answer
    for option in question.options:
        if option.key == answer:
            return localized(option.label)
    return answer
