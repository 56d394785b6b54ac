"""Join the trail to the application: its chains grow just before each commit."""

from __future__ import annotations

from flask import Flask

from cohortmgr.audit import actions
from cohortmgr.base import db


def init_app(app: Flask) -> None:
    """Have each transaction write what it noted."""
    db.before_commit.register(actions.extend_chains)
