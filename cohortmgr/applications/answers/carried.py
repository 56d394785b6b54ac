"""Which answers of one form answer another programme's form too, so that nobody types them twice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from cohortmgr.applications.answers.amended import KEPT, amended
from cohortmgr.applications.answers.values import Answer
from cohortmgr.programmes.definition.rules import Form, FormSection, Question, QuestionKind

# What a person wrote or agreed to for one programme is about that one, and its places and papers are its own.
_OWN = frozenset({QuestionKind.LONG_TEXT, QuestionKind.CONSENT, QuestionKind.RANKING, QuestionKind.FILE})


def carried(before: Form, after: Form, answers: Mapping[str, Answer], today: date) -> dict[str, Answer]:
    """The answers to `before` that are valid answers to `after`, by the later form's keys, read as it reads them.

    Questions answer each other that have the same target (a person's name, a number of identity), or else the same key
    and kind. What was written, agreed to, ranked or sent for one programme stays there."""
    matched = [(here, there) for here, there in _matched(before, after) if here.key in answers]
    renamed = tuple(replace(here, key=there.key) for here, there in matched)
    given = {there.key: answers[here.key] for here, there in matched}
    found = amended(Form((FormSection("carried", {}, renamed),)), after, given, {}, today)
    return {key: value for key, value in {**found.opened, **found.sealed}.items() if key not in KEPT}


def _matched(before: Form, after: Form) -> Iterator[tuple[Question, Question]]:
    """Pairs of questions that ask the same, in the later form's order, each of its questions in one pair at most."""
    for there in after.questions:
        if there.kind in _OWN or not there.asked_at_application:
            continue
        same = (here for here in before.questions if _asks_the_same(here, there))
        found = next(same, None)
        if found is not None:
            yield found, there


def _asks_the_same(here: Question, there: Question) -> bool:
    if here.kind is QuestionKind.CIN and there.kind is QuestionKind.IDENTITY:
        return True  # which document, and its number: a number of a CIN alone says both
    if here.kind is not there.kind:
        return False
    return here.target == there.target if here.target or there.target else here.key == there.key
