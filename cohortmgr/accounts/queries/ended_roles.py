"""Read the last role of somebody that ended, and who may give it again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import granted
from cohortmgr.accounts.rules import COMPANY_ROLES, GIVES, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import acting_in, db

_NAMED = 3


@dataclass(frozen=True)
class EndedRole:
    """A role that somebody held; `last` is its last day, None where it was lent and ended with the role itself.
    `givers` are the names of colleagues who may give it again, a few."""

    role: Role
    last: date | None
    givers: tuple[str, ...]


def ended_role(viewer: Viewer, of_company: bool) -> EndedRole | None:
    """Return the role of a company's people, or else of the staff, that the viewer's account held last; None if there
    was none."""
    roles = [role.value for role in COMPANY_ROLES]
    kind = RoleGrant.role.in_(roles) if of_company else RoleGrant.role.not_in(roles)
    rows = sa.select(RoleGrant).where(RoleGrant.account_id == viewer.account_id, kind)
    begun = [
        row for row in db.session.scalars(rows) if row.begins_on is None or row.begins_on <= clock.today()
    ]
    if not begun:
        return None
    held = max(begun, key=lambda row: (_last(row) or clock.today(), row.id))
    return EndedRole(Role(held.role), _last(held), _givers(held))


def _last(held: RoleGrant) -> date | None:
    ended = clock.local(held.revoked_at).date() if held.revoked_at is not None else None
    days = [day for day in (ended, held.ends_on) if day is not None and day <= clock.today()]
    return min(days, default=None)


def _givers(held: RoleGrant) -> tuple[str, ...]:
    """The names of those who administer people where a role was held: who lost it sees nothing there any longer, and
    may know whom to ask."""
    giving = [role.value for role, given in GIVES.items() if Role(held.role) in given]
    chosen = sa.select(Person).join(Account, Account.person_id == Person.id)
    chosen = chosen.join(RoleGrant, RoleGrant.account_id == Account.id).where(RoleGrant.role.in_(giving))
    chosen = chosen.where(RoleGrant.account_id != held.account_id)
    if held.role in {role.value for role in COMPANY_ROLES}:
        chosen = chosen.where(RoleGrant.revoked_at.is_(None), Account.suspended_at.is_(None))
    else:
        chosen = chosen.where(granted(held.path))
    with ExitStack() as stack:
        for institution in held.institutions:
            stack.enter_context(acting_in(institution))
        people = db.session.scalars(chosen.distinct().order_by(Person.id).limit(_NAMED)).all()
    return tuple(person.name for person in people if person.name)
