"""Join the demonstration to the application: the commands that load it and list its accounts."""

from __future__ import annotations

from flask import Flask

from cohortmgr.demo.commands import demo


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(demo.group)
