"""Who goes first: a long list begins in a gap between short answers, and one at a time in each process.

A list of hundreds of rows keeps Python busy for as long as it takes to draw. Whoever sends a file makes some thirty
ways to the database and back, and after each would wait for the list again: beside a few people who reload lists it
took four times as long (docs/decisions/0010). While others come, a list also rests as long as the last one took, REST
times over: lists have a third of a process at most. Nobody waits for long: after PATIENCE a list goes on whatever
happens.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import ParamSpec, TypeVar

from flask import Flask, current_app, request

P = ParamSpec("P")
R = TypeVar("R")

# The most seconds that a list gives way.
PATIENCE = 0.5
# How many times as long as the last list took the next one waits, if others came meanwhile.
REST = 2
# How many lists may wait in a process at once: each holds a thread, and most of the eight stay with the others.
WAITING = 3
# Bytes of a body above which a request is an upload: it lasts as long as its line is slow, and no list waits for it.
UPLOAD = 64 * 1024
_PLACE = "cohortmgr.precedence"


class Precedence:
    """The requests of one process: those that give way, and all others."""

    def __init__(self, patience: float = PATIENCE, waiting: int = WAITING) -> None:
        self._changed = Condition()
        self._patience, self._most = patience, waiting
        self._first = self._drawn = self._waiting = 0
        self._came = 0  # others, since a list began
        self._began = self._rested = 0.0

    def come(self, gives_way: bool) -> None:
        """A request begins: at once, or in the next gap when it gives way."""
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
        """It has ended."""
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
    """A long list. Stands below the guard."""
    view.gives_way = True  # type: ignore[attr-defined]
    return view


def init_precedence(app: Flask) -> Precedence:
    """Before anything of a request is read, so that a list that waits holds no connection to the database."""
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
