"""The commands `flask messages …`, by which a mail server hands mail in."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from cohortmgr.messages.incoming.tasks import keep

group = AppGroup("messages", help="Mail that comes in.")
# Exit codes that mail servers understand:
# a temporary failure, to be tried again; and data that is never accepted.
TEMPORARY, REFUSED = 75, 65


@group.command("receive")
@click.option("--recipient", default="", help="the envelope's recipient, where the server names it")
def receive(recipient: str) -> None:
    """Take one mail from the standard input, for a mail server's pipe; the worker reads it within the minute."""
    try:
        kept = keep(sys.stdin.buffer, recipient)
    except OSError as error:
        click.echo(f"not kept, try again: {error.strerror}", err=True)
        sys.exit(TEMPORARY)
    if not kept:
        click.echo("larger than 30 MB", err=True)
        sys.exit(REFUSED)
