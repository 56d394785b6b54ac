"""What the worker does for a message that is to be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.base.db import writing
from cohortmgr.jobs.actions.queue import Progress, handler, wake
from cohortmgr.messages.letters.actions import KIND
from cohortmgr.outbox.actions import take_up


@handler(KIND)
def send_again(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Take up `payload["message"]` if it is set aside; a second run, or a second click, finds it taken up."""
    reference = str(payload["message"])
    with writing():
        taken = take_up(reference)
        if taken:
            wake("outbox")
    return {"message": reference, "taken_up": taken}
