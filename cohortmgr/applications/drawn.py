"""The questions of a form, drawn once for a definition and language, with holes where a person's answers go.

Nearly all of a long form is the same for everybody. WTForms and the macros draw it at its first use; afterwards each
page only fills the holes. A page with errors is drawn anew, since it says more.
"""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import current_app
from markupsafe import Markup

from cohortmgr.applications.forms import form_class
from cohortmgr.base.i18n import language
from cohortmgr.programmes.rules import Definition, Question, QuestionKind

KEPT = 32
# A character of the private use area stands where a text goes; no answer may hold one while the form is drawn.
HOLE = "\ue000"
_CHOICE = re.compile(r'<(?:input [^>]*type="(?:radio|checkbox)"[^>]*|option )value="(?P<value>[^"]*)"(?=>)')
_TEXT = frozenset(QuestionKind) - {
    QuestionKind.CHOICE, QuestionKind.REGION, QuestionKind.LANGUAGE_LEVEL, QuestionKind.CONSENT, QuestionKind.FILE,
}  # fmt: skip

_drawn: OrderedDict[tuple[str, str], dict[str, Drawn]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Drawn:
    """A question's text in pieces; between two of them goes the answer, or the mark of a choice if it is the answer.

    `choices` are the values of the marks, in order; empty for a question answered by a text. `mark` is what a chosen
    one bears.
    """

    pieces: tuple[str, ...]
    choices: tuple[str, ...] = ()
    mark: str = ""

    def filled(self, answer: Any) -> Markup:
        """The question with an answer as a person would type it; None for none."""
        if self.choices:
            given = "y" if answer is True else answer
            holes = [self.mark if value and value == given else "" for value in self.choices]
        else:
            holes = [html.escape(str(answer or ""))] * (len(self.pieces) - 1)
        written = [self.pieces[0]]
        for hole, piece in zip(holes, self.pieces[1:], strict=True):
            written += (hole, piece)
        return Markup("".join(written))  # the pieces are our templates', the holes are escaped


def questions(fingerprint: str, definition: Definition) -> Mapping[str, Drawn]:
    """Question key to its drawing, in the language of the page."""
    wanted = (fingerprint, language())
    with _lock:
        known = _drawn.get(wanted)
    if known is None:
        known = _draw(fingerprint, definition)
        with _lock:
            _drawn[wanted] = known
            while len(_drawn) > KEPT:
                _drawn.popitem(last=False)
    return known


def _draw(fingerprint: str, definition: Definition) -> dict[str, Drawn]:
    asked = [question for question in definition.form.questions if question.asked_at_application]
    empty = form_class(fingerprint, definition)(
        formdata=None, data={question.key: HOLE for question in asked if question.kind in _TEXT}
    )
    macros = current_app.jinja_env.get_template("applications/question.html").module
    return {question.key: _pieces(question, str(macros.ask(empty, question))) for question in asked}  # type: ignore[attr-defined]


def _pieces(question: Question, text: str) -> Drawn:
    if question.kind in _TEXT:
        return Drawn(tuple(text.split(HOLE)))
    found = list(_CHOICE.finditer(text))
    ends = [0, *(match.end() for match in found), len(text)]
    pieces = tuple(text[start:end] for start, end in zip(ends, ends[1:], strict=False))
    mark = " selected" if "<select" in text else " checked"
    return Drawn(pieces, tuple(html.unescape(match["value"]) for match in found), mark)
