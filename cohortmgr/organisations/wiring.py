"""Join the tree to accounts: a role in a part of it reaches the institutions that stand there today."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.hooks import hosts_below
from cohortmgr.organisations import queries


def init_app(app: Flask) -> None:
    """Answer which institutions stand below a path."""
    hosts_below.fill(queries.hosts_below)
