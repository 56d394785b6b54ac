"""What a form carries beside its answers, for saving as one types: their marks, and which are secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cohortmgr.applications.form.pages import mark_of
from cohortmgr.base.typed import parse_json
from cohortmgr.programmes.definition.rules import Question, QuestionKind


def marks(asked: Iterable[Question], answers: Mapping[str, Any]) -> str:
    """The marks of the answers that a page shows, by question, in JSON: they tell who typed over whom."""
    wanted = [each.key for each in asked if each.asked_at_application and each.kind is not QuestionKind.FILE]
    return json.dumps({key: mark_of(answers.get(key)) for key in wanted})


def secret(asked: Iterable[Question]) -> str:
    """The keys of the questions whose answers are never kept on a telephone, in JSON."""
    return json.dumps([each.key for each in asked if each.sealed])


def seen_by(sent: Mapping[str, Any]) -> dict[str, str]:
    """The marks that came with a form; empty if they are not what our pages send."""
    try:
        held = parse_json(sent.get("seen") or "{}")
    except ValueError:
        return {}
    return {str(key): str(mark) for key, mark in held.items()} if isinstance(held, dict) else {}
