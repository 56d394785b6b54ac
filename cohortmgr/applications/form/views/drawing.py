"""Draw a form's questions once for each definition and language, and then only fill in each person's answers.

Nearly all of a long form is the same for everybody. WTForms and the macros draw it at its first use; after
that each page only puts the answers in. A page with errors is drawn anew, since it says more.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import current_app, request
from markupsafe import Markup
from wtforms import BooleanField, FileField, SelectField, SelectMultipleField

from cohortmgr.accounts.guards import on_shared_device
from cohortmgr.applications.answers.display import variant
from cohortmgr.applications.form.forms.classes import form_class
from cohortmgr.applications.form.forms.fields import GroupRows, Parts
from cohortmgr.base.caching import Kept
from cohortmgr.base.i18n import language, localized
from cohortmgr.programmes.definition.rules import Definition, FormSection, Question, QuestionKind

# Placeholders from Unicode's private use area: HOLE and END enclose the name of an input that takes a text;
# INDEX and NUMBER stand for a row's index and number. No answer may hold one while the form is drawn.
HOLE, END, INDEX, NUMBER = "\ue000", "\ue001", "\ue002", "\ue003"
# Stands for a file's reference in the addresses of its papers, and how it is written there.
FILE, FILE_WRITTEN = "\ue004", "%EE%80%84"
_HOLES = re.compile(
    f"{HOLE}(?P<text>[^{END}]*){END}"
    r'|<select [^>]*?name="(?P<select>[^"]*)"'
    r'|<option value="(?P<option>[^"]*)"(?=>)'
    r'|<input [^>]*?name="(?P<box>[^"]*)" type="(?:radio|checkbox)" value="(?P<value>[^"]*)"(?=>)'
)
_CHOSEN = (BooleanField, FileField, SelectField, SelectMultipleField)

# Known by all that a drawing is made of: the definition's fingerprint, the language, the variant of the form, the
# site's root, and whether the device is shared, which then is told to remember nothing.
_drawings: Kept[tuple[str, str, str, str, bool], FormMarkup] = Kept(32)


@dataclass(frozen=True)
class QuestionMarkup:
    """A question's HTML without an answer, and the places where an answer goes, counted in characters.

    `texts` maps an input to the place of its text; `marks` maps an input and a choice to (place, mark)."""

    key: str
    text: str
    texts: Mapping[str, int]
    marks: Mapping[str, Mapping[str, tuple[int, str]]]

    def filled(self, answer: Any, more: bool = False) -> Markup:
        """The question's HTML with an answer as a person would type it; None for no answer."""
        return Markup("".join(self.pieces(answer)))  # the text comes from our templates, answers are escaped

    def pieces(self, answer: Any) -> list[str]:
        """The pieces to join: the question's own HTML at even places, what the person gave at odd ones."""
        if not answer:  # so are nearly all questions of a form just begun
            return [self.text]
        pieces: list[str] = []
        start = 0
        for place, given in sorted(self._given(answer)):
            pieces += (self.text[start:place], given)
            start = place
        return [*pieces, self.text[start:]]

    def _given(self, answer: Any) -> Iterator[tuple[int, str]]:
        for name, value in _flat(self.key, answer):
            if not value:
                continue
            if name in self.texts:
                yield self.texts[name], html.escape(str(value))
            elif name in self.marks:
                chosen = value if isinstance(value, list) else ["y" if value is True else value]
                places = self.marks[name]
                yield from (places[each] for each in chosen if isinstance(each, str) and each in places)


@dataclass(frozen=True)
class GroupMarkup:
    """A group's HTML: before its rows, one row, after them (`tail_full`: without a button for one more)."""

    head: str
    row: QuestionMarkup
    tail: str
    tail_full: str
    least: int
    most: int

    def filled(self, answer: Any, more: bool = False) -> Markup:
        """The group with its rows; `more` adds an empty one, if there is room."""
        rows = list(answer or ())[: self.most]
        count = min(max(len(rows), self.least) + more, self.most)
        written = [self.head]
        for place in range(count):
            values = rows[place] if place < len(rows) else {}
            written.extend(self._row(place, values))
        written.append(self.tail if count < self.most else self.tail_full)
        return Markup("".join(written))  # as above

    def _row(self, place: int, values: Mapping[str, Any]) -> Iterator[str]:
        for at, piece in enumerate(self.row.pieces(values)):
            yield piece if at % 2 else piece.replace(INDEX, str(place)).replace(NUMBER, str(place + 1))


def _flat(name: str, answer: Any) -> Iterable[tuple[str, Any]]:
    """Yield (name, value) for each input of an answer."""
    if isinstance(answer, Mapping):
        for part, value in answer.items():
            yield from _flat(f"{name}-{part}", value)
    else:
        yield name, answer


@dataclass(frozen=True)
class MarkupRun:
    """Questions that follow one another, and their HTML while none is answered; the beginning or end of a section is
    a run without questions."""

    questions: Mapping[str, QuestionMarkup | GroupMarkup]
    empty: str

    def filled(self, answers: Mapping[str, Any], more: str | None) -> str:
        """Their HTML with the answers; `more` names a group that gets one more row."""
        if more not in self.questions and self.questions.keys().isdisjoint(answers):
            return self.empty
        return "".join(drawn.filled(answers.get(key), more == key) for key, drawn in self.questions.items())


@dataclass(frozen=True)
class PaperMarkup:
    """A question of papers, and its HTML as long as nothing was sent for it."""

    question: Question
    empty: str


@dataclass(frozen=True)
class FormMarkup:
    """A form in one language: its questions by key, and the whole of it from the first section to the last."""

    questions: Mapping[str, QuestionMarkup | GroupMarkup]
    parts: Sequence[MarkupRun | PaperMarkup]


def questions(fingerprint: str, definition: Definition) -> Mapping[str, QuestionMarkup | GroupMarkup]:
    """Question key to its drawing, in the language of the page."""
    return _drawing(fingerprint, definition).questions


def sections(definition: Definition) -> list[tuple[FormSection, list[Question]]]:
    """Each section that asks something, with its questions: a page with errors draws them anew."""
    return [(each, asked) for each in definition.form.sections if (asked := _asked(each))]


def parts(
    fingerprint: str,
    definition: Definition,
    answers: Mapping[str, Any],
    more: str | None,
    reference: str,
    is_sent: Callable[[str], object],
) -> list[Markup | Question]:
    """The sections of a file's form, filled in. They are one piece of HTML, divided by those questions of papers for
    which something was sent: the page draws these. `more` names a group that gets one more row."""
    found: list[Markup | Question] = []
    texts: list[str] = []
    for part in _drawing(fingerprint, definition).parts:
        if isinstance(part, MarkupRun):
            texts.append(part.filled(answers, more))
        elif is_sent(part.question.key):
            found += (Markup("".join(texts)), part.question)  # as above
            texts.clear()
        else:
            texts.append(part.empty.replace(FILE_WRITTEN, reference))
    return [*found, Markup("".join(texts))]  # as above


def _asked(section: FormSection) -> list[Question]:
    return [question for question in section.questions if question.asked_at_application]


def _drawing(fingerprint: str, definition: Definition) -> FormMarkup:
    wanted = (fingerprint, language(), variant(definition), request.script_root, on_shared_device())
    return _drawings.get(wanted, _made, fingerprint, definition)


def _made(fingerprint: str, definition: Definition) -> FormMarkup:
    drawn = _draw(fingerprint, definition)
    group = current_app.jinja_env.get_template("macros/forms.html").module.group  # type: ignore[attr-defined]
    found: list[MarkupRun | PaperMarkup] = []
    for section, _questions in sections(definition):
        opened, closed = group(localized(section.title), caller=lambda: HOLE).split(HOLE)
        found += (MarkupRun({}, opened), *_runs(section, drawn), MarkupRun({}, closed))
    return FormMarkup(drawn, found)


def _runs(
    section: FormSection, drawn: Mapping[str, QuestionMarkup | GroupMarkup]
) -> Iterator[MarkupRun | PaperMarkup]:
    paper = current_app.jinja_env.get_template("applications/form/paper.html").module.paper  # type: ignore[attr-defined]
    for is_paper, together in groupby(_asked(section), lambda question: question.kind is QuestionKind.FILE):
        if is_paper:
            for question in together:
                yield PaperMarkup(question, paper(question, drawn[question.key].filled(None), FILE))
        else:
            run = {question.key: drawn[question.key] for question in together}
            yield MarkupRun(run, "".join(each.filled(None) for each in run.values()))


def _draw(fingerprint: str, definition: Definition) -> dict[str, QuestionMarkup | GroupMarkup]:
    asked = [question for question in definition.form.questions if question.asked_at_application]
    rows: dict[str, list[dict[str, str]]] = {
        question.key: [{}] for question in asked if question.kind is QuestionKind.GROUP
    }
    empty = form_class(fingerprint, definition)(formdata=None, data=rows)
    _pierce(empty)
    macros = current_app.jinja_env.get_template("applications/form/question.html").module
    return {
        question.key: _rows(macros, empty, question)
        if question.kind is QuestionKind.GROUP
        else _pieces(question.key, str(macros.ask(empty, question)))  # type: ignore[attr-defined]
        for question in asked
    }


def _pierce(form: Iterable[Any]) -> None:
    """Put a placeholder, named after its input, into each input that holds a text."""
    for field in form:
        if isinstance(field, Parts):
            _pierce(field.form)
        elif isinstance(field, GroupRows):
            _pierce(field.entries)
        elif not isinstance(field, _CHOSEN):
            field.data = f"{HOLE}{field.name}{END}"


def _pieces(key: str, text: str) -> QuestionMarkup:
    own: list[str] = []
    texts: dict[str, int] = {}
    marks: dict[str, dict[str, tuple[int, str]]] = {}
    start, length, select = 0, 0, ""
    for match in _HOLES.finditer(text):
        if match["select"] is not None:
            select = match["select"]
            continue
        own.append(text[start : match.start() if match["text"] is not None else match.end()])
        start, length = match.end(), length + len(own[-1])
        if match["text"] is not None:
            texts[html.unescape(match["text"])] = length
        elif match["option"] is not None:
            _mark(marks, select, match["option"], (length, " selected"))
        else:
            _mark(marks, match["box"], match["value"], (length, " checked"))
    return QuestionMarkup(key, "".join((*own, text[start:])), texts, marks)


def _mark(marks: dict[str, dict[str, tuple[int, str]]], name: str, value: str, mark: tuple[int, str]) -> None:
    marks.setdefault(html.unescape(name), {})[html.unescape(value)] = mark


def _rows(macros: Any, form: Any, question: Question) -> GroupMarkup:
    """Draw a group from a form with one row, whose index and number become placeholders."""
    field = form[question.key]
    opened, closed = macros.opened(form, question), macros.closed(form, question)
    row = str(macros.row(field.entries[0], question, NUMBER))
    return GroupMarkup(
        f"{opened}{macros.rows_head(field, question)}",
        _pieces(f"{question.key}-{INDEX}", row.replace(f"{question.key}-0", f"{question.key}-{INDEX}")),
        f"{macros.rows_tail(question, False)}{closed}",
        f"{macros.rows_tail(question, True)}{closed}",
        int(question.minimum or 0),
        question.most,
    )
