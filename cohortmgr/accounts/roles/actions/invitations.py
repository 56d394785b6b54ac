"""Invite somebody to a role by an address or a number: the link that went there is what proves it.

Nobody holds the role before. A page on GET and the act on POST, because mail scanners open links.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from cohortmgr.accounts.actions import counting, doors, letters, links, people
from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.limits import Caller, limits_on_invitations
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.known_people import contacts_of
from cohortmgr.accounts.queries.viewers import account_by_contact, viewer_of_account
from cohortmgr.accounts.roles.actions import grants
from cohortmgr.accounts.roles.actions.grants import RoleWish
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.roles.queries import held_roles, invitations
from cohortmgr.accounts.roles.queries.invitations import Invitee
from cohortmgr.accounts.roles.rules import INVITATIONS, GrantState, InvitationState, period, period_problems
from cohortmgr.accounts.rules import (
    INVITATION_LIFETIME,
    INVITE,
    Role,
    Viewer,
    may_grant,
    require_other,
)
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, present
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.i18n import in_each_language, language
from cohortmgr.base.text import new_reference
from cohortmgr.outbox.actions import Letter, send_all

_OWN = N_("C’est votre adresse ou votre numéro : personne ne se donne un rôle.")
_BY_NOBODY = N_("Qui vous a invité·e ne peut plus donner ce rôle. Demandez une autre invitation.")
_WAITS = N_("Une invitation à ce rôle attend déjà sa réponse : renvoyez-la, ou retirez-la.")
_WHOSE = N_(
    "Plusieurs personnes ont cette adresse ou ce numéro. Entrez d’abord par un code, dites lequel des dossiers est le "
    "vôtre, puis rouvrez ce lien ; ou demandez une invitation à une autre adresse."
)
_ANOTHER_S = N_("Cette adresse ou ce numéro entre dans un autre compte : acceptez avec celui-là.")
_PAST = N_("Ce rôle devait finir le %(last)s : il faut une autre invitation, avec d’autres dates.")
_NOT_LENT = N_(
    "La suppléance est finie : le rôle qui était confié ne tient plus, ou son compte est fermé. Demandez une autre "
    "invitation."
)
_LENDER = N_("C’est votre rôle qui est confié ici : personne ne se remplace soi-même.")
_OVER = N_("Ce rôle est fini : invitez la personne sans passer par un remplacement.")


@dataclass(frozen=True)
class OpenedInvitation:
    """What the page of a link shows: who is invited, to what, by whom."""

    invited: Invitee
    role: Role
    place: str
    row: Invitation
    by: str


def invite(viewer: Viewer, invited: Invitee, wish: RoleWish, replaces: RoleGrant | None = None) -> Invitation:
    """Send an invitation. Raises Refused if the same one waits already, or if what is invited enters the viewer's
    own account.

    Whether the address has an account is not looked at: the answer is the same. So it is who accepts that is told if
    what the role chooses concerns them."""
    blind = crypto.blind_index(invited.contact.kind, invited.contact.address)
    if not may_grant(viewer, wish.role, wish.scope.path, wish.scope.institutions, wish.scope.alone):
        raise NotPermitted(f"{wish.role} at {wish.scope.path}")
    _require_none_waits(blind, wish)
    moment, reference = clock.now(), new_reference()
    content = {
        "channel": invited.contact.channel,
        "address": invited.contact.address,
        "given_name": invited.given_name,
        "family_name": invited.family_name,
        "language": invited.language,
    }
    row = Invitation(
        reference=reference,
        blind=blind,
        sealed=crypto.seal(json.dumps(content), "invitations", "sealed", reference),
        role=wish.role.value,
        scope_kind=wish.scope.kind,
        scope_reference=wish.scope.reference,
        path=wish.scope.path,
        institutions=list(wish.scope.institutions),
        alone=wish.scope.alone,
        begins_on=wish.begins_on,
        ends_on=wish.ends_on,
        replaces_id=replaces.id if replaces is not None else None,
        invited_by=viewer.reference,
        created_at=moment,
        expires_at=moment + INVITATION_LIFETIME,
    )
    present(row.reference)
    db.session.add(row)
    db.session.flush()
    _send(viewer, row, "accounts.invite")
    return row


def replace_holder(viewer: Viewer, grant_reference: str, invited: Invitee) -> Invitation:
    """Invite somebody to a role in place of who holds it: one's role ends as the other's begins. What was held to a
    day, or in a colleague's place, is given to the same day and in the same place.
    Raises Refused if the role is over."""
    held = held_roles.grant_for(viewer, grant_reference)
    require_other(viewer, db.session.get_one(Account, held.account_id).reference)
    if held_roles.grant_state_of(held) is GrantState.ENDED:
        raise Refused(Problem(_OVER))
    wish = RoleWish(Role(held.role), held_roles.scope_of(held), held.begins_on, held.ends_on)
    return invite(viewer, invited, wish, held)


def send_again(viewer: Viewer, reference: str) -> None:
    """Send an invitation that waits or lapsed once more; its earlier link no longer opens."""
    row = invitations.invitation_for(viewer, reference)
    _require_to_come(row)
    state = invitations.invitation_state_of(row)
    if state is not InvitationState.WAITING:
        INVITATIONS.move(state, InvitationState.WAITING)
    row.expires_at, row.invited_by = clock.now() + INVITATION_LIFETIME, viewer.reference
    links.use_up(INVITE, [row.reference])
    _send(viewer, row, "accounts.invite_again")


def call_off(viewer: Viewer, reference: str) -> None:
    """Take an invitation back: its link no longer opens."""
    row = invitations.invitation_for(viewer, reference)
    INVITATIONS.move(invitations.invitation_state_of(row), InvitationState.CALLED_OFF)
    row.called_off_at = clock.now()
    links.use_up(INVITE, [row.reference])
    record(viewer, "accounts.call_off_invitation", _about(row), after=_noted(row))


def look(token: str) -> OpenedInvitation:
    """Return what a link invites to, for its page. Raises as `links.peek` does, and Refused if nobody may give
    that role any more."""
    link = links.peek(token, INVITE)
    row = invitations.invitation_of(link.subject, lock=False)
    if row is None:
        raise NotFound(link.subject)
    by = _inviter(row)
    _require_to_come(row)
    place = held_roles.called(held_roles.scope_names([row.path])[row.path], row.alone)
    name = letters.in_words({"by": letters.named(by)}, language())["by"]
    return OpenedInvitation(invitations.invited_by_row(row), Role(row.role), place, row, name)


def was_accepted_by(viewer: Viewer, token: str) -> bool:
    """Whether a link's invitation went to the viewer and was accepted. Raises NotFound as `links.find`."""
    row = invitations.invitation_of(links.find(token, INVITE).subject, lock=False)
    if row is None or row.accepted_at is None or viewer.account_id is None:
        return False
    return invitations.invited_by_row(row).contact in contacts_of(viewer)


def accept(
    viewer: Viewer, token: str, given_name: str, family_name: str, language: str, *, attach: bool = False
) -> int:
    """Take an invitation up: whoever opened its link reads that address or number, and gets the role.
    `viewer` is who was signed in there, if anybody was; they may `attach` the role to their own account, whatever
    address or number brought the link, unless that enters somebody else's.

    Returns the id of their account, made if there is none. Raises as `look` does, and Refused if the address is
    also that of somebody whose account it enters and who must say first which of the people they are."""
    link = links.peek(token, INVITE)
    row = invitations.invitation_of(link.subject)
    if row is None:
        raise NotFound(link.subject)
    invited = invitations.invited_by_row(row)
    links.use(token, INVITE, proved=invited.contact)
    INVITATIONS.move(invitations.invitation_state_of(row), InvitationState.ACCEPTED)
    inviter = _inviter(row)
    _require_to_come(row)
    account_id = _entered(viewer, invited.contact, language, attach=attach)
    account = db.session.get_one(Account, account_id)
    # Whoever may give roles could else invite another address of theirs, which their account takes on later.
    require_other(inviter, account.reference)
    _name(account, given_name, family_name)
    row.accepted_at = clock.now()
    record(
        Viewer(account.reference),
        "accounts.accept_invitation",
        grants.about_account(account, row.institutions),
        after=_noted(row),
    )
    wish = RoleWish(Role(row.role), held_roles.scope_of(row), row.begins_on, row.ends_on)
    lender = _replaced(inviter, row, account)
    held = grants.hold(inviter, account, wish, stands_for=lender)
    if lender is not None:
        _require_lent(held)
    return account_id


def _entered(viewer: Viewer, contact: Contact, language: str, *, attach: bool) -> int:
    if viewer.account_id is not None and contact in contacts_of(viewer):
        return viewer.account_id
    if viewer.account_id is not None and attach:
        if account_by_contact(contact) is not None:
            raise Refused(Problem(_ANOTHER_S))
        return viewer.account_id
    account_id = doors.enter(contact, language).account_id
    if account_id is not None:
        return account_id
    if doors.begins_beside(contact):
        raise Refused(Problem(_WHOSE))
    return doors.go_on(contact, language)


def _inviter(row: Invitation) -> Viewer:
    """Return who invited, if they still may: what somebody sent before they left opens nothing."""
    inviter = viewer_of_account(row.invited_by)
    if inviter is None or not held_roles.can_manage(inviter, row):
        raise Refused(Problem(_BY_NOBODY))
    return inviter


def _require_to_come(row: Invitation) -> None:
    """Raise Refused if the last day of what is offered is past."""
    if period_problems(row.begins_on, row.ends_on, clock.today()):
        raise Refused(Problem(_PAST, {"last": row.ends_on}))


def _require_somebody_else(viewer: Viewer, contact: Contact) -> None:
    own = {*contacts_of(viewer), Contact(EMAIL, viewer.email.casefold())}
    if contact in own:
        raise Refused(Problem(_OWN, {}, "email"))


def _count(viewer: Viewer, row: Invitation, contact: Contact) -> None:
    """Count an invitation against its limits. Raises Refused if one is reached, or if no SMS goes to the number."""
    by = "" if viewer.is_system else viewer.reference
    found = limits_on_invitations(contact.address, row.reference, by)
    if contact.channel == SMS:
        found += counting.limits_of_sms(contact.address, Caller("", viewer.reference), "email")
    counting.count(found, "email")


def _replaced(inviter: Viewer, row: Invitation, account: Account) -> Account | None:
    """End the role of whoever is replaced; returns in whose place they held it, if they were a deputy."""
    if row.replaces_id is None:
        return None
    held = db.session.get_one(RoleGrant, row.replaces_id)
    with held_roles.acting_at(row.institutions):
        lender = db.session.get_one(Account, held.stands_for_id) if held.stands_for_id is not None else None
        is_over = held_roles.grant_state_of(held) is GrantState.ENDED
    if lender is not None:
        present(lender.reference)  # who is told of it too
        if lender.id == account.id:
            raise Refused(Problem(_LENDER))
    if held.account_id != account.id and not is_over:
        grants.end(inviter, held.reference, None)
    return lender


def _require_lent(held: RoleGrant) -> None:
    """Raise Refused if the role that a deputy takes over from another is lent no longer."""
    db.session.flush()
    with held_roles.acting_at(held.institutions):
        over = held_roles.grant_state_of(held) is GrantState.ENDED
    if over:
        raise Refused(Problem(_NOT_LENT))


def _name(account: Account, given_name: str, family_name: str) -> None:
    person = db.session.get_one(Person, account.person_id)
    if not person.name and (given_name or family_name):
        people.set_person(person, {"given_name": given_name, "family_name": family_name})


def _require_none_waits(blind: str, wish: RoleWish) -> None:
    same = sa.select(Invitation).where(
        Invitation.blind == blind,
        Invitation.role == wish.role.value,
        Invitation.scope_reference == wish.scope.reference,
    )
    if any(
        invitations.invitation_state_of(row) is InvitationState.WAITING for row in db.session.scalars(same)
    ):
        raise Refused(Problem(_WAITS, {}, "email"))


def _send(viewer: Viewer, row: Invitation, act: str) -> None:
    invited = invitations.invited_by_row(row)
    _require_somebody_else(viewer, invited.contact)
    _count(viewer, row, invited.contact)
    token = links.create(INVITE, row.reference, INVITATION_LIFETIME)
    name = f"{invited.given_name} {invited.family_name}".strip()
    told = {
        **grants.said(viewer, Role(row.role), held_roles.scope_of(row)),
        "name": name or invited.contact.address,
        "period": in_each_language(period(row.begins_on, row.ends_on)),
        "token": token,
        "until": row.expires_at,
    }
    letter = Letter(
        "role_invitation",
        row.reference,
        invited.contact.address,
        invited.language,
        letters.in_words(told, invited.language),
        channel=SMS if invited.contact.channel == SMS else EMAIL,
    )
    send_all([letter])
    record(viewer, act, _about(row), after=_noted(row) | {"name": name, "to": invited.contact.address})


def _noted(row: Invitation) -> dict[str, object]:
    return {"role": row.role, "path": row.path, "begins_on": row.begins_on, "ends_on": row.ends_on}


def _about(row: Invitation) -> About:
    own = row.institutions[0] if len(row.institutions) == 1 else None
    return About("invitation", row.reference, own, row.reference)
