"""Move an account from an empty second person, which a door had made, to the person who was known; and back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.bearers import Bearer, door_of
from cohortmgr.accounts.contacts import EMAIL, Contact, known_email
from cohortmgr.accounts.models import Account, Person, PersonUnion
from cohortmgr.accounts.queries import known_people, viewers
from cohortmgr.accounts.rules import Viewer
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import db, reading_as
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.text import new_reference

_TAKEN = N_("La personne %(person)s a un autre compte depuis : défaites d’abord celui-là.")


def unite(viewer: Viewer, account: Account, person: Person) -> PersonUnion:
    """Give an account to the person who was known, with what was asked and chosen under it.

    The caller has made sure that nothing else is the account's present person's, and that this person has no
    account. Sessions stay open, and show that person's files at once."""
    row = PersonUnion(
        reference=new_reference(),
        account_id=account.id,
        from_id=account.person_id,
        to_id=person.id,
        moved=_take_along(account.person_id, person.id),
        by=viewer.reference,
        at=clock.now(),
    )
    before = viewers.reference_of(account.person_id)
    account.person_id = person.id
    db.session.add(row)
    db.session.flush()
    record(
        viewer,
        "accounts.unite",
        About("account", account.reference, subject=person.reference),
        before={"person": before},
        after={"person": person.reference, "union": row.reference},
    )
    return row


def separate(viewer: Viewer, reference: str) -> PersonUnion:
    """Undo a union: the account is again that of the person it came from. Undone already, nothing happens."""
    if not viewer.is_system:
        raise NotPermitted("unions are undone by an operator")
    chosen = sa.select(PersonUnion).where(PersonUnion.reference == reference).with_for_update()
    row = db.session.scalar(chosen)
    if row is None:
        raise NotFound(reference)
    if row.undone_at is not None:
        return row
    account = db.session.get_one(Account, row.account_id)
    if account.person_id != row.to_id:
        raise Refused(Problem(_TAKEN, {"person": viewers.reference_of(row.from_id)}))
    _bring_back(row)
    account.person_id, row.undone_at = row.from_id, clock.now()
    db.session.flush()
    before, after = viewers.reference_of(row.to_id), viewers.reference_of(row.from_id)
    record(
        viewer,
        "accounts.separate",
        About("account", account.reference, subject=after),
        before={"person": before, "union": row.reference},
        after={"person": after},
    )
    return row


def unite_doubles(viewer: Viewer, *, dry_run: bool = False) -> list[tuple[str, str]]:
    """Unite every account whose person is empty with the one person who bears its proved address, as the door
    would at the next code; returns (account, person) for each. Whatever is in doubt, and every number, is left
    to the door, which asks. A second run finds nothing."""
    if not viewer.is_system:
        raise NotPermitted("doubles are united by an operator")
    shared = sa.orm.aliased(Person)
    chosen = (
        sa.select(Account)
        .join(shared, sa.and_(shared.email == Account.email, shared.id != Account.person_id))
        .where(Account.proved_at.is_not(None), Account.suspended_at.is_(None))
        .order_by(Account.id)
        .distinct()
    )
    done = []
    for account in db.session.scalars(chosen).all():
        holder, bearers = known_people.bearers_of(Contact(EMAIL, account.email or ""))
        reached = door_of(True, holder, bearers)
        if not isinstance(reached, Bearer):
            continue
        person = db.session.get_one(Person, reached.person_id)
        done.append((account.reference, person.reference))
        if not dry_run:
            unite(viewer, account, person)
    return done


def rewrite_addresses(viewer: Viewer, *, dry_run: bool = False) -> list[tuple[str, bool]]:
    """Write each stored address in the one form in which its mailbox is known (`normalise_email`); returns the account
    of each that differs, and whether the form was free. Where two accounts have one mailbox, the one that nobody's
    typing reaches keeps its old form: whoever proves the address says at the door which file is theirs.

    An address of a person that differs is rewritten without being listed: persons share addresses."""
    if not viewer.is_system:
        raise NotPermitted("addresses are rewritten by an operator")
    for person_id, known in _rewritten(Person.id, Person.email):
        if not dry_run:
            db.session.get_one(Person, person_id).email = known
    told = []
    for account_id, known in _rewritten(Account.id, Account.email):
        account = db.session.get_one(Account, account_id)
        free = db.session.scalar(sa.select(Account.id).where(Account.email == known)) is None
        told.append((account.reference, free))
        if free and not dry_run:
            before, account.email = account.email, known
            db.session.flush()
            owner = About("account", account.reference, subject=viewers.reference_of(account.person_id))
            record(
                viewer, "accounts.rewrite_address", owner, before={"email": before}, after={"email": known}
            )
    return told


def _rewritten(
    number: sa.orm.InstrumentedAttribute[int], email: sa.orm.InstrumentedAttribute[str | None]
) -> list[tuple[int, str]]:
    """The rows whose address is not in the one form, and that form."""
    rows = db.session.execute(sa.select(number, email).where(email.is_not(None)).order_by(number))
    return [(found, known) for found, written in rows if (known := known_email(written or "")) != written]


def _take_along(before: int, after: int) -> dict[str, Any]:
    """Move what goes with an account; returns the rows moved, by table."""
    moved: dict[str, Any] = {}
    for column in known_people.following_columns():
        table = column.table
        if column.primary_key:
            free = db.session.scalar(sa.select(sa.func.count()).where(column == after)) == 0
            changed = sa.update(table).where(column == before).values({column.name: after})
            if free and db.session.connection().execute(changed).rowcount:
                moved[table.name] = True
            continue
        institution = table.c.get("institution_id")
        asked = [table.c.id] if institution is None else [table.c.id, institution]
        with reading_as(before):
            rows = db.session.execute(sa.select(*asked).where(column == before)).all()
        if rows:
            ids = [row[0] for row in rows]
            institutions = sorted({row[1] for row in rows} if institution is not None else ())
            _assign(column, ids, institutions, after)
            moved[table.name] = {"ids": ids, "institutions": institutions}
    return moved


def _assign(column: sa.Column[Any], ids: list[int], institutions: list[int], person_id: int) -> None:
    table = column.table
    with reading_as(person_id, institutions):
        changed = sa.update(table).where(table.c.id.in_(ids)).values({column.name: person_id})
        db.session.connection().execute(changed)


def _bring_back(row: PersonUnion) -> None:
    for column in known_people.following_columns():
        moved = row.moved.get(column.table.name)
        if moved is True:
            back = sa.update(column.table).where(column == row.to_id)
            db.session.connection().execute(back.values({column.name: row.from_id}))
        elif moved:
            _assign(column, moved["ids"], moved["institutions"], row.from_id)
