"""What the worker does, said by each room in its wiring.py: a plain function with a name and a period.

Rooms know nothing of Celery: only worker/ turns this list into its tasks and its schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

Stopping = Callable[[], bool]
"""Whether the worker was told to stop: nothing new is begun."""


@dataclass(frozen=True)
class Work:
    """One thing that the worker does, in an application context.

    `every` is its period in seconds, None for what is done only when the worker is woken. What is `repeated` is done
    again, each time in a context of its own, until it finds nothing to do. What is due `at_start` is done once when a
    worker begins, since rows may have waited while none ran."""

    name: str
    act: Callable[[Stopping], object]
    queue: str = "jobs"
    every: float | None = None
    repeated: bool = False
    at_start: bool = False


_KEY = "cohortmgr-work"


def add_work(app: Flask, *works: Work) -> None:
    """Have the worker do these. ValueError for a name that is taken."""
    known: dict[str, Work] = app.extensions.setdefault(_KEY, {})
    for work in works:
        if work.name in known:
            raise ValueError(f"two works are called {work.name}")
        known[work.name] = work


def works_of(app: Flask) -> tuple[Work, ...]:
    """All that the rooms of an application have the worker do."""
    return tuple(app.extensions.get(_KEY, {}).values())
