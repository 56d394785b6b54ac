"""Join operations to the application: the commands of an installation's operator, and the ping job."""

from __future__ import annotations

from flask import Flask

from cohortmgr.base.work import add_work
from cohortmgr.operations import tasks
from cohortmgr.operations.commands import accounts, operations

JOBS = (tasks.answer,)


def init_app(app: Flask) -> None:
    """Register the commands and the sweep."""
    add_work(app, *tasks.WORKS)
    app.cli.add_command(operations.group)
    app.cli.add_command(accounts.group)
