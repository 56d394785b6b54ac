"""The rooms' commands under `flask`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

from cohortmgr.applications.importing import commands as importing
from cohortmgr.demo.commands import demo
from cohortmgr.messages.incoming import commands as messages
from cohortmgr.operations.commands import accounts, operations
from cohortmgr.programmes import commands as programmes


def register(app: Flask) -> None:
    """Add each room's group of commands."""
    for group in (
        importing.group,
        demo.group,
        messages.group,
        operations.group,
        accounts.group,
        programmes.group,
    ):
        for command in group.commands.values():
            if command.callback is not None and not hasattr(command.callback, "__plain__"):
                command.callback = _plain(command.callback)
        app.cli.add_command(group)


def _plain(act: Callable[..., Any]) -> Callable[..., Any]:
    """Tell an operator of a database that is not there, or not prepared, in a sentence and not in a trace."""

    @wraps(act)
    def run(*arguments: Any, **values: Any) -> Any:
        try:
            return act(*arguments, **values)
        except (OperationalError, ProgrammingError) as error:
            cause = str(error.orig).partition("\n")[0]
            told = (
                f"the database said: {cause}. Is it running, and prepared by `flask --app wsgi db upgrade`?"
            )
            raise click.ClickException(told) from None

    run.__plain__ = True  # type: ignore[attr-defined]
    return run
