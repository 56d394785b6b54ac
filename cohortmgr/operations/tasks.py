"""The ping job, which shows that the worker runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.base import clock
from cohortmgr.jobs.actions.queue import ProgressCallback, handler


@handler("operations.ping")
def answer(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Return the present instant."""
    progress(1, 1)
    return {"at": clock.now().isoformat()}
