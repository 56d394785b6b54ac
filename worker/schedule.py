"""Each room's work as beat and the broker need it: when it is sent, and by which queue.

A sweep a minute finds every row whose wake was lost; a message that nobody took before the next is due is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cohortmgr.base.work import Work


def route_of(work: Work) -> dict[str, str]:
    """The queue by which a work travels."""
    return {"queue": work.queue}


def schedule_of(works: Iterable[Work]) -> dict[str, dict[str, Any]]:
    """What beat sends: every work with a period, each time for a little less than that."""
    return {
        work.name: {
            "task": work.name,
            "schedule": float(work.every),
            "options": {"queue": work.queue, "expires": work.every - max(5, work.every / 30)},
        }
        for work in works
        if work.every is not None
    }
