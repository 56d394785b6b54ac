"""The commands `flask programmes …`: load a definition, and write the one in force as TOML."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.i18n import say
from cohortmgr.programmes import actions
from cohortmgr.programmes.definition.toml import place_in, read_known, write_draft
from cohortmgr.programmes.drafts.queries import get_writing

group = AppGroup("programmes", help="Definitions of programmes.")


@group.command("load")
@click.argument("name")
@click.option("--publish", is_flag=True, help="Publish the programme too, if it is in preparation.")
def load(name: str, publish: bool) -> None:
    """Put a definition in force: NAME is the key of one of ours, or a TOML file.

    A new programme is in preparation, which its staff alone see, until it is published. With --publish, NAME may
    also be the key of a programme that was loaded from a file."""
    try:
        definition = read_known(name)
        with writing():
            loaded = actions.load_definition(SYSTEM, definition, publish=publish)
    except NotFound:
        if publish and _published(name):
            click.echo(f"{name}: published")
            return
        raise click.ClickException(f"{name}: no such definition, and no such file") from None
    except Refused as refusal:
        for problem in refusal.problems:
            # What concerns the database, such as a host that it lacks, names a field of the file alone.
            where = place_in(name, problem.where) if problem.where in ("host", "partners") else problem.where
            click.echo(f"{where}: {say(problem)}" if where else say(problem), err=True)
        count = len(refusal.problems)
        raise click.ClickException(f"{name} was not loaded: {count} to mend") from None
    verb = "loaded" if loaded.changed else "already in force"
    click.echo(f"{definition.key}: version {loaded.version.number} {verb}")
    if loaded.published:
        click.echo(f"{definition.key}: published")
    if not definition.form.questions:
        click.echo(f"{definition.key}: its form asks nothing, so it takes no application")
    if loaded.programme.published_at is None:
        _tell_preparation(definition.key)


def _published(key: str) -> bool:
    """Publish a programme that was loaded before; False if there is none with that key."""
    try:
        with writing():
            actions.publish(SYSTEM, key)
    except NotFound:
        return False
    return True


def _tell_preparation(key: str) -> None:
    click.echo(
        f"{key} is in preparation: its staff alone see it, and nothing of it is mailed. To publish it, a second "
        f"person opens /staff/programmes/{key}/publish, or: flask --app wsgi programmes load {key} --publish"
    )


@group.command("export")
@click.argument("key")
def export(key: str) -> None:
    """Write the definition in force of the programme KEY as TOML, which `load` reads again."""
    try:
        version = get_writing(SYSTEM, key).in_force
    except NotFound:
        raise click.ClickException(f"{key}: no such programme") from None
    click.echo(write_draft(version.document), nl=False)
