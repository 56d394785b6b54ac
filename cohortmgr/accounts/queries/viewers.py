"""Read people, accounts, sessions and the viewer behind a session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, Contact, known_email
from cohortmgr.accounts.hooks import hosts_below
from cohortmgr.accounts.models import (
    Account,
    Identifier,
    Person,
    RoleGrant,
    SignInSession,
)
from cohortmgr.accounts.rules import (
    COMPANY_ROLES,
    PERMISSIONS,
    PROGRAMME,
    SYSTEM,
    Grant,
    Role,
    Scope,
    Viewer,
    may_invite_for,
    reaching,
)
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.by_database import ByDatabase
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import Utc, db, is_postgresql, present, presenting, prove, table_of

# Tables and not models: these rows are read at each request, and building objects of them would be a waste.
_ACCOUNTS, _PERSONS, _GRANTS, _SESSIONS = map(table_of, (Account, Person, RoleGrant, SignInSession))


def in_force(grants: Any, today: Any) -> sa.ColumnElement[bool]:
    """Whether a grant holds on that day; a deputy's, if the role that is lent does too. `grants` are the columns of
    the grants, of the model or of the table."""
    return sa.and_(_has_days(grants, today), sa.or_(grants.stands_for_id.is_(None), _is_lent(grants, today)))


def _has_days(grants: Any, today: Any) -> sa.ColumnElement[bool]:
    return sa.and_(
        grants.revoked_at.is_(None),
        sa.or_(grants.begins_on.is_(None), grants.begins_on <= today),
        sa.or_(grants.ends_on.is_(None), grants.ends_on >= today),
    )


def _is_lent(grants: Any, today: Any) -> sa.ColumnElement[bool]:
    """Whether the role that a deputy stands in for holds: its holder's own, for what is borrowed is not lent, in an
    account that is open. On PostgreSQL a function reads it, for a deputy's session may not."""
    lent, lender = _GRANTS.alias("lent"), _ACCOUNTS.alias("lender")
    own = (grants.stands_for_id, grants.role, grants.scope_reference)
    held = sa.select(lent.c.id).join(lender, lender.c.id == lent.c.account_id)
    held = held.where(lent.c.account_id == own[0], lent.c.role == own[1], lent.c.scope_reference == own[2])
    held = held.where(lent.c.stands_for_id.is_(None), lender.c.suspended_at.is_(None))
    told = held.where(_has_days(lent.c, today)).correlate(_GRANTS).exists()
    return ByDatabase(sqlite=told, postgresql=sa.func.app_lent_role_holds(*own, today))


_TODAY = sa.bindparam("today", type_=sa.Date())
# Built once: building these statements costs more than running them.
_VIEWERS = (
    sa.select(
        _ACCOUNTS.c.id.label("account_id"),
        _ACCOUNTS.c.reference.label("account_reference"),
        _ACCOUNTS.c.email,
        _ACCOUNTS.c.proved_at,
        _ACCOUNTS.c.phone_sealed,
        _PERSONS.c.id.label("person_id"),
        _PERSONS.c.reference.label("person_reference"),
        _PERSONS.c.given_name,
        _PERSONS.c.family_name,
        _PERSONS.c.language,
        _GRANTS.c.role,
        _GRANTS.c.scope_kind,
        _GRANTS.c.scope_reference,
        _GRANTS.c.path,
        _GRANTS.c.institutions,
        _GRANTS.c.alone,
    )
    .select_from(_ACCOUNTS)
    .join(_PERSONS, _PERSONS.c.id == _ACCOUNTS.c.person_id)
    .outerjoin(_GRANTS, sa.and_(_GRANTS.c.account_id == _ACCOUNTS.c.id, in_force(_GRANTS.c, _TODAY)))
)
_BY_TOKEN = (
    _VIEWERS.join(_SESSIONS, _SESSIONS.c.account_id == _ACCOUNTS.c.id)
    .add_columns(
        _SESSIONS.c.id.label("session_id"),
        _SESSIONS.c.shared,
        _SESSIONS.c.expires_at.label("until"),
    )
    .where(_SESSIONS.c.token_hash == sa.bindparam("digest"), _SESSIONS.c.revoked_at.is_(None))
    .where(_SESSIONS.c.expires_at > sa.bindparam("now"), _ACCOUNTS.c.suspended_at.is_(None))
)
# On PostgreSQL a function says the same, and asks no policy for it (decision 17).
_TOLD = sa.select(
    sa.func.app_viewer(
        sa.bindparam("digest"), sa.bindparam("now", type_=Utc()), sa.bindparam("today", type_=sa.Date())
    ).table_valued(*(sa.column(each.name, each.type) for each in _BY_TOKEN.selected_columns))
)
_BY_EMAIL = _VIEWERS.where(_ACCOUNTS.c.email == sa.bindparam("email"))
_BY_REFERENCE = _VIEWERS.where(
    _ACCOUNTS.c.reference == sa.bindparam("reference"), _ACCOUNTS.c.suspended_at.is_(None)
)


def viewer_of_token(token: str) -> Viewer | None:
    """Return the viewer of a session's token; None if it is unknown, revoked or expired. One statement, and another
    for whoever holds a part of the tree."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    asked = _TOLD if is_postgresql() else _BY_TOKEN
    rows = db.session.execute(asked, {"digest": digest, "now": clock.now(), "today": clock.today()}).all()
    prove(digest)
    if not rows:
        return None
    first = rows[0]
    return replace(_viewer(rows, first.session_id), shared=first.shared, until=first.until)


def viewer_of_email(email: str) -> Viewer | None:
    """Return the viewer of an account by its address, for commands and the demonstration."""
    present(known_email(email))
    rows = db.session.execute(_BY_EMAIL, {"email": known_email(email), "today": clock.today()}).all()
    return _viewer(rows, None) if rows else None


def viewer_of_account(reference: str) -> Viewer | None:
    """Return the viewer of an account that acted earlier, by what it holds now, or the system if it did; None if the
    account is suspended or unknown."""
    if reference == SYSTEM.reference:
        return SYSTEM
    present(reference)
    rows = db.session.execute(_BY_REFERENCE, {"reference": reference, "today": clock.today()}).all()
    return _viewer(rows, None) if rows else None


def _viewer(rows: Iterable[sa.Row[*tuple[Any, ...]]], session_id: int | None) -> Viewer:
    rows = list(rows)
    first = rows[0]
    grants = _as_they_reach(
        Grant(
            Role(row.role), row.scope_kind, row.scope_reference, row.path, tuple(row.institutions), row.alone
        )
        for row in rows
        if row.role
    )
    return Viewer(
        reference=first.account_reference,
        person_id=first.person_id,
        person_reference=first.person_reference,
        name=f"{first.given_name} {first.family_name}".strip(),
        email=first.email or "",
        language=first.language,
        account_id=first.account_id,
        session_id=session_id,
        has_proved=first.proved_at is not None,
        phone_sealed=first.phone_sealed,
        grants=grants,
    )


def _as_they_reach(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return grants with the institutions that stand below them today. No institution stands below a programme."""
    given = tuple(grants)
    paths = {grant.path for grant in given if grant.kind != PROGRAMME}
    if not paths:
        return given
    hosts = hosts_below(paths)
    return tuple(grant if grant.kind == PROGRAMME else reaching(grant, hosts) for grant in given)


def below(path: sa.SQLColumnExpression[str], scopes: Iterable[Scope]) -> sa.ColumnElement[bool]:
    """Whether the path of a row lies in one of these parts of the tree;
    false for every row if there are none."""
    return sa.or_(sa.false(), *(_inside(path, scope) for scope in scopes))


def _inside(path: sa.SQLColumnExpression[str], scope: Scope) -> sa.ColumnElement[bool]:
    left_out = (~path.startswith(each, autoescape=True) for each in scope.without)
    return sa.and_(path.startswith(scope.path, autoescape=True), *left_out)


def within(viewer: Viewer, permission: str, path: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """Whether the path of a row lies in a part of the tree in which the viewer holds a permission."""
    return below(path, viewer.scopes(permission))


def granted(path: str) -> sa.ColumnElement[bool]:
    """Whether the grant of the statement, and its account, hold today and it covers a programme's or company's path.

    At an organisation alone it covers what stands directly below it, which no institution does between."""
    parent = path[: path.rstrip(".").rfind(".") + 1]
    reached = sa.or_(RoleGrant.alone.is_(False), RoleGrant.path.in_((path, parent)))
    holds = sa.and_(in_force(RoleGrant, clock.today()), Account.suspended_at.is_(None))
    return sa.and_(holds, sa.literal(path).like(RoleGrant.path.concat("%")), reached)


def granted_below(path: sa.SQLColumnExpression[str]) -> sa.ColumnElement[bool]:
    """The same as `granted`, of a path that is a column of the statement."""
    # Behind the grant's path stands at most one part: it is the path itself, or lies directly above it.
    near = path.not_like(RoleGrant.path.concat("%.%."))
    holds = sa.and_(in_force(RoleGrant, clock.today()), Account.suspended_at.is_(None))
    return sa.and_(holds, path.like(RoleGrant.path.concat("%")), sa.or_(RoleGrant.alone.is_(False), near))


def reference_of(person_id: int) -> str:
    """Return the public reference of a person."""
    return db.session.scalars(sa.select(Person.reference).where(Person.id == person_id)).one()


def account_by_email(email: str) -> Account | None:
    """Return the account of an address, however it is written; None if there is none."""
    present(known_email(email))
    return db.session.scalar(sa.select(Account).where(Account.email == known_email(email)))


def account_by_contact(contact: Contact) -> Account | None:
    """Return the account that an address or a proved number enters; None if there is none."""
    if contact.channel == EMAIL:
        return account_by_email(contact.address)
    blind = crypto.blind_index("phone", contact.address)
    present(blind)
    return db.session.scalar(sa.select(Account).where(Account.phone_blind == blind))


def names_of(*references: str | None) -> Mapping[str, str]:
    """Return the names of accounts' persons, by the accounts' references, in one statement at most."""
    wanted = [each for each in references if each]
    if not wanted:
        return {}
    rows = db.session.execute(
        sa.select(Account.reference, Person.given_name, Person.family_name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.reference.in_(wanted))
    )
    return {reference: f"{given} {family}".strip() for reference, given, family in rows}


def colleagues_with(permission: str, path: str, without: Iterable[str | None] = ()) -> tuple[str, ...]:
    """Return the names of those who hold a permission at a path today, a few, in the order of the alphabet; not of the
    accounts `without`. What waits for a second person names them, and says if nobody is left."""
    roles = [role.value for role in PERMISSIONS[permission]]
    chosen = sa.select(Person.given_name, Person.family_name).join(Account, Account.person_id == Person.id)
    chosen = chosen.join(RoleGrant, RoleGrant.account_id == Account.id).where(RoleGrant.role.in_(roles))
    chosen = chosen.where(granted(path), Account.reference.not_in([each for each in without if each]))
    rows = db.session.execute(chosen.distinct().order_by(Person.family_name, Person.given_name).limit(5))
    return tuple(f"{given} {family}".strip() for given, family in rows)


def still_holds(account: sa.SQLColumnExpression[str], permission: str, path: str) -> sa.ColumnElement[bool]:
    """Whether the account of a reference, a column, holds a permission at a path today."""
    roles = [role.value for role in PERMISSIONS[permission]]
    grants = sa.select(RoleGrant.id).join(Account, Account.id == RoleGrant.account_id)
    return grants.where(Account.reference == account, RoleGrant.role.in_(roles), granted(path)).exists()


@dataclass(frozen=True)
class SecondPeople:
    """Who else may give the agreement that an act of two waits for, today: names, a few. None may be left; then
    `may_invite` says whether the reader may invite somebody to a role that gives it."""

    names: tuple[str, ...]
    may_invite: bool


def second_people(viewer: Viewer, permission: str, path: str, *prepared_by: str | None) -> SecondPeople:
    """Return who may agree to what these accounts prepared, at a path. Every room with an act of two asks this, before
    the act and while it waits; before it, the viewer is the one who prepares."""
    names = colleagues_with(permission, path, prepared_by)
    return SecondPeople(names, not names and may_invite_for(viewer, permission, path))


def company_roles_of(person_ids: Iterable[int]) -> Sequence[tuple[int, str]]:
    """Return the person and the path of each role of a company's people that holds, or will, among these persons."""
    held = sa.select(Account.person_id, RoleGrant.path).join(RoleGrant, RoleGrant.account_id == Account.id)
    ends = sa.or_(RoleGrant.ends_on.is_(None), RoleGrant.ends_on >= clock.today())
    kinds = RoleGrant.role.in_([role.value for role in COMPANY_ROLES])
    chosen = held.where(
        kinds, RoleGrant.revoked_at.is_(None), ends, Account.person_id.in_(sorted(person_ids))
    )
    return [(person_id, path) for person_id, path in db.session.execute(chosen)]


def persons_by_identifiers(kind: str, values: Iterable[str]) -> dict[str, Person]:
    """Return the persons who have these numbers, by number in normal form. One statement for every 500."""
    blinds = {crypto.blind_index(kind, value): value for value in values}
    found: dict[str, Person] = {}
    for part in in_parts(blinds):
        query = sa.select(Identifier.blind, Person).join(Person, Person.id == Identifier.person_id)
        with presenting(*part):
            rows = db.session.execute(query.where(Identifier.kind == kind, Identifier.blind.in_(part))).all()
        found |= {blinds[blind]: person for blind, person in rows}
    present(*(person.reference for person in found.values()))
    return found
