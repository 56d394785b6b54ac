"""Find who bears an address or number that was proved, and what the viewer can reach by theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts import hooks
from cohortmgr.accounts.bearers import Bearer, ContactHolder, Door, concerned, door_of, is_stale
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person, PersonUnion, RoleGrant
from cohortmgr.accounts.queries.viewers import account_by_contact
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import Model, db, reading_as, table_of

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


def is_reached_as_bearer(account: Account) -> bool:
    """Whether an account is entered by nothing of its own: whoever proves the address that its person's file says, and
    answers for them, comes back to it. Nobody else may change that address."""
    return not _is_apart(account)


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


def language_of(contact: Contact) -> str:
    """Return the language of whoever bears an address or number, the first of several; French if nobody does."""
    account = account_by_contact(contact)  # which also shows who bears it
    bearing = sa.select(Person.language).where(_bears(contact)).order_by(Person.id).limit(1)
    if account is not None:
        bearing = sa.select(Person.language).where(Person.id == account.person_id)
    return db.session.scalar(bearing) or "fr"


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
    """Return the address and the number that the viewer proved and that enter their account now, for whoever decides
    by them."""
    account = db.session.get(Account, viewer.account_id) if viewer.account_id is not None else None
    if account is None:
        return []
    found = [Contact(EMAIL, account.email)] if account.email and account.proved_at else []
    if account.phone_sealed is not None:
        phone = crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference)
        found.append(Contact(SMS, phone))
    return found


def contacts_shown(viewer: Viewer) -> list[Contact]:
    """Return the same as it was when the page was asked for, for what the page shows: without a statement."""
    found = [Contact(EMAIL, viewer.email)] if viewer.email and viewer.has_proved else []
    if viewer.phone_sealed is not None:
        phone = crypto.unseal(viewer.phone_sealed, "accounts", "phone", viewer.reference)
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
