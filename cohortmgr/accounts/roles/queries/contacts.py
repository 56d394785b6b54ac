"""Read who speaks for a place: the people with roles there, and where each is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.roles.queries.held_roles import HeldRole, RoleHolder, colleagues
from cohortmgr.accounts.roles.rules import GrantState
from cohortmgr.accounts.rules import Viewer
from cohortmgr.base import crypto
from cohortmgr.base.db import db


@dataclass(frozen=True)
class PlaceContact:
    """Somebody with roles in a place, the address and the number that enter their account; empty if there is none."""

    person: RoleHolder
    email: str
    telephone: str

    @property
    def roles(self) -> Sequence[HeldRole]:
        """The roles that hold there, or will."""
        return [role for role in self.person.roles if role.state is not GrantState.ENDED]


def contacts_at(viewer: Viewer, path: str) -> list[PlaceContact]:
    """Return the people with a role at a path that the viewer may see, by name. One statement beside `colleagues`."""
    people = [each for each in colleagues(viewer, path=path) if each.is_present]
    wanted = sa.select(Account).where(Account.reference.in_([each.reference for each in people]))
    accounts = {row.reference: row for row in db.session.scalars(wanted)} if people else {}
    return [
        PlaceContact(each, account.email or "", _telephone(account))
        for each in people
        if (account := accounts.get(each.reference)) is not None
    ]


def _telephone(account: Account) -> str:
    if account.phone_sealed is None:
        return ""
    return crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference)
