"""Join jobs to the application: how acts wake the worker, and what the worker does with jobs."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.work import add_work
from cohortmgr.jobs import tasks
from cohortmgr.jobs.actions.broker import celery_for, wake_sender


def init_app(app: Flask) -> None:
    """Let acts wake the worker, and register the worker's works on jobs."""
    app.extensions["cohortmgr-wake"] = wake_sender(celery_for(app.extensions["cohortmgr-settings"]))
    add_work(app, *tasks.WORKS)
