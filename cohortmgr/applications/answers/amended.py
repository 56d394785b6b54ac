"""What an amended form no longer asks: the answers are kept beside those that it does, and staff see them as such.

They are kept among the answers, under names that no question can have: in the open what was open, sealed what was
sealed. Pure: two forms and answers in, answers out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.answers.values import Answer, is_given, read_value
from cohortmgr.base.errors import Problem
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind, Text

OPEN, SEALED, NEW = "_aside", "_aside_sealed", "_new"
KEPT = (OPEN, SEALED, NEW)
# Over these answers, on a page.
TITLE: Text = {
    "fr": "Réponses à des questions que le formulaire ne pose plus",
    "ar": "أجوبة عن أسئلة لم تعد مطروحة في الاستمارة",
    "en": "Answers to questions that the form no longer asks",
}


@dataclass(frozen=True)
class Amended:
    """A draft's answers brought to another form: open and sealed ones, and the questions to be looked at again."""

    opened: dict[str, Answer]
    sealed: dict[str, Answer]
    asked_again: tuple[str, ...]


def changed(before: Form, after: Form) -> bool:
    """Whether the answers to one form need anything done before they answer another."""
    return _asked(before) != _asked(after)


def _asked(form: Form) -> list[tuple[object, ...]]:
    """What of each question decides on its answer: not its label or its place."""
    return [
        (
            q.key, q.kind, q.sealed, tuple(o.key for o in q.options), _bounds(q), q.asked_at_application,
            tuple((each.key, each.kind) for each in q.fields),
            q.label if q.kind is QuestionKind.CONSENT else None,
        )
        for q in sorted(form.questions, key=lambda each: each.key)
    ]  # fmt: skip


def _bounds(question: Question) -> tuple[object, ...]:
    return question.minimum, question.maximum, question.max_length, question.target


def amended(
    before: Form, after: Form, opened: Mapping[str, Answer], sealed: Mapping[str, Answer], today: date
) -> Amended:
    """Every answer under the later form: read again where its question changed, aside where nothing asks it.

    What was aside and is asked again comes back. `asked_again`: questions that are new, and those whose answer is
    no longer one.
    """
    old = {question.key: question for question in before.questions}
    held = {**_aside(opened, OPEN), **_aside(sealed, SEALED), **_plain(opened), **_plain(sealed)}
    hidden_away = {**_plain(sealed), **_aside(sealed, SEALED)}
    known = {question.key: question for question in after.questions}
    found: dict[str, Answer] = {}
    aside: dict[str, Answer] = {}
    before_that = {**_entries(opened, OPEN), **_entries(sealed, SEALED)}
    for key, answer in held.items():
        asked = old.get(key) or _once_asked(key, before_that)
        value = _again(asked, known[key], answer, today) if key in known else None
        if value is None:
            aside[key] = before_that.get(key) if key not in old else _entry(old[key], answer)
        else:
            found[key] = value
    again = {key for key in known if key not in old} | {key for key in aside if key in known}
    again |= {key for key in _noted(opened) if key in known}
    order = tuple(q.key for q in after.questions if q.key in again and q.asked_at_application)
    return _divided(after, found, aside, set(hidden_away), order)


def _divided(
    form: Form, found: dict[str, Answer], aside: dict[str, Answer], secret: set[str], again: tuple[str, ...]
) -> Amended:
    sealing = {question.key for question in form.questions if question.sealed}
    opened: dict[str, Answer] = {key: value for key, value in found.items() if key not in sealing}
    sealed: dict[str, Answer] = {key: value for key, value in found.items() if key in sealing}
    for place, name, keys in ((opened, OPEN, aside.keys() - secret), (sealed, SEALED, aside.keys() & secret)):
        if keys:
            place[name] = {key: aside[key] for key in sorted(keys)}
    if again:
        opened[NEW] = list(again)
    return Amended(opened, sealed, again)


def _again(before: Question | None, after: Question, answer: Answer, today: date) -> Answer:
    """The answer as the later question takes it; None when it is none to it."""
    if answer is True or after.kind is QuestionKind.CONSENT:
        # What was agreed to is agreed to again when its words are others.
        return answer if answer is True and before is not None and before.label == after.label else None
    if before is not None and replace(before, label=after.label, help=after.help) == after:
        return answer
    if isinstance(answer, dict | list) or after.kind is QuestionKind.GROUP:
        return _composed(before, after, answer)
    text = _as_typed(before, answer)
    reader = read_cell if after.kind is not QuestionKind.DATE else read_value
    value = reader(after, text, today)
    return None if isinstance(value, Problem) else value


def _composed(before: Question | None, after: Question, answer: Answer) -> Answer:
    """An answer of parts stays when the same parts are asked of the same things."""
    if before is None or before.kind is not after.kind:
        return None
    match answer:
        case list() if after.kind is QuestionKind.GROUP:
            known = {each.key: each.kind for each in after.fields}
            # Of a group that was kept aside the fields are no longer known.
            same = {each.key for each in before.fields or after.fields if known.get(each.key) is each.kind}
            rows = [{key: value for key, value in row.items() if key in same} for row in answer]
            return [row for row in rows if row][: after.most] or None
        case list():
            options = {option.key for option in after.options}
            return [key for key in answer if not options or key in options][: after.most] or None
        case dict() if after.kind is QuestionKind.LANGUAGE_LEVELS:
            options = {option.key for option in after.options}
            return {key: level for key, level in answer.items() if key in options} or None
        case dict():
            return answer
        case _:
            return None


def _as_typed(before: Question | None, answer: Answer) -> str:
    """What a person would have typed: of a choice, its French label, which another list may know too."""
    text = str(answer)
    if before is not None:
        for option in before.options:
            if option.key == text:
                return option.label.get("fr", text)
    return text


def _entry(question: Question, answer: Answer) -> dict[str, Any]:
    """What is kept of an answer that is not asked for: its question's words, and what it said."""
    kind = question.kind.value
    return {
        "label": dict(question.label),
        "kind": kind,
        "answer": answer,
        "said": " · ".join(_leaves(question, answer)),
    }


def _once_asked(key: str, entries: Mapping[str, Mapping[str, Any]]) -> Question | None:
    """What is known of the question of an answer kept aside: its kind and its words."""
    entry = entries.get(key)
    return Question(key, QuestionKind(entry["kind"]), entry["label"]) if entry else None


def _leaves(question: Question, answer: Answer) -> Iterator[str]:
    if isinstance(answer, dict | list):
        for each in answer.values() if isinstance(answer, dict) else answer:
            yield from _leaves(question, each)
    else:
        yield "✓" if answer is True else _as_typed(question, answer)


def _entries(answers: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    held = answers.get(name)
    return dict(held) if isinstance(held, dict) else {}


def _aside(answers: Mapping[str, Any], name: str) -> dict[str, Answer]:
    return {key: entry["answer"] for key, entry in _entries(answers, name).items()}


def _plain(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {key: value for key, value in answers.items() if key not in KEPT and is_given(value)}


def _noted(answers: Mapping[str, Any]) -> list[str]:
    held = answers.get(NEW)
    return [str(key) for key in held] if isinstance(held, list) else []


def new_questions(form: Form, answers: Mapping[str, Any]) -> list[Question]:
    """The questions that a draft's person has not yet seen, or is asked again, since the form was amended."""
    noted = set(_noted(answers))
    return [question for question in form.questions if question.key in noted] if noted else []


def seen(answers: dict[str, Answer], keys: Iterable[str]) -> None:
    """Take the questions of a form that was sent off the list of what is new."""
    left = [key for key in _noted(answers) if key not in set(keys)]
    if left:
        answers[NEW] = list(left)
    else:
        answers.pop(NEW, None)


def kept_aside(answers: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, str], str]]:
    """The words and the answer of each question that is no longer asked; of the sealed ones if they are there."""
    for name in (OPEN, SEALED):
        for entry in _entries(answers, name).values():
            yield entry["label"], entry["said"]
