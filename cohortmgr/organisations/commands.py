"""The commands `flask organisations …`: add an organisation to the tree, and list the tree."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.base.db import db, writing
from cohortmgr.organisations import actions, queries
from cohortmgr.organisations.rules import REGIONS, ROOT, OrganisationKind

group = AppGroup("organisations", help="The tree of ministries, institutions, companies, schools and clubs.")


@group.command("add")
@click.argument("key")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in OrganisationKind]),
    default=OrganisationKind.INSTITUTION.value,
    show_default=True,
    help="Ministries, institutions and institutes host programmes.",
)
@click.option("--fr", required=True, help="The name in French.")
@click.option("--ar", required=True, help="The name in Arabic.")
@click.option("--en", required=True, help="The name in English.")
@click.option("--below", default=ROOT, show_default=True, help="Key of the organisation that it belongs to.")
@click.option("--region", type=click.Choice(list(REGIONS)), help="Where it is.")
def add(key: str, kind: str, fr: str, ar: str, en: str, below: str, region: str | None) -> None:
    """Add the organisation KEY: lowercase letters, digits and hyphens, as definitions name it (host = "KEY")."""
    with writing():
        parent = queries.by_key(below)
        if parent is None:
            if below != ROOT:
                raise click.ClickException(
                    f"{below}: no such organisation; `flask organisations list` shows all"
                )
            parent = actions.ensure_host(SYSTEM, ROOT)
        made = actions.create(
            SYSTEM, OrganisationKind(kind), key, {"fr": fr, "ar": ar, "en": en}, parent, region
        )
        path = made.path
    click.echo(f"{key}: {kind} added, scope {path}")


@group.command("list")
def list_all() -> None:
    """List every organisation: its scope, for which roles are given, its key, kind and name."""
    rows = db.session.scalars(queries.visible(SYSTEM)).all()
    if not rows:
        click.echo(
            "no organisation yet: `flask organisations add`, or `flask programmes load`, makes the first"
        )
    for row in rows:
        click.echo(f"{row.path}\t{row.key}\t{row.kind}\t{row.name.get('fr', '')}")
