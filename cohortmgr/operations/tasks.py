"""The ping job, which shows that the worker runs, and the sweep of files that no row names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cohortmgr.applications.documents import queries as documents
from cohortmgr.applications.importing.queries import runs as imports
from cohortmgr.applications.lists import queries as lists
from cohortmgr.base import clock, storage
from cohortmgr.base.work import Stopping, Work
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.messages.helpdesk.queries import questions as desk_queries
from cohortmgr.reports import queries as reports

# A file is stored shortly before the row that names it; after so long no act is under way that still will.
SETTLED_AFTER = timedelta(hours=6)
# If a sweep would take more files than this and half of all, the database is not the one of these files.
FEW = 50
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


WORKS = (Work("sweep.files", sweep_files, queue="documents", every=3600),)
