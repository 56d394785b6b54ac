"""Join the demonstration to the application: the command that loads it."""

from __future__ import annotations

from flask import Flask

from cohortmgr.demo.commands import demo


def init_app(app: Flask) -> None:
    """Its command."""
    app.cli.add_command(demo.group)
