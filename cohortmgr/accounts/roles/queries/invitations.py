"""Read invitations to roles: those that wait, and what one says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.roles.queries.held_roles import called, can_manage, contact_of_account, scope_names
from cohortmgr.accounts.roles.rules import InvitationState, invitation_state
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that was neither accepted nor called off."""

    reference: str
    contact: Contact
    name: str
    role: Role
    scope: str
    state: InvitationState
    begins_on: date | None
    ends_on: date | None
    expires_at: datetime
    replaces: str


@dataclass(frozen=True)
class Invitee:
    """What is sealed in an invitation: where it went, by which names and in which language."""

    contact: Contact
    given_name: str
    family_name: str
    language: str


def open_invitations(viewer: Viewer, path: str | None = None) -> list[OpenInvitation]:
    """Return the invitations that wait or lapsed and that the viewer could have sent, newest first; those to one place,
    if it is given."""
    waiting = (Invitation.accepted_at.is_(None), Invitation.called_off_at.is_(None))
    there = sa.true() if path is None else Invitation.path == path
    rows = db.session.scalars(sa.select(Invitation).where(*waiting, there).order_by(Invitation.id.desc()))
    mine = [row for row in rows if can_manage(viewer, row)]
    scopes = scope_names(row.path for row in mine)
    replaced = _holders(row.replaces_id for row in mine if row.replaces_id is not None)
    found = []
    for row in mine:
        invited = invited_by_row(row)
        name = f"{invited.given_name} {invited.family_name}".strip()
        found.append(
            OpenInvitation(
                row.reference,
                invited.contact,
                name,
                Role(row.role),
                called(scopes[row.path], row.alone),
                invitation_state_of(row),
                row.begins_on,
                row.ends_on,
                row.expires_at,
                replaced.get(row.replaces_id or 0, ""),
            )
        )
    return found


def _holders(grants: Iterable[int]) -> dict[int, str]:
    """Return the name of who holds each role, by the grant's id; where there is no name, what enters the account."""
    wanted = sorted(set(grants))
    if not wanted:
        return {}
    chosen = (
        sa.select(RoleGrant.id, Person, Account)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Person, Person.id == Account.person_id)
        .where(RoleGrant.id.in_(wanted))
    )
    return {
        grant: person.name or contact_of_account(account).address
        for grant, person, account in db.session.execute(chosen)
    }


def invitation_for(viewer: Viewer, reference: str) -> Invitation:
    """Return an invitation that the viewer could have sent, locked. Raises NotFound."""
    found = invitation_of(reference)
    if found is None or not can_manage(viewer, found):
        raise NotFound(reference)
    return found


def invitation_of(reference: str, *, lock: bool = True) -> Invitation | None:
    """Return the invitation with a reference, locked until the end of the transaction; None if there is none."""
    chosen = sa.select(Invitation).where(Invitation.reference == reference)
    if lock:
        chosen = chosen.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(chosen)


def invitation_state_of(row: Invitation) -> InvitationState:
    """Return the state of an invitation now."""
    return invitation_state(row.accepted_at, row.called_off_at, row.expires_at, clock.now())


def invited_by_row(row: Invitation) -> Invitee:
    """Return who is invited."""
    content = json.loads(crypto.unseal(row.sealed, "invitations", "sealed", row.reference))
    contact = Contact(content["channel"], content["address"])
    return Invitee(contact, content["given_name"], content["family_name"], content["language"])
