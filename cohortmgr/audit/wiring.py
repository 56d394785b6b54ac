"""Join the trail to the application: chains are extended just before each commit, and noted outside by the worker."""

from __future__ import annotations

from flask import Flask

from cohortmgr.audit import actions, tasks
from cohortmgr.base import db
from cohortmgr.base.work import Work, add_work


def init_app(app: Flask) -> None:
    """Have each transaction write the events that it noted, and the worker note each hour where the chains end."""
    db.before_commit.register(actions.extend_chains)
    add_work(app, Work("note.trail", tasks.note, every=3600, at_start=True, at_stop=True))
