"""What the worker does when staff send a message again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler, wake
from cohortmgr.messages.letters.actions import KIND
from cohortmgr.outbox.actions import take_up


@handler(KIND)
def send_again(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Let `payload["message"]` wait again if it is set aside;
    a second run, or a second click, changes nothing."""
    reference = str(payload["message"])
    with writing():
        taken = take_up(reference)
        if taken:
            wake("outbox")
    return {"message": reference, "taken_up": taken}
