"""Registering the rooms' tasks with Celery, of which the rooms know nothing."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from cohortmgr.base.work import Lane, Work, works_of
from worker.celery_app import app, flask_app

_stopping = threading.Event()
_lanes: dict[str, Lane] = {}
_log = logging.getLogger(__name__)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    """Note that the worker was told to stop, by a supervisor's TERM or by Ctrl-C in a terminal."""
    _stopping.set()


@worker_ready.connect
def _begin(**_: Any) -> None:
    """Send each `at_start` task once, so that what waited while no worker ran is done at once, not a minute later."""
    for work in works_of(flask_app):
        if work.at_start:
            app.send_task(work.name, queue=work.queue, expires=60)


@worker_shutdown.connect
def _end(**_: Any) -> None:
    """Run each `at_stop` task, once the others have ended. One that fails is logged: the worker stops all the same."""
    for work in works_of(flask_app):
        if work.at_stop:
            try:
                with flask_app.app_context():
                    work.act(stopping)
            except Exception:
                _log.exception("%s failed at the worker's stop", work.name)


def stopping() -> bool:
    """Whether the worker was told to stop; if so, begin nothing new."""
    return _stopping.is_set()


def do(work: Work) -> None:
    """Run a task, unless as many threads are at it as may be: one of them then looks once more."""
    lane = _lanes.setdefault(work.name, Lane(work.at_once))
    if not lane.enter():
        return
    try:
        _repeat(work)
        while not lane.leave():
            _repeat(work)
    except BaseException:
        lane.leave(failed=True)
        raise


def _repeat(work: Work) -> None:
    """Run a task in an application context of its own; repeat a `repeated` one until it finds nothing to do."""
    while not stopping():
        with flask_app.app_context():
            found = work.act(stopping)
        if not (work.repeated and found):
            return


def _register(work: Work) -> None:
    @app.task(name=work.name)
    def task() -> None:
        do(work)


for _work in works_of(flask_app):
    _register(_work)
