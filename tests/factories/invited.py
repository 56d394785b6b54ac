"""An invitation whose link is open, beside a colleague and her role."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from cohortmgr.accounts.actions import links
from cohortmgr.accounts.contacts import Contact
from cohortmgr.accounts.models import RoleGrant
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.actions import invitations
from cohortmgr.accounts.roles.actions.grants import RoleWish
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.rules import INVITE, Role, Viewer
from cohortmgr.base.db import db, writing


def invited(administrator: Viewer, reader: Viewer) -> dict[str, str]:
    """Invite somebody to read; the references of the invitation, its link, the colleague and her role, and of a company
    whose contacts the administrator invites."""
    places = hooks.scopes_for(administrator)
    place = next(each for each in places if each.path == reader.grants[0].path)
    invitee = Invitee(Contact("email", "invitee@exemple.ma"), "Une", "Invitée", "fr")
    with writing():
        row = invitations.invite(administrator, invitee, RoleWish(Role.REVIEWER, place))
        link = links.create(INVITE, row.reference, timedelta(days=900))
    held = sa.select(RoleGrant.reference).where(RoleGrant.account_id == reader.account_id)
    return {
        "colleague": reader.reference,
        "held_role": db.session.scalars(held).one(),
        "invitation": row.reference,
        "role_link": link,
        "partner": next(each for each in places if each.is_company).reference,
    }
