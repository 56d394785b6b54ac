"""The registry of the worker's tasks, to which each room adds plain functions in its wiring.py.

Rooms know nothing of Celery: only worker/ turns this list into Celery tasks and a schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

Stopping = Callable[[], bool]
"""Returns whether the worker was told to stop; if so, begin nothing new."""


@dataclass(frozen=True)
class Work:
    """One task of the worker. `act` is called in an application context.

    `every` is its period in seconds, or None for a task that runs only when the worker is woken for it. A
    `repeated` task is called again, each time in a new context, until it finds nothing to do. An `at_start`
    task runs once when a worker begins, because rows may have waited while no worker ran; an `at_stop` task when
    it ends, in its main process and in any order, so it must be short."""

    name: str
    act: Callable[[Stopping], object]
    queue: str = "jobs"
    every: float | None = None
    repeated: bool = False
    at_start: bool = False
    at_stop: bool = False


_KEY = "cohortmgr-work"


def add_work(app: Flask, *works: Work) -> None:
    """Add tasks to the worker's list. Raises ValueError for a name that is taken."""
    known: dict[str, Work] = app.extensions.setdefault(_KEY, {})
    for work in works:
        if work.name in known:
            raise ValueError(f"two works are called {work.name}")
        known[work.name] = work


def works_of(app: Flask) -> tuple[Work, ...]:
    """Return all tasks that the rooms of this application have added."""
    return tuple(app.extensions.get(_KEY, {}).values())
