"""Writing one change into the answers of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.queries import File, changes
from cohortmgr.base import clock, crypto


def write_change(file: File, answers: Mapping[str, Answer]) -> None:
    """Keep what these answers say otherwise than the file that was sent."""
    change, sent = file.change, file.answers
    if change is None:
        raise LookupError(file.application.reference)
    other = {key: answers.get(key) for key in {*sent, *answers} if answers.get(key) != sent.get(key)}
    if other != changes(change):
        text = json.dumps(other, ensure_ascii=False, sort_keys=True)
        change.sealed = crypto.seal(text, "application_changes", "sealed", change.reference)
    change.updated_at = clock.now()
