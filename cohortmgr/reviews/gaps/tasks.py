"""The worker's job of the gaps between readings: it looks at all of a large intake, and keeps what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.jobs.actions.queue import ProgressCallback, handler
from cohortmgr.programmes.queries import definition_of, get_intake
from cohortmgr.reviews.gaps import actions, queries


@handler(queries.KIND)
def look(payload: Mapping[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Look for the gaps of `payload["intake"]`, and write what is another than before, some at a time. Begun again
    after an interruption it writes the rest."""
    reference = str(payload["intake"])
    intake = get_intake(reference)
    phase = definition_of(intake).rubric.files
    found, known = queries.found_in(intake, phase), queries.known_in(intake)
    apart = len(queries.apart_in(intake, phase))
    db.session.rollback()
    fresh = sorted(file for file, gap in found.items() if known.get(file) != gap)
    gone = sorted(known.keys() - found.keys())
    steps = [(gone, False), (fresh, True)]
    done, whole = 0, len(gone) + len(fresh) + 1
    for files, is_there in steps:
        for start in range(0, len(files), actions.CHUNK):
            chunk = files[start : start + actions.CHUNK]
            with writing():
                if is_there:
                    actions.write(SYSTEM, get_intake(reference), {file: found[file] for file in chunk})
                else:
                    actions.forget(SYSTEM, get_intake(reference), chunk)
            done += len(chunk)
            progress(done, whole)
    with writing():
        actions.keep(SYSTEM, get_intake(reference), len(found), apart)
    return {"files": len(found)}
