"""The worker's Celery application: `celery -A worker.celery_app worker`.

Each room says in its tasks what the worker does and how often; here that becomes routes and beat's schedule. A sweep a
minute finds every row whose wake was lost; a message that no worker took before the next is due is dropped.
"""

import os

from cohortmgr.base import clock  # noqa: F401  # first, so that only the packaged time zones are read
from cohortmgr.app import create_app
from cohortmgr.base.settings import read_settings
from cohortmgr.base.work import works_of
from cohortmgr.jobs.actions.broker import celery_for, routes_of, schedule_of

# Two threads for one matrix cost six times the CPU on a machine that does other work. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings = read_settings()
flask_app = create_app(settings, process="system")
app = celery_for(settings)
app.conf.task_routes = routes_of(works_of(flask_app))
app.conf.beat_schedule = schedule_of(works_of(flask_app))
app.conf.imports = ("worker.tasks",)
