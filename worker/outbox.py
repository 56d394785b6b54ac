"""Draining the outbox."""

from __future__ import annotations

from cohortmgr.outbox.delivery.tasks.draining import drain as send_all
from worker.celery_app import app, flask_app
from worker.jobs import stopping


@app.task(name="drain.outbox")
def drain() -> None:
    """Send what is due, a batch at a time."""
    with flask_app.app_context():
        send_all(stopping)
