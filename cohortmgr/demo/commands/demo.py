"""The commands `flask demo …`: loading the demonstration and printing its sign-ins."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from cohortmgr.accounts.rules import Role
from cohortmgr.demo.commands import choice
from cohortmgr.demo.commands.load import load as load_all
from cohortmgr.demo.people import COMPANIES, PASSWORD, STAFF

group = AppGroup("demo", help="The demonstration: one finished cohort, one open intake.")


@group.command("load")
def load() -> None:
    """Load the demonstration, or the steps that are still missing."""
    last = ""

    def say(percent: int, text: str) -> None:
        nonlocal last
        line = f"{percent:3d}% {text}"
        if line != last:
            click.echo(line)
        last = line

    load_all(say)


@group.command("accounts")
def accounts() -> None:
    """Print a sign-in for each role."""
    shown: set[Role] = set()
    for colleague in (*STAFF, *COMPANIES):
        if colleague.role not in shown:
            shown.add(colleague.role)
            click.echo(f"  {colleague.role:30} {colleague.email:36} {PASSWORD}")
    for label, address, word in choice.candidates_to_show():
        click.echo(f"  {label:30} {address:36} {word}")
