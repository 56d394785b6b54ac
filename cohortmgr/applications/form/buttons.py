"""The buttons inside a form: add or remove a row of a group, move a rank up or down.

A button sends the whole form, which comes back with what was typed, so that it needs no script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from cohortmgr.programmes.definition.rules import Form, QuestionKind

# How the names of these buttons begin; the question's key follows and, except after `add-`, a number.
BEGINNINGS = ("add-", "remove-", "up-", "down-")
_STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class Pressed:
    """The button that sent a form. In a group it removes `row`, or adds a row if that is None. In a ranking
    it exchanges the rank `row` with its neighbour, `step` away."""

    key: str
    row: int | None = None
    step: int = 0

    @property
    def adds(self) -> bool:
        """Whether it asks for one more row."""
        return self.row is None

    def place(self, answers: Mapping[str, Any]) -> str:
        """The id of the element to which the page comes back."""
        if self.row is not None:
            return f"{self.key}-{self.row + self.step}" if self.step else self.key
        rows = answers.get(self.key)
        return f"{self.key}-{len(rows)}" if isinstance(rows, list) else self.key


def pressed(form: Form, names: Iterable[str], later: bool = False) -> Pressed | None:
    """Which of these buttons sent the form; None for any other. `later` is for the form of what is asked once
    a seat is accepted, in place of the application's."""
    asked = [question for question in form.questions if question.asked_at_application is not later]
    groups = {question.key for question in asked if question.kind is QuestionKind.GROUP}
    ranked = {question.key: question.most for question in asked if question.kind is QuestionKind.RANKING}
    for name in names if groups or ranked else ():
        act, _, rest = name.partition("-")
        if act == "add" and rest in groups:
            return Pressed(rest)
        key, _, text = rest.rpartition("-")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
        if number is None:
            continue
        if act == "remove" and key in groups:
            return Pressed(key, number)
        if act in _STEPS and 1 <= number <= ranked.get(key, 0) and 1 <= number + _STEPS[act] <= ranked[key]:
            return Pressed(key, number, _STEPS[act])
    return None


def as_pressed(sent: MultiDict[str, Any], button: Pressed | None) -> MultiDict[str, Any]:
    """What was sent, without the fields of the row to remove, or with the two ranks exchanged."""
    if button is None or button.row is None:
        return sent
    if not button.step:
        gone = f"{button.key}-{button.row}-"
        return MultiDict(
            [(name, value) for name, value in sent.items(multi=True) if not name.startswith(gone)]
        )
    one, other = f"{button.key}-{button.row}", f"{button.key}-{button.row + button.step}"
    moved = {one: other, other: one}
    return MultiDict([(moved.get(name, name), value) for name, value in sent.items(multi=True)])
