"""The columns that an institution's file may have, for whoever prepares it: their headers, and which rows need.

Pure: a header is one by which the column is recognised again (mappings.propose_mapping)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cohortmgr.applications.importing.mappings import is_expected, is_required, propose_mapping
from cohortmgr.programmes.definition.rules import Form, ImportLayout, Question, Text


@dataclass(frozen=True)
class ExpectedColumn:
    """A column of a file: its header and the question whose answers it holds. `is_required` of every row; or one of
    `instead`, the headers of those of which each row needs one."""

    header: str
    question: Question
    is_required: bool
    instead: tuple[str, ...] = ()


def expected_columns(
    form: Form, layout: ImportLayout, said: Callable[[Text], str]
) -> Sequence[ExpectedColumn]:
    """Return the columns in the order of the form, without what is asked of the admitted only; `said` tells a text in
    the language of whoever prepares the file."""
    questions = [each for each in form.questions if is_expected(each) and each.asked_at_application]
    headers: dict[str, str] = {}
    for each in questions:
        headers[each.key] = next(
            name
            for name in (*each.columns[:1], said(each.label), each.key)
            if name == each.key or _is_read_as(name, each, form, layout, headers)
        )
    return [
        ExpectedColumn(
            headers[each.key],
            each,
            is_required(each),
            () if is_required(each) else tuple(headers[q.key] for q in _instead(form, each, headers)),
        )
        for each in questions
    ]


def _is_read_as(
    name: str, question: Question, form: Form, layout: ImportLayout, taken: dict[str, str]
) -> bool:
    """Whether a column of that header, beside those that are named already, is read as answers to the question."""
    if name in taken.values():
        return False
    return propose_mapping([*taken.values(), name], form, layout).columns[name] == question.key


def _instead(form: Form, question: Question, headers: dict[str, str]) -> Sequence[Question]:
    if not question.either:
        return ()
    group = [each for each in form.instead_of(question) if each.key in headers]
    return () if any(is_required(each) for each in group) else group
