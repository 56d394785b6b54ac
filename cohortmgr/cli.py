"""What all the rooms' commands under `flask` share: the words for a database that is not there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError


def tell_plainly(app: Flask) -> None:
    """Let each command that the rooms added tell an operator of a missing database in a sentence."""
    for group in app.cli.commands.values():
        for command in getattr(group, "commands", {}).values():
            if command.callback is not None and not hasattr(command.callback, "__plain__"):
                command.callback = _plain(command.callback)


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
