"""The command `flask applications words`."""

from __future__ import annotations

import click

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.searching.actions import SET, mend
from cohortmgr.applications.searching.queries import misworded
from cohortmgr.base.db import db, writing


@click.command("words")
@click.option("--mend", "mending", is_flag=True, help="Write those that are wrong anew.")
def words(mending: bool) -> None:
    """Compare the words by which files are found with what their answers give, and name the files that differ."""
    if mending:
        click.echo(f"the words of {_mended()} files set right")
        return
    wrong = 0
    after: int | None = 0
    while after is not None:
        found, after = misworded(after, SET)
        for each in found:
            click.echo(f"{each.reference}: other words than its answers give")
        wrong += len(found)
        db.session.rollback()
        db.session.expunge_all()
    if wrong:
        raise click.ClickException(f"the words of {wrong} files are wrong: --mend sets them right")
    click.echo("the words hold")


def _mended() -> int:
    """A set of files to a transaction, so that nobody waits for long."""
    done = 0
    after: int | None = 0
    while after is not None:
        with writing():
            found, after = mend(SYSTEM, after)
        done += found
        db.session.expunge_all()
    return done
