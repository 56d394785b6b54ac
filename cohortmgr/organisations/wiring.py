"""Join the tree to the application: its commands; and a role in a part of it reaches the institutions there today."""

from __future__ import annotations

from flask import Flask

from cohortmgr.accounts.hooks import hosts_below
from cohortmgr.organisations import commands, queries


def init_app(app: Flask) -> None:
    """Register the commands, and answer which institutions stand below a path."""
    app.cli.add_command(commands.group)
    hosts_below.fill(queries.hosts_below)
