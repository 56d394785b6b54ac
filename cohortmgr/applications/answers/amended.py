"""Convert a draft's answers to an amended form, and keep those that the form no longer asks for.

The answers kept aside stay among the draft's answers, under names that no question can have: open ones stay
open, sealed ones stay sealed. Staff see them as such. Pure: two forms and answers in, answers out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cohortmgr.applications.answers import settled
from cohortmgr.applications.answers.composed import read_cell
from cohortmgr.applications.answers.values import Answer, is_given, read_value
from cohortmgr.base.errors import Problem
from cohortmgr.programmes.definition.rules import Form, Question, QuestionKind, Text

OPEN, SEALED, NEW = "_aside", "_aside_sealed", "_new"
KEPT = (OPEN, SEALED, NEW, *settled.PLACES)
# The heading over the answers kept aside, on a page.
TITLE: Text = {
    "fr": "Réponses à des questions que le formulaire ne pose plus",
    "ar": "أجوبة عن أسئلة لم تعد مطروحة في الاستمارة",
    "en": "Answers to questions that the form no longer asks",
}


@dataclass(frozen=True)
class Amended:
    """A draft's answers under another form: open ones, sealed ones, and the questions to look at again."""

    opened: dict[str, Answer]
    sealed: dict[str, Answer]
    asked_again: tuple[str, ...]


def changed(before: Form, after: Form) -> bool:
    """Whether answers to one form must be converted before they can answer the other."""
    return _asked(before) != _asked(after)


def _asked(form: Form) -> list[tuple[object, ...]]:
    """For each question, what its answer depends on: not its place, nor its label unless it is a consent."""
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
    """Convert every answer to the later form.

    An answer is read again if its question changed, and kept aside if no question asks for it. One that was
    aside comes back if its question is asked again. `asked_again` of the result lists the questions that are
    new, and those whose answer is no longer valid.
    """
    old = {question.key: question for question in before.questions}
    held = {
        **_retired_answers(opened, OPEN),
        **_retired_answers(sealed, SEALED),
        **_plain(opened),
        **_plain(sealed),
    }
    hidden_away = {**_plain(sealed), **_retired_answers(sealed, SEALED)}
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
    result = _divided(after, found, aside, set(hidden_away), order)
    result.opened.update(settled.carried(opened, settled.OPEN))
    result.sealed.update(settled.carried(sealed, settled.SEALED))
    return result


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
    """The answer as the later question reads it; None if it is no valid answer to that question."""
    if answer is True or after.kind is QuestionKind.CONSENT:
        # A consent must be given again if its wording has changed.
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
    """An answer of several parts, without those that the later question lacks; None if the kind changed."""
    if before is None or before.kind is not after.kind:
        return None
    match answer:
        case list() if after.kind is QuestionKind.GROUP:
            known = {each.key: each.kind for each in after.fields}
            # The fields of a group that was kept aside are no longer known: the later question's are taken.
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
    """The answer as a person would type it; a choice as its French label, which another list may know too."""
    text = str(answer)
    if before is not None:
        for option in before.options:
            if option.key == text:
                return option.label.get("fr", text)
    return text


def _entry(question: Question, answer: Answer) -> dict[str, Any]:
    """What is kept of an answer that is no longer asked for: label, kind, answer, and the answer in words."""
    kind = question.kind.value
    return {
        "label": dict(question.label),
        "kind": kind,
        "answer": answer,
        "said": " · ".join(_leaves(question, answer)),
    }


def _once_asked(key: str, entries: Mapping[str, Mapping[str, Any]]) -> Question | None:
    """The question of an answer kept aside, with what is known of it: its kind and its label."""
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


def _retired_answers(answers: Mapping[str, Any], name: str) -> dict[str, Answer]:
    return {key: entry["answer"] for key, entry in _entries(answers, name).items()}


def _plain(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    return {key: value for key, value in answers.items() if key not in KEPT and is_given(value)}


def _noted(answers: Mapping[str, Any]) -> list[str]:
    held = answers.get(NEW)
    return [str(key) for key in held] if isinstance(held, list) else []


def new_questions(form: Form, answers: Mapping[str, Any]) -> list[Question]:
    """The questions that the amended form adds or asks again, and that the person has not sent since."""
    noted = set(_noted(answers))
    return [question for question in form.questions if question.key in noted] if noted else []


def seen(answers: dict[str, Answer], keys: Iterable[str]) -> None:
    """Remove the questions that were just sent from the list of new questions."""
    left = [key for key in _noted(answers) if key not in set(keys)]
    if left:
        answers[NEW] = list(left)
    else:
        answers.pop(NEW, None)


def retired_answers(answers: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, str], str]]:
    """Yield (label, answer in words) for each answer kept aside; sealed ones only if `answers` holds them."""
    for name in (OPEN, SEALED):
        for entry in _entries(answers, name).values():
            yield entry["label"], entry["said"]
