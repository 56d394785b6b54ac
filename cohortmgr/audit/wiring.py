"""Join the trail to the application: the chains are extended just before each commit."""

from __future__ import annotations

from flask import Flask

from cohortmgr.audit import actions
from cohortmgr.base import db


def init_app(app: Flask) -> None:
    """Have each transaction write the events that it noted."""
    db.before_commit.register(actions.extend_chains)
