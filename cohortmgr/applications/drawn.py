"""The questions of a form, drawn once for a definition and language, with holes where a person's answers go.

Nearly all of a long form is the same for everybody. WTForms and the macros draw it at its first use; afterwards each
page only fills the holes. A page with errors is drawn anew, since it says more.
"""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import current_app
from markupsafe import Markup
from wtforms import BooleanField, FileField, SelectField, SelectMultipleField

from cohortmgr.applications.fields import Parts, Rows
from cohortmgr.applications.forms import form_class
from cohortmgr.applications.written import variant
from cohortmgr.base.i18n import language
from cohortmgr.programmes.rules import Definition, FormSection, Question, QuestionKind

KEPT = 32
# Characters of the private use area: a text goes between the first two, a row's index and number at the others. No
# answer may hold one while the form is drawn.
HOLE, END, INDEX, NUMBER = "\ue000", "\ue001", "\ue002", "\ue003"
_HOLES = re.compile(
    f"{HOLE}(?P<text>[^{END}]*){END}"
    r'|<select [^>]*?name="(?P<select>[^"]*)"'
    r'|<option value="(?P<option>[^"]*)"(?=>)'
    r'|<input [^>]*?name="(?P<box>[^"]*)" type="(?:radio|checkbox)" value="(?P<value>[^"]*)"(?=>)'
)
_CHOSEN = (BooleanField, FileField, SelectField, SelectMultipleField)

_drawn: OrderedDict[tuple[str, str, str], dict[str, Drawn | DrawnRows]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Hole:
    """Where an answer goes: the text of the input `name`, or the mark of its choice `value` if it is the answer."""

    name: str
    value: str | None = None
    mark: str = ""

    def filled(self, answer: Any) -> str:
        """What goes in."""
        if self.value is None:
            return html.escape(str(answer or ""))
        given = "y" if answer is True else answer
        chosen = self.value in given if isinstance(given, list) else self.value == given
        return self.mark if self.value and chosen else ""


@dataclass(frozen=True)
class Drawn:
    """A question's text in pieces; between two of them goes an answer. Always one piece more than holes."""

    key: str
    pieces: tuple[str, ...]
    holes: tuple[Hole, ...]

    def filled(self, answer: Any, more: bool = False) -> Markup:
        """The question with an answer as a person would type it; None for none."""
        return Markup("".join(self.written(answer)))  # the pieces are our templates', the holes are escaped

    def written(self, answer: Any) -> Iterator[str]:
        """The pieces and what goes between them."""
        given = dict(_flat(self.key, answer))
        yield self.pieces[0]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            yield hole.filled(given.get(hole.name))
            yield piece


@dataclass(frozen=True)
class DrawnRows:
    """A group: what stands before its rows, one row, what stands after (with the button for one more, or without)."""

    head: str
    row: Drawn
    tail: str
    tail_full: str
    least: int
    most: int

    def filled(self, answer: Any, more: bool = False) -> Markup:
        """The group with its rows; `more` adds one that is empty, if there is room."""
        rows = list(answer or ())[: self.most]
        count = min(max(len(rows), self.least) + more, self.most)
        written = [self.head]
        for place in range(count):
            values = rows[place] if place < len(rows) else {}
            for piece in self._row(place, values):
                written.append(piece)
        written.append(self.tail if count < self.most else self.tail_full)
        return Markup("".join(written))  # as above

    def _row(self, place: int, values: Mapping[str, Any]) -> Iterator[str]:
        given = dict(_flat(self.row.key, values))
        for piece, hole in zip(self.row.pieces, (*self.row.holes, None), strict=True):
            yield piece.replace(INDEX, str(place)).replace(NUMBER, str(place + 1))
            if hole is not None:
                yield hole.filled(given.get(hole.name))


def _flat(name: str, answer: Any) -> Iterable[tuple[str, Any]]:
    """An answer by the names of its inputs."""
    if isinstance(answer, Mapping):
        for part, value in answer.items():
            yield from _flat(f"{name}-{part}", value)
    else:
        yield name, answer


def questions(fingerprint: str, definition: Definition) -> Mapping[str, Drawn | DrawnRows]:
    """Question key to its drawing, in the language of the page."""
    wanted = (fingerprint, language(), variant(definition))
    with _lock:
        known = _drawn.get(wanted)
    if known is None:
        known = _draw(fingerprint, definition)
        with _lock:
            _drawn[wanted] = known
            while len(_drawn) > KEPT:
                _drawn.popitem(last=False)
    return known


def sections(
    fingerprint: str, definition: Definition, answers: Mapping[str, Any] | None, more: str | None
) -> list[tuple[FormSection, list[Markup | Question]]]:
    """Each section with its questions filled in, those that follow one another as one text: a page spends more on
    each piece that it is given than on what is in it. The questions of papers are left to it, and without `answers` all
    of them: a page with errors draws them anew. `more` names a group that gets a row more."""
    if answers is None:
        return [
            (each, [q for q in each.questions if q.asked_at_application]) for each in definition.form.sections
        ]
    drawn = questions(fingerprint, definition)
    return [(each, list(_together(each, drawn, answers, more))) for each in definition.form.sections]


def _together(
    section: FormSection, drawn: Mapping[str, Drawn | DrawnRows], answers: Mapping[str, Any], more: str | None
) -> Iterator[Markup | Question]:
    texts: list[str] = []
    for question in section.questions:
        if not question.asked_at_application:
            continue
        if question.kind is QuestionKind.FILE:
            yield Markup("".join(texts))  # each is a filled question
            yield question
            texts = []
        else:
            texts.append(drawn[question.key].filled(answers.get(question.key), more == question.key))
    yield Markup("".join(texts))  # as above


def _draw(fingerprint: str, definition: Definition) -> dict[str, Drawn | DrawnRows]:
    asked = [question for question in definition.form.questions if question.asked_at_application]
    rows: dict[str, list[dict[str, str]]] = {
        question.key: [{}] for question in asked if question.kind is QuestionKind.GROUP
    }
    empty = form_class(fingerprint, definition)(formdata=None, data=rows)
    _pierce(empty)
    macros = current_app.jinja_env.get_template("applications/question.html").module
    return {
        question.key: _rows(macros, empty, question)
        if question.kind is QuestionKind.GROUP
        else _pieces(question.key, str(macros.ask(empty, question)))  # type: ignore[attr-defined]
        for question in asked
    }


def _pierce(form: Iterable[Any]) -> None:
    """Put a hole, named after its input, into each input that holds a text."""
    for field in form:
        if isinstance(field, Parts):
            _pierce(field.form)
        elif isinstance(field, Rows):
            _pierce(field.entries)
        elif not isinstance(field, _CHOSEN):
            field.data = f"{HOLE}{field.name}{END}"


def _pieces(key: str, text: str) -> Drawn:
    pieces: list[str] = []
    holes: list[Hole] = []
    start, select = 0, ""
    for match in _HOLES.finditer(text):
        if match["select"] is not None:
            select = html.unescape(match["select"])
            continue
        if match["text"] is not None:
            pieces.append(text[start : match.start()])
            holes.append(Hole(html.unescape(match["text"])))
        else:
            pieces.append(text[start : match.end()])
            holes.append(_mark(match, select))
        start = match.end()
    return Drawn(key, (*pieces, text[start:]), tuple(holes))


def _mark(match: re.Match[str], select: str) -> Hole:
    if match["option"] is not None:
        return Hole(select, html.unescape(match["option"]), " selected")
    return Hole(html.unescape(match["box"]), html.unescape(match["value"]), " checked")


def _rows(macros: Any, form: Any, question: Question) -> DrawnRows:
    """The group of a form that has one row, its index and number made holes."""
    field = form[question.key]
    opened, closed = macros.opened(form, question), macros.closed(form, question)
    row = str(macros.row(field.entries[0], question, NUMBER))
    return DrawnRows(
        f"{opened}{macros.rows_head(field, question)}",
        _pieces(f"{question.key}-{INDEX}", row.replace(f"{question.key}-0", f"{question.key}-{INDEX}")),
        f"{macros.rows_tail(question, False)}{closed}",
        f"{macros.rows_tail(question, True)}{closed}",
        int(question.minimum or 0),
        question.most,
    )
