"""Give a role from a day to another, end it, and lend it to a deputy. Each act is told to its person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from cohortmgr.accounts.actions import letters, people
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import reference_of
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.queries import held_roles
from cohortmgr.accounts.roles.rules import (
    ALONE,
    GRANTS,
    GrantState,
    RoleScope,
    grant_state,
    lending_problems,
    period,
    period_problems,
    place_problems,
)
from cohortmgr.accounts.rules import ROLE_NAMES, Role, Viewer, may_borrow, may_grant, require_other
from cohortmgr.audit.actions import About, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NotFound, NotPermitted, Problem, Refused
from cohortmgr.base.i18n import in_each_language

_HELD = N_("%(name)s a déjà ce rôle ici. Finissez-le d’abord si ses dates doivent changer.")
_SCOPE = N_("Choisissez où le rôle se donne.")
_SAME = N_("On ne se remplace pas soi-même : choisissez une autre personne.")
_WATCHES = N_(
    "Qui ne voit que des chiffres, ou audite, ne remplace que son pareil et n’est remplacé que par lui. Pour un autre "
    "rôle, donnez-le en propre."
)


@dataclass(frozen=True)
class RoleWish:
    """A role that is to be given: where, and from which day to which, both included."""

    role: Role
    scope: RoleScope
    begins_on: date | None = None
    ends_on: date | None = None


def wish_of(viewer: Viewer, role: Role, scope: str, begins_on: date | None, ends_on: date | None) -> RoleWish:
    """Return a role that the viewer may give. `scope` is the choice of one of the viewer's places.
    Raises Refused, saying what is wrong; NotPermitted if the role is not theirs to give."""
    place = next((each for each in hooks.scopes_for(viewer) if each.choice == scope), None)
    if place is None:
        raise Refused(Problem(_SCOPE, {}, "scope"))
    return wish_at(viewer, role, place, begins_on, ends_on)


def wish_at(
    viewer: Viewer, role: Role, place: RoleScope, begins_on: date | None, ends_on: date | None
) -> RoleWish:
    """Do `wish_of` for a place that was found."""
    if not may_grant(viewer, role, place.path, place.institutions, place.alone):
        raise NotPermitted(f"{role} at {place.path}")
    problems = place_problems(role, place.is_company) + period_problems(begins_on, ends_on, clock.today())
    if problems:
        raise Refused(*problems)
    return RoleWish(role, place, begins_on, ends_on)


def give(viewer: Viewer, account_reference: str, wish: RoleWish) -> RoleGrant:
    """Give a role to a colleague whom the viewer sees. Raises Refused if they hold it already."""
    held_roles.colleague_for(viewer, account_reference)
    require_other(viewer, account_reference)
    return hold(viewer, _account(account_reference), wish)


def deputise(
    viewer: Viewer, grant_reference: str, deputy: str, begins_on: date | None, ends_on: date | None
) -> RoleGrant:
    """Lend a colleague's role to another, the account `deputy`, from a day to another.

    It holds no longer than the role itself does, whenever that ends. Raises Refused without a last day, or with
    one after the role's own; and if the role is lent already, for what is borrowed is not lent."""
    lent = held_roles.grant_for(viewer, grant_reference)
    held_roles.colleague_for(viewer, deputy)
    require_other(viewer, deputy)
    account = _account(deputy)
    problems = period_problems(begins_on, ends_on, clock.today()) + lending_problems(
        ends_on, lent.ends_on, is_borrowed=lent.stands_for_id is not None
    )
    if account.id == lent.account_id:
        problems.append(Problem(_SAME, {}, "deputy"))
    if held_roles.grant_state_of(lent) is GrantState.ENDED:
        problems.append(Problem(N_("Ce rôle est fini : il n’y a plus rien à confier."), {}))
    if problems:
        raise Refused(*problems)
    place = held_roles.scope_of(lent)
    wish = RoleWish(Role(lent.role), place, begins_on, ends_on)
    return hold(viewer, account, wish, stands_for=db.session.get_one(Account, lent.account_id))


def hold(viewer: Viewer, account: Account, wish: RoleWish, stands_for: Account | None = None) -> RoleGrant:
    """Write a role that the viewer may give, and tell its person. Raises Refused if they hold it already, if it
    cannot be held there, if its last day is past, if they may not borrow it, or if what it chooses concerns them."""
    place, today = wish.scope, clock.today()
    problems = place_problems(wish.role, place.is_company)
    problems += period_problems(wish.begins_on, wish.ends_on, today)
    concerned = held_roles.conflicts_of(wish.role, place, [account.person_id])
    if stands_for is not None and not may_borrow(
        wish.role, held_roles.own_roles([account.reference])[account.reference]
    ):
        problems.append(Problem(_WATCHES, {}, "deputy"))
    problems += [
        replace(each, where="role" if stands_for is None else "deputy") for each in concerned.values()
    ]
    if problems:
        raise Refused(*problems)
    held = people.granted_row(account, wish.role, place.reference)
    to = grant_state(wish.begins_on, wish.ends_on, None, today)
    if held is not None and not GRANTS.can(held_roles.grant_state_of(held), to):
        person = db.session.get_one(Person, account.person_id)
        raise Refused(Problem(_HELD, {"name": person.name or account.email or ""}, "role"))
    days = (wish.begins_on, wish.ends_on)
    where = (place.kind, place.reference, place.path, place.institutions)
    row = people.grant(
        viewer, account, wish.role, *where, alone=place.alone, days=days, stands_for=stands_for
    )
    if stands_for is not None:
        _tell_lent(viewer, account, wish, stands_for)
    tell_given(viewer, account, wish)
    return row


def _tell_lent(viewer: Viewer, account: Account, wish: RoleWish, represented: Account) -> None:
    """Tell whoever is represented who stands in for them, where and when."""
    told = said(viewer, wish.role, wish.scope)
    told["period"] = in_each_language(period(wish.begins_on, wish.ends_on))
    deputy = db.session.get_one(Person, account.person_id)
    told["deputy"] = deputy.name or held_roles.contact_of_account(account).address
    letters.tell(represented, "role_lent", told)


def tell_given(viewer: Viewer, account: Account, wish: RoleWish) -> None:
    """Tell the holder of an account which role they were given, where and when."""
    told = said(viewer, wish.role, wish.scope)
    told["period"] = in_each_language(period(wish.begins_on, wish.ends_on))
    letters.tell(account, "role_given", told)


def end(viewer: Viewer, grant_reference: str, on: date | None) -> None:
    """End a role now, or after a day that counts still; its person is told, and who would stand in longer.
    The same day again changes nothing. Raises Refused if it is over already, or if the day is past."""
    row = held_roles.grant_for(viewer, grant_reference)
    account = db.session.get_one(Account, row.account_id)
    require_other(viewer, account.reference)
    GRANTS.move(held_roles.grant_state_of(row), GrantState.ENDED)
    problems = period_problems(row.begins_on, on, clock.today())
    if problems:
        raise Refused(*problems)
    if on is not None and row.ends_on == on:
        return  # it does already, and its person was told
    before = {"ends_on": row.ends_on}
    if on is None:
        row.revoked_at = clock.now()
    else:
        row.ends_on = on
    after = {"role": row.role, "path": row.path, "ends_on": on or clock.today()}
    record(viewer, "accounts.end_role", about_account(account, row.institutions), before=before, after=after)
    told = {**said(viewer, Role(row.role), held_roles.scope_of(row)), "day": on or clock.today()}
    for each in (account, *held_roles.deputies_after(row, on)):
        letters.tell(each, "role_ended", told)


def said(viewer: Viewer, role: Role, place: RoleScope) -> dict[str, object]:
    """Return what every letter about a role says: the role, the place in three languages, and who acted."""
    name = place.name or in_each_language(held_roles.WHOLE)
    if place.alone:
        name = in_each_language(Problem(ALONE, {"place": name}))
    return {"role": in_each_language(ROLE_NAMES[role]), "place": name, "by": letters.named(viewer)}


def about_account(account: Account, institutions: Sequence[int] = ()) -> About:
    """Return what an act on an account was done to: in the chain of the institution that it concerns, if it is one."""
    own = institutions[0] if len(institutions) == 1 else None
    return About("account", account.reference, own, reference_of(account.person_id))


def _account(reference: str) -> Account:
    found = db.session.scalar(sa.select(Account).where(Account.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found
