"""The worker's Celery application: `celery -A worker.celery_app worker`."""

from cohortmgr.base import clock  # noqa: F401  # first, so that only the packaged time zones are read
from cohortmgr.app import create_app
from cohortmgr.base.settings import read_settings
from cohortmgr.base.work import works_of
from cohortmgr.jobs.actions.broker import celery_for
from worker.schedule import route_of, schedule_of

settings = read_settings()
flask_app = create_app(settings, process="system")
app = celery_for(settings)
app.conf.task_routes = {work.name: route_of(work) for work in works_of(flask_app)}
app.conf.beat_schedule = schedule_of(works_of(flask_app))
app.conf.imports = ("worker.tasks",)
