"""The registry of the worker's tasks, to which each room adds plain functions in its wiring.py.

Rooms know nothing of Celery: only worker/ turns this list into Celery tasks and a schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from flask import Flask

Stopping = Callable[[], bool]
"""Returns whether the worker was told to stop; if so, begin nothing new."""


@dataclass(frozen=True)
class Work:
    """One task of the worker. `act` is called in an application context.

    `every` is its period in seconds, or None for a task that runs only when the worker is woken for it. A
    `repeated` task is called again, each time in a new context, until it finds nothing to do. An `at_start`
    task runs once when a worker begins, because rows may have waited while no worker ran; an `at_stop` task when
    it ends, in its main process and in any order, so it must be short.

    What takes long says how many threads of one process it may hold `at_once`, so that the others go on with the rest:
    a letter does not wait until a hundred papers are examined."""

    name: str
    act: Callable[[Stopping], object]
    queue: str = "jobs"
    every: float | None = None
    repeated: bool = False
    at_start: bool = False
    at_stop: bool = False
    at_once: int | None = None


class Lane:
    """How many threads of this process are at one work. Who finds the lane full leaves word, and one of those who are
    in it looks once more before it leaves: what came meanwhile is not left lying."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._inside = 0
        self._asked = False
        self._lock = Lock()

    def enter(self) -> bool:
        """Begin the work; False if as many are at it as may be."""
        with self._lock:
            if self._most is not None and self._inside >= self._most:
                self._asked = True
                return False
            self._inside += 1
            return True

    def leave(self, *, failed: bool = False) -> bool:
        """End the work; False if somebody asked meanwhile, and one has to look once more. Who `failed` leaves anyway:
        the sweep finds what is left."""
        with self._lock:
            if self._asked and not failed:
                self._asked = False
                return False
            self._inside -= 1
            return True


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
