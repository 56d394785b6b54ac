"""Tell a child who entered on their own that the guardian agreed. Nobody writes it: it says no more than their page."""

from __future__ import annotations

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.db import db
from cohortmgr.outbox.actions import send
from cohortmgr.programmes.definition.rules import Definition

# The one letter that goes to a child: the others are their guardian's (readdressing.py).
AGREED = "guardian_agreed"


def tell_child(viewer: Viewer, row: Application, definition: Definition, person: Person) -> None:
    """Write to the child that their file is sent, by whatever they enter with. A child whom a club or a school
    enrolled has no account, and is written nothing."""
    entered = sa.select(Account.email).where(
        Account.person_id == person.id,
        Account.suspended_at.is_(None),
        sa.or_(Account.email.is_not(None), Account.phone_blind.is_not(None)),
    )
    found = db.session.execute(entered).first()
    if found is None:
        return
    variables = {
        "name": person.given_name,
        "number": row.number,
        "programme": dict(definition.title),
        "reference": row.reference,
    }
    address = found.email or ""
    send(AGREED, person.reference, address, row.language, variables, row.institution_id, row.person_id)
