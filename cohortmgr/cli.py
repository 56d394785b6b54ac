"""The rooms' commands under `flask`."""

from __future__ import annotations

from flask import Flask

from cohortmgr.applications import commands as applications
from cohortmgr.demo import commands as demo
from cohortmgr.operations import commands as operations
from cohortmgr.operations import people
from cohortmgr.programmes import commands as programmes


def register(app: Flask) -> None:
    """Add each room's group of commands."""
    for group in (applications.group, demo.group, operations.group, people.group, programmes.group):
        app.cli.add_command(group)
