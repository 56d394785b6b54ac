"""Precedence of short requests over long lists: a list waits for a gap, and each process draws one at a time.

A list of hundreds of rows keeps Python busy for as long as it takes to draw. A person who sends a file makes
some thirty trips to the database, and after each would wait for the list again: beside a few people who
reload lists it took four times as long (docs/decisions/0010). While other requests come, the next list also
waits REST times as long as the last one took, so that lists take a third of a process at most. Nobody waits
for long: after PATIENCE a list goes on whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import ParamSpec, TypeVar

from flask import Flask, current_app, request

P = ParamSpec("P")
R = TypeVar("R")

# A list gives way for at most this many seconds.
PATIENCE = 0.5
# If other requests came meanwhile, the next list waits this many times as long as the last one took.
REST = 2
# How many lists may wait in a process at once. Each holds a thread, and most of the eight must stay free.
WAITING = 3
# A request whose body has more bytes than this is an upload. It lasts as long as its line is slow, so no list
# waits for it.
UPLOAD = 64 * 1024
_PLACE = "cohortmgr.precedence"


class Precedence:
    """Counts the running requests of one process: the lists, which give way, and all others."""

    def __init__(self, patience: float = PATIENCE, waiting: int = WAITING) -> None:
        self._changed = Condition()
        self._patience, self._most = patience, waiting
        self._first = self._drawn = self._waiting = 0
        self._came = 0  # other requests since the last list began
        self._began = self._rested = 0.0

    def come(self, gives_way: bool) -> None:
        """Note that a request begins. One that gives way waits here for the next gap."""
        with self._changed:
            if not gives_way:
                self._first += 1
                self._came += 1
                return
            if self._waiting < self._most:
                self._waiting += 1
                try:
                    self._wait()
                finally:
                    self._waiting -= 1
            self._drawn += 1
            self._began, self._came = monotonic(), 0

    def _wait(self) -> None:
        until = monotonic() + self._patience
        while (now := monotonic()) < until:
            if self._first or self._drawn:
                self._changed.wait(until - now)
            elif now < self._rested:
                self._changed.wait(min(until, self._rested) - now)
            else:
                return

    def go(self, gives_way: bool) -> None:
        """Note that the request has ended."""
        with self._changed:
            if gives_way:
                self._drawn -= 1
                now = monotonic()
                self._rested = now + (now - self._began) * REST if self._came else now
            else:
                self._first -= 1
            if not self._first and not self._drawn:
                self._changed.notify_all()


def gives_way(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view as a long list, which gives way to others. The decorator stands below the guard."""
    view.gives_way = True  # type: ignore[attr-defined]
    return view


def init_precedence(app: Flask) -> Precedence:
    """Set up the precedence for an application.

    It runs before anything else of a request, so that a list that waits holds no connection to the database.
    """
    order = Precedence()

    def come() -> None:
        if (request.content_length or 0) > UPLOAD:
            return
        view = current_app.view_functions.get(request.endpoint or "")
        way = bool(getattr(view, "gives_way", False))
        order.come(way)
        request.environ[_PLACE] = way

    def go(_error: BaseException | None) -> None:
        way = request.environ.pop(_PLACE, None)
        if way is not None:
            order.go(way)

    app.before_request(come)
    app.teardown_request(go)
    return order
