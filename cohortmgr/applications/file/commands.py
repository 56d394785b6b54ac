"""The command `flask applications recount`."""

from __future__ import annotations

import click

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file import actions
from cohortmgr.applications.file.queries import miscounted
from cohortmgr.base.db import db, writing


@click.command("recount")
@click.option("--mend", is_flag=True, help="Set right what is counted wrong.")
def recount(mend: bool) -> None:
    """Compare the counters of files with the files, and say what they lack or have too much."""
    wrong = miscounted()
    for row in wrong:
        kind = ", ".join(
            f"{name} {value}" for name, value in row.items() if name not in ("files", "institution_id")
        )
        click.echo(f"{kind}: {row['files']:+d}")
    db.session.rollback()
    if wrong and not mend:
        raise click.ClickException(f"{len(wrong)} counters are wrong: --mend sets them right")
    if wrong:
        with writing():
            click.echo(f"{actions.recount(SYSTEM)} counters set right")
    else:
        click.echo("the counters hold")
