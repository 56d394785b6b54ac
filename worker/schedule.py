"""The rooms' tasks as Celery needs them: which queue each one takes, and when beat sends it.

A sweep each minute finds every row whose wake-up was lost. A message that nobody took before the next one is
due is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cohortmgr.base.work import Work


def route_of(work: Work) -> dict[str, str]:
    """Return the Celery route of a task: its queue."""
    return {"queue": work.queue}


def schedule_of(works: Iterable[Work]) -> dict[str, dict[str, Any]]:
    """Return the schedule of beat: every task with a period.

    Each message expires a little before the next one is sent."""
    return {
        work.name: {
            "task": work.name,
            "schedule": float(work.every),
            "options": {"queue": work.queue, "expires": work.every - max(5, work.every / 30)},
        }
        for work in works
        if work.every is not None
    }
