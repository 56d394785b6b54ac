"""Keeping results for pages that would read a whole intake: asking the worker for one, and writing what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cohortmgr.base import clock
from cohortmgr.base.db import db, insert_or_leave, table_of
from cohortmgr.jobs.actions.queue import Asker, request
from cohortmgr.jobs.models import KeptResult
from cohortmgr.jobs.queries import advance_of, is_due, kind_of_part

_KEPT = table_of(KeptResult)


@dataclass(frozen=True)
class ResultWanted:
    """A kept result: its kind, which is that of the job that finds it, and the row it is about."""

    kind: str
    subject: str
    institution_id: int


def ask(viewer: Asker, wanted: ResultWanted, payload: Mapping[str, Any]) -> bool:
    """Ask the worker for a result, unless a job is at it or was asked for within the last minute. Returns whether it
    was asked for."""
    kept = _kept(wanted)
    if kept.job_reference and not is_due(kept):
        return False
    _request(viewer, kept, wanted, payload)
    return True


def ask_once(viewer: Asker, wanted: ResultWanted, payload: Mapping[str, Any]) -> bool:
    """Ask the worker to do something that must not be done twice at once, unless a job is at it. Returns whether it
    was asked to."""
    kept = _kept(wanted)
    if advance_of(kept.job_reference).goes_on:
        return False
    _request(viewer, kept, wanted, payload)
    return True


def keep(viewer: Asker, wanted: ResultWanted, figures: Mapping[str, Any]) -> None:
    """Keep what was found this moment."""
    kept = _kept(wanted)
    kept.made_at, kept.figures = clock.now(), dict(figures)


def keep_parts(
    viewer: Asker, wanted: ResultWanted, parts: Iterable[Mapping[str, Any]], start: int = 0
) -> None:
    """Keep parts of a result that is too large for one row, from the place `start` on: each is read alone
    (`queries.part_of`). Whoever begins anew forgets those of before."""
    for place, part in enumerate(parts, start):
        row = {
            "subject": wanted.subject,
            "kind": kind_of_part(wanted.kind, place),
            "institution_id": wanted.institution_id,
            "job_reference": "",
            "asked_at": clock.now(),
            "made_at": clock.now(),
            "figures": dict(part),
        }
        db.session.execute(sa.insert(_KEPT), [row])


def forget_parts(viewer: Asker, wanted: ResultWanted) -> None:
    """Forget the parts of a result."""
    of_it = (_KEPT.c.subject == wanted.subject, _KEPT.c.kind.startswith(kind_of_part(wanted.kind, "")))
    db.session.execute(sa.delete(_KEPT).where(*of_it))


def _request(viewer: Asker, kept: KeptResult, wanted: ResultWanted, payload: Mapping[str, Any]) -> None:
    kept.asked_at = clock.now()
    kept.job_reference = request(viewer, wanted.kind, payload, wanted.institution_id)


def _kept(wanted: ResultWanted) -> KeptResult:
    """Return the row of a result, locked; it is made if there is none."""
    key = {"kind": wanted.kind, "subject": wanted.subject}
    values: dict[str, Any] = {
        **key,
        "institution_id": wanted.institution_id,
        "job_reference": "",
        "asked_at": clock.now(),
        "figures": {},
    }
    insert_or_leave(db.session, KeptResult, [values])
    chosen = sa.select(KeptResult).filter_by(**key).with_for_update()
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one()
