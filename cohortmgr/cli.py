"""Error messages for all `flask` commands: a missing or unprepared database, and whatever is refused, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

from cohortmgr.base.errors import Refused
from cohortmgr.base.i18n import say


def tell_plainly(app: Flask) -> None:
    """Wrap every command that the rooms registered, so that no error shows a stack trace."""
    for group in app.cli.commands.values():
        for command in getattr(group, "commands", {}).values():
            if command.callback is not None and not hasattr(command.callback, "__plain__"):
                command.callback = _plain(command.callback)


def _plain(act: Callable[..., Any]) -> Callable[..., Any]:
    """Return `act` wrapped, so that what was refused is told in its own words, and a database which is missing or
    has no tables in one sentence."""

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
        except Refused as refusal:
            raise click.ClickException(" ".join(say(problem) for problem in refusal.problems)) from None

    run.__plain__ = True  # type: ignore[attr-defined]
    return run
