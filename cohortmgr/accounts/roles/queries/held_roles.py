"""Read the people who hold roles, as far as the viewer's own scopes reach, and the invitations that wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from cohortmgr.accounts.contacts import EMAIL, SMS, Contact
from cohortmgr.accounts.models import Account, Person, RoleGrant
from cohortmgr.accounts.queries.viewers import below
from cohortmgr.accounts.roles import hooks
from cohortmgr.accounts.roles.models import Invitation
from cohortmgr.accounts.roles.rules import (
    ALONE,
    AccountState,
    GrantState,
    RoleScope,
    deputy_state,
    grant_state,
    last_day,
)
from cohortmgr.accounts.rules import COMPANY_ROLES, Role, Viewer, allows, may_borrow, may_grant
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import acting_in, db, present
from cohortmgr.base.errors import N_, NotFound, Problem
from cohortmgr.base.i18n import localized, say
from cohortmgr.base.text import fold

# So many roles does a search read: somebody may hold several.
_MOST_ROLES = 100
WHOLE = N_("Toute l’installation")


@dataclass(frozen=True)
class HeldRole:
    """A role as the page of people shows it; `may` says whether the viewer may end it or lend it to a deputy."""

    reference: str
    account: str
    role: Role
    scope: str
    path: str
    is_company: bool
    alone: bool
    state: GrantState
    begins_on: date | None
    ends_on: date | None
    revoked_at: datetime | None
    stands_for: str
    may: bool
    may_lend: bool


@dataclass(frozen=True)
class RoleHolder:
    """A person with roles that the viewer may see. `contact` enters their account."""

    reference: str
    person_id: int
    name: str
    contact: Contact
    state: AccountState
    roles: tuple[HeldRole, ...]
    may_suspend: bool

    @property
    def is_present(self) -> bool:
        """Whether a role holds, or will."""
        return any(role.state is not GrantState.ENDED for role in self.roles)


def visible(viewer: Viewer) -> sa.Select[RoleGrant]:
    """Select the roles, ended ones too, that lie below the viewer's scopes, and those in companies.
    Which of the latter are the viewer's, `can_see` says of each."""
    scopes = viewer.scopes("people.manage")
    companies = sa.and_(sa.literal(bool(scopes)), RoleGrant.role.in_([role.value for role in COMPANY_ROLES]))
    return sa.select(RoleGrant).where(sa.or_(below(RoleGrant.path, scopes), companies)).order_by(RoleGrant.id)


def can_see(viewer: Viewer, grant: RoleGrant | Invitation) -> bool:
    """Whether a selected role is the viewer's to see: where they manage people, or theirs to give."""
    return allows(viewer, "people.manage", grant.path) or can_manage(viewer, grant)


def can_manage(viewer: Viewer, grant: RoleGrant | Invitation) -> bool:
    """Whether the viewer may give and end such a role there."""
    return may_grant(viewer, Role(grant.role), grant.path, grant.institutions, grant.alone)


def grant_for(viewer: Viewer, reference: str) -> RoleGrant:
    """Return a role that the viewer may end or lend, locked until the end of the transaction. Raises NotFound."""
    chosen = visible(viewer).where(RoleGrant.reference == reference).with_for_update()
    found = db.session.scalar(chosen.execution_options(populate_existing=True))
    if found is None or not can_manage(viewer, found):
        raise NotFound(reference)
    return found


def grant_state_of(grant: RoleGrant) -> GrantState:
    """Return the state of a role today."""
    return states_of([grant])[grant.id]


def states_of(grants: Iterable[RoleGrant]) -> dict[int, GrantState]:
    """Return the states of roles today, by their ids; one statement, if any of them stands in for another."""
    rows = list(grants)
    lent = _lent({row.stands_for_id for row in rows} - {None})
    return {row.id: _state(row, lent) for row in rows}


def _state(grant: RoleGrant, lent: Mapping[tuple[int, str, str], tuple[GrantState, bool]]) -> GrantState:
    own = grant_state(grant.begins_on, grant.ends_on, grant.revoked_at, clock.today())
    if grant.stands_for_id is None:
        return own
    key = (grant.stands_for_id, grant.role, grant.scope_reference)
    state, is_open = lent.get(key, (GrantState.ENDED, False))
    return deputy_state(own, state, is_open=is_open)


def _lent(account_ids: Collection[int | None]) -> dict[tuple[int, str, str], tuple[GrantState, bool]]:
    """The states of the roles that these accounts hold as their own, and whether the accounts are open."""
    if not account_ids:
        return {}
    rows = sa.select(RoleGrant, Account.suspended_at).join(Account, Account.id == RoleGrant.account_id)
    own = rows.where(RoleGrant.account_id.in_(account_ids), RoleGrant.stands_for_id.is_(None))
    return {
        (grant.account_id, grant.role, grant.scope_reference): (_state(grant, {}), suspended is None)
        for grant, suspended in db.session.execute(own)
    }


def holds_for_good(account: Account, role: Role, place: RoleScope) -> bool:
    """Whether an account holds a role of its own in a place already, as wide as it is there and without a last day."""
    held = sa.select(RoleGrant).where(
        RoleGrant.account_id == account.id,
        RoleGrant.role == role.value,
        RoleGrant.scope_reference == place.reference,
        RoleGrant.alone == place.alone,
        RoleGrant.stands_for_id.is_(None),
        RoleGrant.ends_on.is_(None),
    )
    return any(grant_state_of(row) is GrantState.HELD for row in db.session.scalars(held))


def deputies_after(lent: RoleGrant, last: date | None) -> list[Account]:
    """Return the accounts that would stand in for a role longer than it holds: after a day, or from now on."""
    until = clock.today() if last is None else last + timedelta(days=1)
    chosen = sa.select(Account).join(RoleGrant, RoleGrant.account_id == Account.id)
    theirs = chosen.where(
        RoleGrant.stands_for_id == lent.account_id,
        RoleGrant.role == lent.role,
        RoleGrant.scope_reference == lent.scope_reference,
        RoleGrant.revoked_at.is_(None),
        RoleGrant.ends_on >= until,
    )
    return list(db.session.scalars(theirs.order_by(Account.id)))


def colleagues(viewer: Viewer, account: str | None = None, path: str | None = None) -> list[RoleHolder]:
    """Return the people with a role that the viewer may see, by name; only one account, or those of one place alone.
    Two statements, and one for the names of the places."""
    query = visible(viewer).add_columns(Account, Person).join(Account, Account.id == RoleGrant.account_id)
    query = query.join(Person, Person.id == Account.person_id)
    if account is not None:
        query = query.where(Account.reference == account)
    if path is not None:
        query = query.where(RoleGrant.path == path)
    rows = [row for row in db.session.execute(query) if can_see(viewer, row[0])]
    scopes = hooks.names_at({grant.path for grant, _account, _person in rows})
    stood_for = _names_by_id({grant.stands_for_id for grant, _account, _person in rows})
    present(*(entered.reference for _grant, entered, _person in rows))  # and what they hold elsewhere
    everything = _all_grants({grant.account_id for grant, _account, _person in rows})
    states = states_of(grant for held in everything.values() for grant in held)
    found: dict[int, tuple[Account, Person, list[HeldRole]]] = {}
    for grant, entered, person in rows:
        held = _held_role(viewer, grant, entered, scopes, stood_for, states[grant.id])
        found.setdefault(entered.id, (entered, person, []))[2].append(held)
    people = [
        RoleHolder(
            entered.reference,
            person.id,
            person.name,
            contact_of_account(entered),
            account_state_of(entered),
            tuple(sorted(roles, key=lambda role: (role.state is GrantState.ENDED, role.path, role.role))),
            _may_suspend(viewer, entered, everything[entered.id], states),
        )
        for entered, person, roles in found.values()
    ]
    return sorted(people, key=lambda each: (fold(each.name), each.contact.address))


def named(viewer: Viewer, text: str, most: int) -> Sequence[tuple[Account, Person, RoleGrant]]:
    """Return the people, each with one of their roles that the viewer may see, whose name or address holds every word
    of a text, by name; one statement. Nobody is found by less than two characters."""
    words = [word for word in fold(text).split() if len(word) > 1][:5]
    if not words:
        return []
    query = visible(viewer).add_columns(Account, Person).join(Account, Account.id == RoleGrant.account_id)
    query = query.join(Person, Person.id == Account.person_id).order_by(None)
    for word in words:
        by_name = Person.search_name.contains(word, autoescape=True)
        query = query.where(sa.or_(by_name, Account.email.contains(word, autoescape=True)))
    ordered = query.order_by(Person.search_name, Account.id, RoleGrant.id).limit(_MOST_ROLES)
    found: dict[int, tuple[Account, Person, RoleGrant]] = {}
    for grant, account, person in db.session.execute(ordered):
        if can_see(viewer, grant):
            found.setdefault(account.id, (account, person, grant))
    return list(found.values())[:most]


def colleague_for(viewer: Viewer, reference: str) -> RoleHolder:
    """Return the person of an account, if one of their roles is the viewer's to see. Raises NotFound."""
    found = colleagues(viewer, reference)
    if not found:
        raise NotFound(reference)
    return found[0]


def conflicts_of(role: Role, place: RoleScope, person_ids: Collection[int]) -> Mapping[int, Problem]:
    """Return why some persons may not hold a role in a place, by their ids: what it would choose concerns them.

    Whoever gives the role need not be who is here (an invitation is accepted by its guest), so that this reads in the
    place's institutions."""
    with acting_at(place.institutions):
        return hooks.conflicts(role, place, person_ids)


@contextmanager
def acting_at(institutions: Iterable[int]) -> Iterator[None]:
    """Let the code within reach the rows of the institutions that a role opens."""
    with ExitStack() as stack:
        for institution in institutions:
            stack.enter_context(acting_in(institution))
        yield


def may_stand_in(viewer: Viewer, role: HeldRole, holder: RoleHolder) -> list[RoleHolder]:
    """Return the colleagues to whom the viewer may lend a role of somebody: not themselves, nor whoever may not borrow
    it, or has an interest in what it chooses. A constant number of statements."""
    others = [
        each
        for each in colleagues(viewer)
        if each.is_present and each.reference not in (viewer.reference, holder.reference)
    ]
    own = own_roles({each.reference for each in others})
    others = [each for each in others if may_borrow(role.role, own[each.reference])]
    lent = db.session.scalars(visible(viewer).where(RoleGrant.reference == role.reference)).one()
    concerned = conflicts_of(role.role, scope_of(lent), [each.person_id for each in others])
    return [each for each in others if each.person_id not in concerned]


def own_roles(accounts: Collection[str]) -> dict[str, set[Role]]:
    """Return the roles that accounts, by their references, hold or will hold as their own, wherever that is. One
    statement."""
    present(*accounts)
    rows = sa.select(Account.reference, RoleGrant).join(RoleGrant, RoleGrant.account_id == Account.id)
    own = rows.where(Account.reference.in_(sorted(accounts)), RoleGrant.stands_for_id.is_(None))
    found: dict[str, set[Role]] = {reference: set() for reference in accounts}
    for reference, grant in db.session.execute(own):
        if grant_state_of(grant) is not GrantState.ENDED:
            found[reference].add(Role(grant.role))
    return found


def account_state_of(account: Account) -> AccountState:
    """Return the state of an account."""
    return AccountState.SUSPENDED if account.suspended_at is not None else AccountState.OPEN


def account_to_suspend(viewer: Viewer, reference: str) -> Account:
    """Return the account of a colleague whom the viewer may suspend, reopen or sign out, locked. Raises NotFound.

    An account enters everything that is its person's: whoever manages only some of its roles ends those."""
    present(reference)  # with what the account holds where the viewer sees nothing
    account = db.session.scalar(
        sa.select(Account)
        .where(Account.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    held = _all_grants({account.id})[account.id] if account is not None else []
    if account is None or not _may_suspend(viewer, account, held, states_of(held)):
        raise NotFound(reference)
    return account


def contact_of_account(account: Account) -> Contact:
    """Return where an account is reached: its address, else the number that enters it."""
    if account.email or account.phone_sealed is None:
        return Contact(EMAIL, account.email or "")
    return Contact(SMS, crypto.unseal(account.phone_sealed, "accounts", "phone", account.reference))


def ways_of(account: Account) -> list[Contact]:
    """Return every address and number by which an account is entered, or its person known."""
    person = db.session.get_one(Person, account.person_id)
    found = [Contact(EMAIL, each) for each in (account.email, person.email) if each]
    for row, table in ((account, "accounts"), (person, "persons")):
        if row.phone_sealed is not None:
            found.append(Contact(SMS, crypto.unseal(row.phone_sealed, table, "phone", row.reference)))
    return list(dict.fromkeys(found))


def names_at(path: str) -> Mapping[str, str]:
    """Return the name of a place in three languages; empty for the whole tree and for what is gone."""
    return hooks.names_at([path]).get(path) or ({"fr": path} if path else {})


def scope_of(row: RoleGrant | Invitation) -> RoleScope:
    """Return where a role is held, or will be."""
    return RoleScope(
        row.scope_kind,
        row.scope_reference,
        row.path,
        names_at(row.path),
        tuple(row.institutions),
        is_company=row.role in COMPANY_ROLES,
        alone=row.alone,
    )


def scope_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the names of places by their paths, in the present language; a place that is gone has its path."""
    wanted = set(paths)
    names = hooks.names_at(wanted)
    return {path: localized(names.get(path)) or path or say(WHOLE) for path in wanted}


def called(place: str, alone: bool) -> str:
    """Return the name of a place, which says if it is an organisation alone."""
    return say(Problem(ALONE, {"place": place})) if alone else place


def _held_role(
    viewer: Viewer,
    grant: RoleGrant,
    account: Account,
    scopes: Mapping[str, Mapping[str, str]],
    stood_for: Mapping[int, str],
    state: GrantState,
) -> HeldRole:
    may = can_manage(viewer, grant) and account.reference != viewer.reference
    return HeldRole(
        reference=grant.reference,
        account=account.reference,
        role=Role(grant.role),
        scope=called(localized(scopes.get(grant.path)) or grant.path or say(WHOLE), grant.alone),
        path=grant.path,
        is_company=grant.role in COMPANY_ROLES,
        alone=grant.alone,
        state=state,
        begins_on=grant.begins_on,
        ends_on=last_day(grant.ends_on, grant.revoked_at and clock.local(grant.revoked_at).date()),
        revoked_at=grant.revoked_at,
        stands_for=stood_for.get(grant.stands_for_id or 0, ""),
        may=may,
        may_lend=may and grant.stands_for_id is None,
    )


def _may_suspend(
    viewer: Viewer, account: Account, grants: Sequence[RoleGrant], states: Mapping[int, GrantState]
) -> bool:
    """Whether all that the account holds is the viewer's to end, and there is or was something.
    An open account without any role is a person's own, and nobody's to close."""
    standing = [grant for grant in grants if states[grant.id] is not GrantState.ENDED]
    if account.reference == viewer.reference or not all(can_manage(viewer, grant) for grant in standing):
        return False
    return bool(standing) or (
        account.suspended_at is not None and any(can_manage(viewer, grant) for grant in grants)
    )


def _all_grants(account_ids: Collection[int]) -> dict[int, list[RoleGrant]]:
    found: dict[int, list[RoleGrant]] = {number: [] for number in account_ids}
    for grant in db.session.scalars(sa.select(RoleGrant).where(RoleGrant.account_id.in_(account_ids))):
        found[grant.account_id].append(grant)
    return found


def _names_by_id(account_ids: Collection[int | None]) -> dict[int, str]:
    wanted = {number for number in account_ids if number is not None}
    if not wanted:
        return {}
    rows = sa.select(Account.id, Person).join(Person, Person.id == Account.person_id)
    return {number: person.name for number, person in db.session.execute(rows.where(Account.id.in_(wanted)))}
