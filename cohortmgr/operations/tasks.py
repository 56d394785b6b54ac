"""The smallest job: it shows that the worker lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.base import clock
from cohortmgr.jobs.actions.queue import Progress, handler


@handler("operations.ping")
def answer(payload: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Say when."""
    progress(1, 1)
    return {"at": clock.now().isoformat()}
