"""Set right the words by which files are found. Acts have nothing to do for them: triggers write them with the file."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.applications.searching.queries import misworded
from cohortmgr.base.db import db, table_of, within_writing
from cohortmgr.base.errors import NotPermitted

# So many files are locked and compared at a time.
SET = 500


def mend(viewer: Viewer, after: int) -> tuple[int, int | None]:
    """Write the words of a set of files anew where they are others than their answers give.

    Returns how many files were wrong, and the last id of the set; None behind the last file."""
    if not viewer.is_system:
        raise NotPermitted("words are written anew by an operator")
    within_writing("words")
    wrong, last = misworded(after, SET, lock=True)
    files, words = table_of(Application), table_of(SearchWord)
    for each in wrong:
        db.session.execute(sa.update(files).where(files.c.id == each.id).values(search_text=each.text))
        db.session.execute(sa.delete(words).where(words.c.application_id == each.id))
        if each.rows:
            db.session.execute(sa.insert(words), [dict(row) for row in each.rows])
    return len(wrong), last
