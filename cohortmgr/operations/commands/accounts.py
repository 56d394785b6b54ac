"""The commands `flask accounts …`, which create the first administrator, whom nobody can invite.

They stand in this room because a scope's path belongs to an organisation or a programme, which accounts do
not know.
"""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from cohortmgr.accounts import queries
from cohortmgr.accounts.actions import people, uniting
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.organisations.models import Organisation
from cohortmgr.organisations.queries import institutions_below
from cohortmgr.programmes.models import Programme

group = AppGroup("accounts", help="People who administer.")
WHOLE = "installation"


@group.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option(
    "--scope", required=True, help="Path of an organisation or programme (ma.inpt.); '' is the whole tree."
)
@click.option("--alone", is_flag=True, help="The organisation without the institutions below it.")
@click.option("--given-name", default="")
@click.option("--family-name", default="")
@click.password_option(help="Asked for when it is not given.")
def create(
    email: str, role: str, scope: str, alone: bool, given_name: str, family_name: str, password: str
) -> None:
    """Create an account, or use the existing one of the address, and give it a role in a scope."""
    db.session.rollback()
    kind, reference, institutions = _scope(scope, alone)
    known = queries.account_by_email(email)
    try:
        hashed = "" if known else people.prepare_password(password, email)
        with writing():
            names = {"given_name": given_name, "family_name": family_name}
            account = queries.account_by_email(email) or people.new_account(SYSTEM, email, hashed, names)
            people.grant(SYSTEM, account, Role(role), kind, reference, scope, institutions, alone=alone)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    made = "had an account, its password is as it was" if known else "has an account"
    click.echo(f"{email} {made}; {role} at {scope or 'the whole tree'}{' alone' if alone else ''}")


@group.command("unite")
@click.option("--dry-run", is_flag=True, help="Say what would be united, and change nothing.")
def unite(dry_run: bool) -> None:
    """Unite the empty second persons that doors once made with the people who were known."""
    db.session.rollback()
    if dry_run:
        done = uniting.unite_doubles(SYSTEM, dry_run=True)
        db.session.rollback()
    else:
        with writing():
            done = uniting.unite_doubles(SYSTEM)
    for account, person in done:
        click.echo(f"account {account} -> person {person}")
    click.echo(f"{'dry run: ' if dry_run else ''}{len(done)} united")


@group.command("separate")
@click.argument("union")
def separate(union: str) -> None:
    """Undo a union: the account goes back to the person it came from. The trail has the union's reference."""
    db.session.rollback()
    try:
        with writing():
            row = uniting.separate(SYSTEM, union)
    except NotFound as missing:
        raise click.ClickException(f"no union {union!r}: the trail has its reference") from missing
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"union {row.reference} is undone")


def _scope(path: str, alone: bool) -> tuple[str, str, tuple[int, ...]]:
    """Return kind and reference of what stands at a path, and the institutions that a grant there opens today."""
    if not path and alone:
        raise click.ClickException("the whole tree has nothing of its own: name an organisation's path")
    if not path:
        return WHOLE, WHOLE, institutions_below("")
    place = db.session.scalar(sa.select(Organisation).where(Organisation.path == path))
    if place is not None:
        host = () if place.institution_id is None else (place.institution_id,)
        return "organisation", place.reference, host if alone else institutions_below(path) or host
    programme = db.session.scalar(sa.select(Programme).where(Programme.path == path))
    if programme is None:
        raise click.ClickException(
            f"nothing stands at {path!r}: the path of an organisation or programme is wanted"
        )
    return "programme", programme.reference, (programme.institution_id,)
