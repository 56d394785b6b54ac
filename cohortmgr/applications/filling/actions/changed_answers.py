"""Save what a person is changing in a sent file, apart from the answers that were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cohortmgr.applications.answers.values import Answer
from cohortmgr.applications.file.queries import File, changes
from cohortmgr.base import clock, crypto


def write_change(file: File, answers: Mapping[str, Answer]) -> None:
    """Save those answers that differ from the file that was sent. LookupError without a change."""
    change, sent = file.change, file.answers
    if change is None:
        raise LookupError(file.application.reference)
    other = {key: answers.get(key) for key in {*sent, *answers} if answers.get(key) != sent.get(key)}
    if other != changes(change):
        text = json.dumps(other, ensure_ascii=False, sort_keys=True)
        change.sealed = crypto.seal(text, "application_changes", "sealed", change.reference)
    change.updated_at = clock.now()
