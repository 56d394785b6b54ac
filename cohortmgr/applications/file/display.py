"""A file's answers for its pages: by section, and those that its person has changed since sending it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cohortmgr.applications.answers import amended
from cohortmgr.applications.answers.conditions import hidden
from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.file.rules import asked_in
from cohortmgr.programmes.definition.rules import Question, QuestionKind

if TYPE_CHECKING:
    from cohortmgr.applications.file.queries import File


def sections_of(file: File, answers: Mapping[str, Any], kept: bool = True) -> list[dict[str, Any]]:
    """The sections with a row for each question that is not hidden: question, answer as shown, document.

    `kept` adds the answers that the form no longer asks for, if they are among `answers`.
    """
    form = file.definition.form
    out = hidden(form, answers)
    sections = [
        (section.title, [_row(file, q, answers) for q in asked_in(section, out)]) for section in form.sections
    ]
    if kept:
        sections.append(
            (amended.TITLE, [_kept(label, said) for label, said in amended.retired_answers(answers)])
        )
    return [{"title": title, "rows": rows} for title, rows in sections if rows]


def _row(file: File, question: Question, answers: Mapping[str, Any]) -> dict[str, Any]:
    value, document = shown(question, answers.get(question.key)), file.documents.get(question.key)
    return {"question": question, "value": value, "document": document}


def _kept(label: Mapping[str, str], said: str) -> dict[str, Any]:
    """An answer kept aside, in the shape of a section's row."""
    return {"question": Question("", QuestionKind.LONG_TEXT, label), "value": said, "document": None}


def changed_of(file: File) -> list[dict[str, Any]]:
    """The questions whose answer the person has changed since sending, with the answer before and now."""
    sent, now = file.answers, file.working
    return [
        {"question": each, "before": shown(each, sent.get(each.key)), "now": shown(each, now.get(each.key))}
        for each in file.definition.form.questions
        if sent.get(each.key) != now.get(each.key)
    ]
