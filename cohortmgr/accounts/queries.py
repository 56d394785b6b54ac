"""Read people, accounts, sessions and the viewer behind a session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts import hooks
from cohortmgr.accounts.bearers import Bearer, ContactHolder, Door, concerned, door_of, is_stale
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact, known_email
from cohortmgr.accounts.hooks import hosts_below
from cohortmgr.accounts.models import (
    Account,
    Identifier,
    Person,
    PersonUnion,
    RoleGrant,
    SignInSession,
)
from cohortmgr.accounts.rules import COMPANY_ROLES, PROGRAMME, Grant, Role, Scope, Viewer, reaching
from cohortmgr.base import clock, crypto
from cohortmgr.base.databases.by_database import ByDatabase
from cohortmgr.base.db import Model, db, reading_as, table_of

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
        _SESSIONS.c.id.label("session_id"), _SESSIONS.c.shared, _SESSIONS.c.expires_at.label("until")
    )
    .where(_SESSIONS.c.token_hash == sa.bindparam("digest"), _SESSIONS.c.revoked_at.is_(None))
    .where(_SESSIONS.c.expires_at > sa.bindparam("now"), _ACCOUNTS.c.suspended_at.is_(None))
)
_BY_EMAIL = _VIEWERS.where(_ACCOUNTS.c.email == sa.bindparam("email"))
_BY_REFERENCE = _VIEWERS.where(
    _ACCOUNTS.c.reference == sa.bindparam("reference"), _ACCOUNTS.c.suspended_at.is_(None)
)


def viewer_of_token(token: str) -> Viewer | None:
    """Return the viewer of a session's token; None if it is unknown, revoked or expired. One statement, and another
    for whoever holds a part of the tree."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    rows = db.session.execute(_BY_TOKEN, {"digest": digest, "now": clock.now(), "today": clock.today()}).all()
    return (
        replace(_viewer(rows, rows[0].session_id), shared=rows[0].shared, until=rows[0].until)
        if rows
        else None
    )


def viewer_of_email(email: str) -> Viewer | None:
    """Return the viewer of an account by its address, for commands and the demonstration."""
    rows = db.session.execute(_BY_EMAIL, {"email": known_email(email), "today": clock.today()}).all()
    return _viewer(rows, None) if rows else None


def viewer_of_account(reference: str) -> Viewer | None:
    """Return the viewer of an account that acted earlier, by what it holds now; None if it is suspended or unknown."""
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


def reference_of(person_id: int) -> str:
    """Return the public reference of a person."""
    return db.session.scalars(sa.select(Person.reference).where(Person.id == person_id)).one()


def account_by_email(email: str) -> Account | None:
    """Return the account of an address, however it is written; None if there is none."""
    return db.session.scalar(sa.select(Account).where(Account.email == known_email(email)))


def account_by_contact(contact: Contact) -> Account | None:
    """Return the account that an address or a proved number enters; None if there is none."""
    if contact.channel == EMAIL:
        return account_by_email(contact.address)
    blind = crypto.blind_index("phone", contact.address)
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


def had_role(viewer: Viewer, of_company: bool) -> bool:
    """Whether the viewer's account ever held a role of a company's people, or else of the staff."""
    roles = [role.value for role in COMPANY_ROLES]
    kind = RoleGrant.role.in_(roles) if of_company else RoleGrant.role.not_in(roles)
    held = sa.select(RoleGrant.id).where(RoleGrant.account_id == viewer.account_id, kind)
    return db.session.scalar(held.limit(1)) is not None


def persons_by_identifiers(kind: str, values: Iterable[str]) -> dict[str, Person]:
    """Return the persons who have these numbers, by number in normal form. One statement for every 500."""
    blinds = {crypto.blind_index(kind, value): value for value in values}
    found: dict[str, Person] = {}
    keys = sorted(blinds)
    for part in (keys[i : i + 500] for i in range(0, len(keys), 500)):
        query = sa.select(Identifier.blind, Person).join(Person, Person.id == Identifier.person_id)
        for blind, person in db.session.execute(
            query.where(Identifier.kind == kind, Identifier.blind.in_(part))
        ):
            found[blinds[blind]] = person
    return found


# Among more people than these, as when a club gives one address for all its children, nobody looks who is known.
_FEW = 12
_OWN_TABLES = frozenset({"accounts", "identifiers", "person_unions"})


def bearers_of(contact: Contact) -> tuple[ContactHolder | None, tuple[Bearer, ...]]:
    """Return who enters by a proved address or number, if anybody does, and those who bear it too among whom
    the proof must choose."""
    account = account_by_contact(contact)
    mine = account.person_id if account else None
    chosen = (
        sa.select(Person, Account)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(_bears(contact), _is_reachable(contact), ~_moved_away())
        .order_by(Person.id)
    )
    rows = [(person, own) for person, own in db.session.execute(chosen) if person.id != mine]
    if not rows:
        return (_holder(account, contact) if account else None), ()
    few = len(rows) <= _FEW
    found = [
        Bearer(
            person.id,
            person.birth_date,
            _numbers(person.id),
            is_known=not few or _comes_back(person, own) or is_known(person.id),
            has_account=own is not None,
            apart=_is_apart(own),
        )
        for person, own in rows
    ]
    holder = _holder(account, contact) if account else None
    return holder, concerned(holder, found)


def _is_apart(own: Account | None) -> bool:
    return own is not None and (own.email is not None or own.phone_blind is not None)


def _comes_back(person: Person, own: Account | None) -> bool:
    """Whether a person proved the contact, which enters another's account, and said the day by which they return."""
    return own is not None and not _is_apart(own) and person.birth_date is not None


def accounts_apart(contact: Contact) -> Sequence[Account]:
    """Return the accounts that are entered by another way, and whose persons say that an address or number is
    theirs: it opens none of them. A few, if very many say so."""
    ways = sa.or_(Account.email.is_not(None), Account.phone_blind.is_not(None))
    chosen = sa.select(Account).join(Person, Person.id == Account.person_id).where(_bears(contact), ways)
    by_mail = contact.channel == EMAIL
    entered = Account.email == contact.address if by_mail else Account.phone_blind == Person.phone_blind
    return db.session.scalars(chosen.where(entered.is_not(True)).order_by(Account.id).limit(_FEW)).all()


def bearer_of(person: Person) -> Bearer:
    """Return what only this person knows, who has no account, and whether anything in the house is theirs."""
    return Bearer(person.id, person.birth_date, _numbers(person.id), is_known=is_known(person.id))


def _holder(account: Account, contact: Contact) -> ContactHolder:
    person = db.session.get_one(Person, account.person_id)
    proved_at = account.phone_proved_at or account.created_at
    stale = contact.channel == SMS and is_stale(proved_at, clock.now())
    return ContactHolder(person.id, person.birth_date, _numbers(person.id), not is_known(person.id), stale)


def _bears(contact: Contact) -> sa.ColumnElement[bool]:
    if contact.channel == EMAIL:
        return Person.email == contact.address
    return Person.phone_blind == crypto.blind_index("phone", contact.address)


def _is_reachable(contact: Contact) -> sa.ColumnElement[bool]:
    """Whether a person has no account, or one that no contact of this kind enters."""
    return Account.email.is_(None) if contact.channel == EMAIL else Account.phone_blind.is_(None)


def _moved_away() -> sa.ColumnElement[bool]:
    """Whether a person is an empty double whose account went to somebody who was known."""
    gone = sa.select(PersonUnion.id).where(PersonUnion.from_id == Person.id, PersonUnion.undone_at.is_(None))
    return gone.exists()


def _numbers(person_id: int) -> tuple[str, ...]:
    with reading_as(person_id):
        return tuple(number for given in hooks.file_numbers(person_id) for number in given)


def is_known(person_id: int) -> bool:
    """Whether anything in the house is a person's, or was done by them, besides their account and what goes
    with it. A new table counts as soon as it refers to persons."""
    held = [
        sa.select(sa.literal(1)).select_from(column.table).where(column == person_id).exists()
        for column in _columns_of_persons()
        if not column.table.info.get("follows")
    ]
    with reading_as(person_id, _institutions_of(person_id)):
        return bool(db.session.scalar(sa.select(sa.or_(sa.false(), *held))))


def _institutions_of(person_id: int) -> set[int]:
    """The institutions in which a person's account ever had a role: what they did there counts as theirs."""
    given = (
        sa.select(RoleGrant.institutions)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.person_id == person_id)
    )
    return {number for numbers in db.session.scalars(given) for number in numbers}


def _columns_of_persons() -> Iterator[sa.Column[Any]]:
    persons = table_of(Person)
    for table in Model.metadata.sorted_tables:
        if table.name not in _OWN_TABLES:
            for column in table.columns:
                if column.references(persons.c.id):
                    yield column


def following_columns() -> list[sa.Column[Any]]:
    """Return the columns of persons in tables whose rows go with an account that moves."""
    return [column for column in _columns_of_persons() if column.table.info.get("follows") == "account"]


def contacts_of(viewer: Viewer) -> list[Contact]:
    """Return the address and the number that the viewer proved and that enter their account."""
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None:
        return []
    found = [Contact(EMAIL, account.email)] if account.email and account.proved_at else []
    if account.phone_sealed is not None:
        phone = crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference)
        found.append(Contact(SMS, phone))
    return found


def unproved(viewer: Viewer) -> Contact | None:
    """Return the address with which the viewer signed up and chose a password, if they never proved it: who
    bears it is nothing that they may learn before."""
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None or not account.email or account.proved_at is not None:
        return None
    return Contact(EMAIL, account.email)


def found_elsewhere(viewer: Viewer) -> Contact | None:
    """Return the viewer's address or number if somebody who is known bears it too and a code would lead to
    them; else None."""
    for contact in contacts_of(viewer):
        holder, others = bearers_of(contact)
        reached = door_of(contact.channel == EMAIL, holder, others, searching=True)
        if reached not in (Door.OPEN, Door.NEW):
            return contact
    return None


def written_apart(viewer: Viewer) -> Contact | None:
    """Return the viewer's address or number if it stands in a file whose account is entered by another way."""
    return next((each for each in contacts_of(viewer) if accounts_apart(each)), None)


def contact_behind(viewer: Viewer, reference: str) -> Contact | None:
    """Return the viewer's address or number through which a page of somebody else's can be reached: its
    reference names something of a person who bears it too. None for any other page."""
    for contact in contacts_of(viewer):
        _holder_of_it, others = bearers_of(contact)
        meant = [each.person_id for each in others[:_FEW]]
        meant += [each.person_id for each in accounts_apart(contact)]
        if any(_has_row(number, reference) for number in meant):
            return contact
    return None


def _has_row(person_id: int, reference: str) -> bool:
    held = [
        sa.select(sa.literal(1))
        .select_from(column.table)
        .where(column == person_id, column.table.c.reference == reference)
        .exists()
        for column in _columns_of_persons()
        if "reference" in column.table.c
    ]
    with reading_as(person_id):
        return bool(db.session.scalar(sa.select(sa.or_(sa.false(), *held))))
