"""Examining papers as they come in, and forgetting uploads that nobody finished."""

from __future__ import annotations

from cohortmgr.applications.documents.actions import uploads
from cohortmgr.applications.documents.tasks import examine_next
from worker.celery_app import app, flask_app
from worker.jobs import stopping


@app.task(name="drain.documents")
def drain() -> None:
    """Every due paper, each in a context of its own."""
    while not stopping():
        with flask_app.app_context():
            if not examine_next():
                return


@app.task(name="sweep.documents")
def sweep() -> None:
    """What wakes missed, what a stopped scanner left aside, and uploads of yesterday."""
    with flask_app.app_context():
        uploads.sweep()
    drain()
