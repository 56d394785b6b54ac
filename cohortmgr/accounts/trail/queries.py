"""Find people by what they are called, and call those by name who stand in the trail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from cohortmgr.accounts.contacts import known_email
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.rules import Role, Viewer, covers
from cohortmgr.base.databases.parts import in_parts
from cohortmgr.base.db import db
from cohortmgr.base.text import fold

# The trail names whoever has, or had, a role where its reader audits, and nobody else: of a hidden child, of another
# programme's candidate or of a stranger who signed up, its reader may know that an act was, and not whom it concerned.
_FOUND = 200


def references_like(viewer: Viewer, text: str) -> set[str]:
    """Return the references of the viewer's colleagues, and of their accounts, whose name holds every word of a text,
    in whatever order, or whose address it is; the first two hundred."""
    words = fold(text).split()
    rows = (
        sa.select(Person.reference, Account.reference, Account.id)
        .join(Account, Account.person_id == Person.id)
        .where(
            sa.exists().where(RoleGrant.account_id == Account.id),
            sa.or_(
                sa.and_(
                    sa.true() if words else sa.false(),
                    *(Person.search_name.contains(word, autoescape=True) for word in words),
                ),
                Person.email == known_email(text),
                Account.email == known_email(text),
            ),
        )
    )
    found = db.session.execute(rows.order_by(Person.id).limit(_FOUND)).all()
    near = _colleagues(viewer, [number for _person, _account, number in found])
    return {each for person, account, number in found if number in near for each in (person, account)}


def objects_of(person_id: int, traces: Sequence[sa.Select[str, str]]) -> list[tuple[str, str]]:
    """Return (kind, reference), as the trail names them, of a person and their account, and of what `traces` select.
    One statement. The caller has checked that the viewer may read the trail of that person's file."""

    def named(kind: str, model: type[Person] | type[Account]) -> sa.Select[str, str]:
        return sa.select(sa.literal(kind, sa.String).label("kind"), model.reference)

    own = (
        named("person", Person).where(Person.id == person_id),
        named("account", Account).where(Account.person_id == person_id),
    )
    return [(row[0], row[1]) for row in db.session.execute(sa.union_all(*own, *traces))]


def names_by_reference(viewer: Viewer, references: Iterable[str]) -> dict[str, str]:
    """Return the names of the viewer's colleagues by the references of their accounts or of themselves, else their
    address; whoever has neither, or was erased, is left out. Two statements for every 500."""
    found: dict[str, str] = {}
    for part in in_parts(references):
        rows = (
            sa.select(Person, Account)
            .join(Account, Account.person_id == Person.id)
            .where(sa.or_(Person.reference.in_(part), Account.reference.in_(part)))
        )
        pairs = db.session.execute(rows).all()
        near = _colleagues(viewer, [account.id for _person, account in pairs])
        for person, account in pairs:
            name = person.name or account.email or person.email
            if name and account.id in near:
                found |= {person.reference: name, account.reference: name}
    return found


def _colleagues(viewer: Viewer, account_ids: Collection[int]) -> set[int]:
    """Those of the accounts that have, or had, a role in a part of the tree that the viewer audits, or above it; all
    who have one, for whoever reads the installation's acts."""
    rows = sa.select(RoleGrant.account_id, RoleGrant.path, RoleGrant.institutions)
    held = db.session.execute(rows.where(RoleGrant.account_id.in_(sorted(set(account_ids))))).all()
    audited = [grant for grant in viewer.grants if grant.role == Role.AUDITOR]
    return {
        number
        for number, path, institutions in held
        if viewer.reads_installation
        or any(
            grant.scope.holds(path) or covers(path, grant.path) or set(institutions) & set(grant.institutions)
            for grant in audited
        )
    }
