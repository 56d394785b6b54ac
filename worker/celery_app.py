"""The worker's Celery application: `celery -A worker.celery_app worker`."""

from cohortmgr.base import clock  # noqa: F401  # first, so that only the packaged time zones are read
from cohortmgr.app import create_app
from cohortmgr.base.settings import read_settings
from cohortmgr.jobs.actions.broker import celery_for
from worker.schedule import SCHEDULE

settings = read_settings()
flask_app = create_app(settings, process="system")
app = celery_for(settings)
app.conf.beat_schedule = SCHEDULE
app.conf.imports = (
    "worker.applications",
    "worker.documents",
    "worker.jobs",
    "worker.messages",
    "worker.outbox",
    "worker.programmes",
    "worker.reports",
    "worker.selection",
)
