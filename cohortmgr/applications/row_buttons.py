"""The buttons that add a row to a group or take one away: they send the whole form, so that they need no script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from cohortmgr.programmes.rules import Form, QuestionKind


@dataclass(frozen=True)
class Pressed:
    """The button by which a form was sent: of that group, to take away `row` or, without one, to add one."""

    key: str
    row: int | None = None


def pressed(form: Form, names: Iterable[str]) -> Pressed | None:
    """Which of the groups' buttons sent the form; None for any other."""
    groups = {question.key for question in form.questions if question.kind is QuestionKind.GROUP}
    for name in names if groups else ():
        act, _, rest = name.partition("-")
        if act == "add" and rest in groups:
            return Pressed(rest)
        key, _, number = rest.rpartition("-")
        if act == "remove" and key in groups and number.isascii() and number.isdigit() and len(number) < 4:
            return Pressed(key, int(number))
    return None


def without_row(sent: MultiDict[str, Any], button: Pressed | None) -> MultiDict[str, Any]:
    """What was sent, without the fields of the row that the button takes away."""
    if button is None or button.row is None:
        return sent
    gone = f"{button.key}-{button.row}-"
    return MultiDict([(name, value) for name, value in sent.items(multi=True) if not name.startswith(gone)])
