"""Campaigns and sending messages again are jobs: importing their handlers registers them. And reading what came in."""

from __future__ import annotations

import cohortmgr.messages.campaigns.tasks
import cohortmgr.messages.letters.tasks  # noqa: F401
from cohortmgr.messages.incoming.tasks import collect
from worker.celery_app import app, flask_app


@app.task(name="collect.mail")
def collect_mail() -> int:
    """Once a minute: what is left over is read a minute later."""
    with flask_app.app_context():
        return collect()
