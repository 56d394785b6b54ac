"""A report asked for in this process is computed in the worker's."""

from __future__ import annotations

import time

import sqlalchemy as sa
from flask.ctx import AppContext

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.models import Job
from cohortmgr.reports import actions, queries
from tests.factories.lives import lived_intake
from tests.worker.conftest import PATIENCE, Worker


def test_the_worker_computes_a_report(system_context: AppContext, worker: Worker) -> None:
    intake = lived_intake()
    with writing():
        reference = actions.ask_report(SYSTEM, intake.reference, "ar").reference
    deadline = time.monotonic() + PATIENCE
    while True:
        db.session.rollback()
        db.session.expire_all()
        report, _intake = queries.get_for(SYSTEM, reference)
        job = db.session.scalars(sa.select(Job).where(Job.reference == report.job_reference)).one()
        if job.state == "done":
            break
        assert time.monotonic() < deadline, worker.said()
        time.sleep(0.1)
    assert (report.state, job.percent, job.result) == ("ready", 100, {"report": reference, "files": 60})
    assert queries.progress_of(report).percentage == 100
    assert report.storage_key and report.masked_storage_key
