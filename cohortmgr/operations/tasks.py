"""The ping job, which shows that the worker runs, the sweep of files that no row names, and SQLite's statistics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.applications.documents import queries as documents
from cohortmgr.applications.importing.queries import runs as imports
from cohortmgr.applications.lists.queries import exports as lists
from cohortmgr.base import clock, storage
from cohortmgr.base.db import is_postgresql, writing
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.reports import queries as reports

# A file is stored shortly before the row that names it; after so long no act is under way that still will.
SETTLED_AFTER = timedelta(hours=6)
# If a sweep would take more files than this and half of all, the database is not the one of these files.
FEW = 50
# Of each index so many entries are looked at: tenths of a second for a hundred thousand files.
LOOKED_AT = 1_000
_log = logging.getLogger(__name__)


@handler("operations.ping")
def answer(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Return the present instant."""
    progress(1, 1)
    return {"at": clock.now().isoformat()}


def sweep_files(_stopping: Stopping) -> None:
    """Delete the stored files that no row names: what an act stored that was never committed. Nothing else would, and
    no deletion of a person reaches them."""
    named = set().union(*(room.stored_keys() for room in (documents, imports, lists, reports, desk_queries)))
    old, gone = 0, []
    for key in storage.older_than(SETTLED_AFTER):
        old += 1
        if key not in named:
            gone.append(key)
    if len(gone) > max(FEW, old // 2):
        _log.error("%s of %s stored files are named by no row: is this their database?", len(gone), old)
        return
    for key in gone:
        storage.delete(key)


def analyse(_stopping: Stopping) -> None:
    """Let SQLite know how many rows a value of each index stands for, as PostgreSQL finds out by itself. Else it takes
    all indexes for as good, and reads the files of a whole institution for one message."""
    if not is_postgresql():
        with writing() as session:
            session.execute(sa.text(f"PRAGMA analysis_limit = {LOOKED_AT:d}"))
            session.execute(sa.text("ANALYZE"))


WORKS = (
    Work("sweep.files", sweep_files, queue="documents", every=3600),
    Work("analyse.tables", analyse, every=3600, at_start=True),
)
