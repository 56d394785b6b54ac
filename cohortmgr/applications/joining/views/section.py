"""Shows staff, on the page of a file, what its person gave after accepting a seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.applications.answers.display import shown
from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.queries import File
from cohortmgr.applications.joining import queries as joining_queries
from cohortmgr.programmes.definition.rules import Text

# The title above these answers on staff's page.
_TITLE: Text = {"fr": "Pour l’inscription", "ar": "من أجل التسجيل", "en": "For enrolment"}


def section_of(file: File, answers: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """The section with these questions, in the same form as the page's other sections; empty before a seat is
    accepted."""
    rows = [
        {
            "question": question,
            "value": shown(question, answers.get(question.key)),
            "document": file.documents.get(question.key),
        }
        for question in joining_queries.questions_of(file)
    ]
    return [{"title": _TITLE, "rows": rows}] if rows else []
