"""Find people by what they are called, and call those by name who stand in the trail."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from cohortmgr.accounts.contacts import known_email
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.base.db import db
from cohortmgr.base.text import fold

# Those who have, or had, a role. The trail names nobody else: of a hidden child, or of another programme's candidate,
# its reader may know that an act was, and not whom it concerned.
_COLLEAGUE = sa.exists().where(RoleGrant.account_id == Account.id)


def references_like(text: str) -> set[str]:
    """Return the references of the colleagues, and of their accounts, whose name holds a text or whose address it is;
    the first two hundred."""
    rows = (
        sa.select(Person.reference, Account.reference)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(
            _COLLEAGUE,
            sa.or_(
                Person.search_name.contains(fold(text), autoescape=True),
                Person.email == known_email(text),
                Account.email == known_email(text),
            ),
        )
    )
    found = db.session.execute(rows.order_by(Person.id).limit(200))
    return {reference for pair in found for reference in pair if reference}


def names_by_reference(references: Iterable[str]) -> dict[str, str]:
    """Return the names of colleagues by the references of their accounts or of themselves, else their address;
    whoever has neither, or was erased, is left out. One statement for every 500."""
    found: dict[str, str] = {}
    wanted = sorted(set(references))
    for part in (wanted[i : i + 500] for i in range(0, len(wanted), 500)):
        rows = (
            sa.select(Person, Account.reference, Account.email)
            .outerjoin(Account, Account.person_id == Person.id)
            .where(_COLLEAGUE, sa.or_(Person.reference.in_(part), Account.reference.in_(part)))
        )
        for person, account, email in db.session.execute(rows):
            name = person.name or email or person.email
            if name:
                found |= {reference: name for reference in (person.reference, account) if reference}
    return found
