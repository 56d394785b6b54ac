"""A file as its reader sees it: what the rubric's phase hides, and every sealed answer, are not there.

Readers judge the content of the file; who the person is stays with those who manage the intake.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.regions import REGIONS
from cohortmgr.applications.documents.rules import REASONS, DocumentState, PageShape, shapes_of, unpictured
from cohortmgr.applications.file.models import Document
from cohortmgr.base.i18n import day, localized, number
from cohortmgr.programmes.definition.revealing import as_read, is_read
from cohortmgr.programmes.definition.rules import (
    Form,
    HiddenPart,
    Question,
    QuestionKind,
)

# How a question ends in our languages.
_QUESTION_MARKS = ("?", "\u061f")


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
            _shown(as_read(question, hidden), answers.get(question.key))
            for question in section.questions
            if is_read(question, hidden)
        ]
        present = [each for each in said if each.value]
        if present:
            found.append((localized(section.reader_title or section.title), _in_reader_s_words(present)))
    return found


def _in_reader_s_words(present: list[ShownAnswer]) -> list[ShownAnswer]:
    """What asks the candidate ("Pourquoi ce master ?") is no heading for a reader: the only text of a section stands
    under its title alone. Of several, and of short answers, the question says which is which."""
    texts = [each for each in present if each.long]
    if len(texts) != 1 or not texts[0].label.rstrip().endswith(_QUESTION_MARKS):
        return present
    return [replace(each, label="") if each is texts[0] else each for each in present]


@dataclass(frozen=True)
class ShownPaper:
    """A paper as its reader sees it: its name, the pages of which there are pictures, and how many more it has.

    What is not `readable` is not examined yet, or was refused, with the words in which its person was told so
    (`refusal`). Without pages and not `drawn` the pictures are still to come."""

    reference: str
    name: str
    readable: bool
    refusal: str
    pages: Sequence[PageShape]
    more: int
    drawn: bool


def papers_shown(
    form: Form, documents: Sequence[Document], hidden: Collection[HiddenPart]
) -> list[ShownPaper]:
    """Return the papers of a file as a reader sees them. The name is a number and the question's label, and the file's
    own name unless it is hidden, for it is often that of its person."""
    labels = {question.key: _title(question) for question in form.questions}
    bare = HiddenPart.FILE_NAMES in hidden
    found: list[ShownPaper] = []
    for place, each in enumerate(documents, start=1):
        name = f"{place}. {labels[each.question]}"
        found.append(
            ShownPaper(
                reference=each.reference,
                name=name if bare else f"{name} ({each.filename})",
                readable=each.storage_key is not None,
                refusal=REASONS.get(each.reason or "", "") if each.state == DocumentState.REFUSED else "",
                pages=shapes_of(each),
                more=unpictured(each),
                drawn=each.drawn,
            )
        )
    return found


def _title(question: Question) -> str:
    """What a question is called for a reader: in words of its own, or as it is asked."""
    return localized(question.reader_title or question.label)


def _shown(question: Question, answer: object) -> ShownAnswer:
    long = question.kind is QuestionKind.LONG_TEXT
    if question.kind is QuestionKind.GROUP and not question.fields:
        return ShownAnswer(_title(question), "", long)  # all that its rows say is hidden
    if isinstance(answer, list | dict):
        return ShownAnswer(_title(question), shown(question, answer) or "", len(answer) > 1)
    return ShownAnswer(_title(question), _text(question, str(answer or "")), long)


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
