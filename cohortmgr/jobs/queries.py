"""Read jobs: one of an institution, how far one is, how many are not done yet; and what the worker keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.jobs.models import Job, KeptResult
from cohortmgr.jobs.rules import FRESH, LOST, Advance, JobState


def get(institutions: Iterable[int], reference: str) -> Job:
    """Return a job of one of the institutions. Raises NotFound otherwise."""
    chosen = sa.select(Job).where(Job.reference == reference, Job.institution_id.in_(list(institutions)))
    job = db.session.scalar(chosen)
    if job is None:
        raise NotFound(reference)
    return job


def job_of(reference: str) -> Job | None:
    """Return a job of the viewer's institutions by its reference, or None."""
    return db.session.scalar(sa.select(Job).where(Job.reference == reference))


def advance_of(reference: str) -> Advance:
    """Return how far a job is, by its reference; without a job nothing goes on."""
    if not reference:
        return Advance()
    row = db.session.execute(sa.select(Job.percent, Job.state).where(Job.reference == reference)).first()
    if row is None:
        return Advance()
    failed = row.state in LOST
    return Advance(row.percent, not failed and row.state != JobState.DONE.value, failed)


def kept_of(kind: str, subject: str) -> KeptResult | None:
    """Return what is kept of a kind about a subject, or None if nothing was ever asked for."""
    return db.session.get(KeptResult, (subject, kind))


def kind_of_part(kind: str, place: int | str) -> str:
    """The kind under which the part at a place of a large result is kept."""
    return f"{kind}.{place}"


def part_of(kind: str, subject: str, place: int) -> KeptResult | None:
    """Return one part of a result that was kept in several, or None."""
    return kept_of(kind_of_part(kind, place), subject)


def advance_to(kept: KeptResult | None) -> Advance:
    """Return how far the worker is with a result; where it was never asked for, nothing goes on."""
    return advance_of(kept.job_reference if kept else "")


def kept_of_each(kind: str, subjects: Collection[str]) -> Sequence[KeptResult]:
    """Return what is kept of a kind about some subjects, and was found once; no statement for none."""
    if not subjects:
        return []
    wanted = sa.select(KeptResult).where(KeptResult.kind == kind, KeptResult.subject.in_(subjects))
    return db.session.scalars(wanted.where(KeptResult.made_at.is_not(None))).all()


def is_due(kept: KeptResult | None) -> bool:
    """Whether a result is to be found anew: it was asked for a minute ago, and no job is at it."""
    return kept is None or (
        clock.now() - kept.asked_at >= FRESH and not advance_of(kept.job_reference).goes_on
    )


def waiting() -> int:
    """Count the jobs that wait or run."""
    busy = (JobState.WAITING, JobState.RUNNING)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state.in_(busy))) or 0
