"""Read jobs: one of an institution, and how many are not done yet."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs.models import Job
from cohortmgr.jobs.rules import JobState


def get(institutions: Iterable[int], reference: str) -> Job:
    """Return a job of one of the institutions. Raises NotFound otherwise."""
    chosen = sa.select(Job).where(Job.reference == reference, Job.institution_id.in_(list(institutions)))
    job = db.session.scalar(chosen)
    if job is None:
        raise NotFound(reference)
    return job


def waiting() -> int:
    """Count the jobs that wait or run."""
    busy = (JobState.WAITING, JobState.RUNNING)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state.in_(busy))) or 0
