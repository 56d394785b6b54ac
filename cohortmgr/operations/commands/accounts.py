"""The commands `flask accounts …`: what the page of people does, and the first administrator, whom nobody can invite.

They stand in this room because a scope's path belongs to an organisation or a programme, which accounts do
not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from cohortmgr.accounts.actions import doors, people, uniting
from cohortmgr.accounts.contacts import contact_of
from cohortmgr.accounts.models import Account
from cohortmgr.accounts.queries import viewers
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.actions import grants, invitations, suspending
from cohortmgr.accounts.roles.actions.grants import RoleWish
from cohortmgr.accounts.roles.queries import held_roles as roles
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.roles.rules import GrantState, RoleScope
from cohortmgr.accounts.rules import SYSTEM, Role, givable
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, Refused
from cohortmgr.base.i18n import LANGUAGES
from cohortmgr.organisations.models import Organisation

group = AppGroup("accounts", help="People who have roles.")
_DAY = click.DateTime(["%Y-%m-%d"])
_ALONE = click.option("--alone", is_flag=True, help="The organisation without the institutions below it.")
_ROLE = click.Choice([role.value for role in givable(SYSTEM)])


def _role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    place = "Path of an organisation or programme (ma.inpt.); '' is the whole tree."
    command = click.option("--scope", required=True, help=place)(command)
    return click.option("--role", type=_ROLE, required=True)(command)


def _invited_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--language", type=click.Choice(list(LANGUAGES)), default="fr")(command)
    command = click.option("--family-name", default="")(command)
    return click.option("--given-name", default="")(command)


@contextmanager
def _acting() -> Iterator[None]:
    """One act; a refusal is told as the command's error."""
    db.session.rollback()
    try:
        with writing():
            yield
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal


@group.command("create")
@click.argument("email")
@_role_options
@_ALONE
@click.option("--given-name", default="")
@click.option("--family-name", default="")
@click.password_option(help="Asked for when it is not given.")
def create(
    email: str, role: str, scope: str, alone: bool, given_name: str, family_name: str, password: str
) -> None:
    """Create an account, or use the existing one of the address, and give it a role in a scope, for good.

    Done again, it changes nothing; a role that is held until a day, or as a deputy, is ended first."""
    db.session.rollback()
    place, known = _scope(scope, alone), viewers.account_by_email(email)
    try:
        hashed = "" if known else people.prepare_password(password, email)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    with _acting():
        names = {"given_name": given_name, "family_name": family_name}
        account = viewers.account_by_email(email) or people.new_account(SYSTEM, email, hashed, names)
        wish = RoleWish(Role(role), place)
        if not roles.holds_for_good(account, wish.role, place):
            grants.hold(SYSTEM, account, wish)
    made = "had an account, its password is as it was" if known else "has an account"
    click.echo(f"{email} {made}; {role} at {_told(scope, alone)}")


@group.command("unite")
@click.option("--dry-run", is_flag=True, help="Say what would be united, and change nothing.")
def unite(dry_run: bool) -> None:
    """Write stored addresses in the one form of their mailbox, and unite the empty second persons that doors once made
    with the people who were known."""
    db.session.rollback()
    if dry_run:
        written = uniting.rewrite_addresses(SYSTEM, dry_run=True)
        done = uniting.unite_doubles(SYSTEM, dry_run=True)
        db.session.rollback()
    else:
        with writing():
            written = uniting.rewrite_addresses(SYSTEM)
            done = uniting.unite_doubles(SYSTEM)
    for account, free in written:
        click.echo(
            f"account {account}: {'address rewritten' if free else 'another account has this mailbox, left'}"
        )
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


@group.command("list")
def list_people() -> None:
    """List who has roles, with their dates, and who is suspended."""
    for person in roles.colleagues(SYSTEM):
        click.echo(f"{person.contact.address}  {person.name}  {person.state.value}")
        for role in person.roles:
            days = f"{role.begins_on or ''}..{role.ends_on or ''}".strip(".")
            click.echo(
                f"    {role.role.value} at {_told(role.path, role.alone)}  {role.state.value}  {days}".rstrip()
            )


@group.command("invite")
@click.argument("contact")
@_role_options
@_ALONE
@_invited_options
@click.option("--from", "first", type=_DAY)
@click.option("--until", type=_DAY)
def invite(
    contact: str,
    role: str,
    scope: str,
    alone: bool,
    given_name: str,
    family_name: str,
    language: str,
    first: datetime | None,
    until: datetime | None,
) -> None:
    """Invite an address or a number to a role; it holds once the link that is sent there was accepted."""
    with _acting():
        wish = grants.wish_at(SYSTEM, Role(role), _scope(scope, alone), _day(first), _day(until))
        invitations.invite(SYSTEM, Invitee(contact_of(contact), given_name, family_name, language), wish)
    click.echo(f"{contact} is invited; {role} at {_told(scope, alone)}")


@group.command("end")
@click.argument("contact")
@_role_options
@click.option("--on", type=_DAY, help="The last day; at once without it.")
def end(contact: str, role: str, scope: str, on: datetime | None) -> None:
    """End a role, at once or after a day."""
    with _acting():
        grants.end(SYSTEM, _grant(contact, role, scope), _day(on))
    click.echo(f"{contact}: {role} at {_told(scope)} ends {_day(on) or 'now'}")


@group.command("deputise")
@click.argument("contact")
@click.argument("deputy")
@_role_options
@click.option("--from", "first", type=_DAY)
@click.option("--until", type=_DAY, required=True)
def deputise(
    contact: str, deputy: str, role: str, scope: str, first: datetime | None, until: datetime
) -> None:
    """Lend a person's role to a colleague until a day."""
    with _acting():
        lent = _grant(contact, role, scope)
        grants.deputise(SYSTEM, lent, _account(deputy).reference, _day(first), _day(until))
    click.echo(f"{deputy} stands in for {contact} until {_day(until)}; {role} at {_told(scope)}")


@group.command("replace")
@click.argument("contact")
@click.argument("other")
@_role_options
@_invited_options
def replace(
    contact: str, other: str, role: str, scope: str, given_name: str, family_name: str, language: str
) -> None:
    """Invite another address or number in a person's place: one's role ends as the other's begins."""
    with _acting():
        invited = Invitee(contact_of(other), given_name, family_name, language)
        invitations.replace_holder(SYSTEM, _grant(contact, role, scope), invited)
    click.echo(f"{other} is invited in place of {contact}; {role} at {_told(scope)}")


@group.command("suspend")
@click.argument("contact")
def suspend(contact: str) -> None:
    """Close an account at once, on every device."""
    with _acting():
        suspending.suspend(SYSTEM, _account(contact).reference)
    click.echo(f"{contact} is suspended, and signed out everywhere")


@group.command("reopen")
@click.argument("contact")
def reopen(contact: str) -> None:
    """Open a suspended account again."""
    with _acting():
        suspending.reopen(SYSTEM, _account(contact).reference)
    click.echo(f"{contact} may enter again")


@group.command("sign-out")
@click.argument("contact")
def sign_out(contact: str) -> None:
    """End every session of an account."""
    with _acting():
        suspending.sign_out(SYSTEM, _account(contact).reference)
    click.echo(f"{contact} is signed out everywhere")


def _day(moment: datetime | None) -> Any:
    return None if moment is None else moment.date()


def _told(path: str, alone: bool = False) -> str:
    return f"{path or 'the whole tree'}{' alone' if alone else ''}"


def _account(contact: str) -> Account:
    found = viewers.account_by_contact(contact_of(contact))
    if found is None:
        raise click.ClickException(f"no account is entered by {contact}")
    try:
        roles.colleague_for(SYSTEM, found.reference)
    except NotFound:
        raise click.ClickException(f"{contact} has no role, and had none") from None
    return found


def _grant(contact: str, role: str, scope: str) -> str:
    """Return the reference of the role that a person holds, or will hold, at a path."""
    person = roles.colleague_for(SYSTEM, _account(contact).reference)
    for held in person.roles:
        if (held.role.value, held.path) == (role, scope) and held.state is not GrantState.ENDED:
            return held.reference
    raise click.ClickException(f"{contact} does not hold {role} at {_told(scope)}")


def _scope(path: str, alone: bool = False) -> RoleScope:
    """Return what stands at a path, with the institutions that a role there opens today."""
    if not path and alone:
        raise click.ClickException("the whole tree has nothing of its own: name an organisation's path")
    places = (scope for scope in hooks.scopes_for(SYSTEM) if not scope.alone)
    found = next((scope for scope in places if scope.path == path), None)
    if found is None:
        raise click.ClickException(
            f"nothing stands at {path!r}: the path of an organisation or programme is wanted"
        )
    if not alone:
        return found
    if found.kind != "organisation":
        raise click.ClickException(f"nothing stands below {path!r}: only an organisation is given alone")
    own = db.session.scalar(sa.select(Organisation.institution_id).where(Organisation.path == path))
    return changed(found, institutions=() if own is None else (own,), alone=True)


@group.command("reopen-question")
@click.argument("contact")
def reopen_question(contact: str) -> None:
    """Ask again whose file an address or number is, after wrong answers closed the question for a day."""
    with _acting():
        was_closed = doors.reopen(SYSTEM, contact_of(contact))
    click.echo("open again" if was_closed else "not closed")
